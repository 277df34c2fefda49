"""The names that the user gives an app, in each form that Compose takes."""

from __future__ import annotations

from typing import Any

import pytest

from composegen.targets.compose import _hosts


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (["a=10.0.0.9"], {"a": "10.0.0.9"}),
        (["a:10.0.0.9"], {"a": "10.0.0.9"}),
        (["a=fd00::1", "b:fd00::2"], {"a": "fd00::1", "b": "fd00::2"}),
        ({"a": "10.0.0.9"}, {"a": "10.0.0.9"}),
        (None, {}),
    ],
)
def test_a_name_and_its_address(stated: Any, expected: dict[str, str]) -> None:
    assert _hosts(stated) == expected
