"""Labs for the tests of a session, see lab.py for what they offer; and what the tests prove, see proof.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.engines import recording, side_by_side
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
def proof(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a figure that a test has measured: it is printed, and stands beside the test's claim in docs/proof.md."""

    def note(figure: str) -> None:
        record_property(recording.FIGURE, figure)

    return note


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marks by which a test says what it proves, and that nothing else may run meanwhile."""
    config.addinivalue_line("markers", "proves(claim, *engines, each=''): what docs/proof.md says when it passes")
    config.addinivalue_line("markers", "alone: measures what is lost under load; nothing else may run meanwhile")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts tests of engines in order, before any is left out; others stay before them, as they are."""
    own = [item for item in items if item.nodeid.startswith(recording.FOLDER)]
    others = [item for item in items if not item.nodeid.startswith(recording.FOLDER)]
    if not any("::" in argument for argument in config.args):
        recording.tell_cases(own)
    side_by_side.arrange(own)
    items[:] = others + own


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> side_by_side.SideBySide:
    """Spreads tests over processes, where there are several."""
    config.option.loadscopereorder = False
    return side_by_side.SideBySide(config, log)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Notes how each part of a test of engines ended."""
    recording.note(report)


def pytest_sessionfinish() -> None:
    """Keeps what was noted for the page."""
    recording.keep()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures that were measured."""
    figures = [*recording.figures()]
    if figures:
        terminalreporter.section("figures")
    for test, figure in figures:
        terminalreporter.write_line(f"{test}: {figure}")
