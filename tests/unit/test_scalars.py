"""What plain scalars of YAML 1.2 mean: the examples of its core schema, and what is text there."""

from __future__ import annotations

import pytest

from composegen.scalars import Scalar, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((str(digit), digit) for digit in range(10)),
        ("-19", -19),
        ("+5", 5),
        ("0o7", 7),
        ("0x3A", 58),
        (".5", 0.5),
        ("+12e03", 12000.0),
        ("-2E+05", -200000.0),
        (".inf", float("inf")),
        ("-.Inf", float("-inf")),
        ("+.INF", float("inf")),
        ("", None),
        ("~", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("inf", "inf"),
        ("0b1", "0b1"),
        ("1:30", "1:30"),
        ("2001-12-14", "2001-12-14"),
        ("-", "-"),
        (".", "."),
        ("+", "+"),
        ("e3", "e3"),
    ],
)
def test_a_plain_scalar_means_what_the_core_schema_says(text: str, value: Scalar) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_number() -> None:
    found = resolve(".nan")
    assert isinstance(found, float)
    assert found != found  # noqa: PLR0124 - the one value that is unlike itself
