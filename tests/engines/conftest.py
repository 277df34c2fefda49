"""Labs for the tests of a session, see lab.py for what they offer; and what the tests prove, see proof.py."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from tests.engines import recording
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


@pytest.fixture
def proof(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Takes a figure that a test has measured: it is printed, and stands beside the test's claim in docs/proof.md."""

    def note(figure: str) -> None:
        record_property(recording.FIGURE, figure)
        with capsys.disabled():
            sys.stdout.write(f"\n    {figure}\n")

    return note


def pytest_configure(config: pytest.Config) -> None:
    """Declares the mark by which a test says what it proves."""
    config.addinivalue_line("markers", "proves(claim, *engines, each=''): what docs/proof.md says when it passes")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Notes how each part of a test of engines ended."""
    recording.note(report)


def pytest_sessionfinish() -> None:
    """Keeps what was noted for the page."""
    recording.keep()
