"""Labs for the tests of a session; see lab.py for what they offer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.lab import Lab
from tests.engines.opening import opened


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The current Docker Engine."""
    one = opened()
    yield one
    one.close()


@pytest.fixture(scope="session")
def oldest_lab() -> Iterator[Lab]:
    """Debian's Docker Engine 20.10."""
    one = opened(oldest=True)
    yield one
    one.close()
