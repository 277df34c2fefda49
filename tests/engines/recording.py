"""Notes how the tests of engines ended, and with which figures, in a file outside the checkout; proof.py reads it.

Each case of a test is there with its last run; one that was not run keeps the result that it had, while the test still
has it and the engines are those on which it ran. Where tests run on several processes, the one that hands them out
notes: it hears of them all.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.engines import engine_versions
from tests.engines.declared import declared
from tests.engines.stored import CACHE

if TYPE_CHECKING:
    import pytest

FIGURE = "figure"
CASES = "cases"
FILE = CACHE / "results.json"
FOLDER = "tests/engines/"


@dataclass(kw_only=True)
class Case:
    """How one case of a test ended, and on which day."""

    day: str
    passed: bool = True
    figures: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    """Of the engines that the test's claim names."""


Cases = dict[str, Case]
"""Of one test, by what stands in brackets behind its name."""


@dataclass(kw_only=True)
class Result:
    """How a test ended, over all its cases; the day is the earliest of theirs."""

    day: str
    passed: bool = True
    cases: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


NOTED: dict[str, Cases] = {}
WHOLE: dict[str, Sequence[str]] = {}
"""All cases that a test has, where that is known."""


def tell_cases(items: Iterable[pytest.Item]) -> None:
    """Let each test say which cases it has; `items` are all of them, before any is left out."""
    found: dict[str, list[str]] = {}
    for item in items:
        name, case = _split(item.nodeid)
        cases = found.setdefault(name, [])
        cases.append(case)
        item.user_properties.append((CASES, cases))


def note(report: pytest.TestReport) -> None:
    """One phase of one case; a set-up or an ending that fails is a failure of the case."""
    if not report.nodeid.startswith(FOLDER) or "PYTEST_XDIST_WORKER" in os.environ:
        return
    name, case = _split(report.nodeid)
    noted = NOTED.setdefault(name, {}).setdefault(case, Case(day=datetime.now(UTC).date().isoformat()))
    noted.passed &= report.passed
    for key, value in report.user_properties:
        if key == CASES and isinstance(value, list):
            WHOLE[name] = value
        elif key == FIGURE and report.when == "call":
            noted.figures.append(str(value))


def figures() -> Iterator[tuple[str, str]]:
    """Those of this run, each with the name of its test."""
    for name, cases in NOTED.items():
        for case in cases.values():
            yield from ((name, figure) for figure in case.figures)


def keep() -> None:
    """Write down what was noted, beside what earlier runs have left."""
    engines = {claim.test: claim.engines for claim in declared()}
    wanted = {name: cases for name, cases in NOTED.items() if name in engines}
    if not wanted:
        return
    found = engine_versions.of({engine for name in wanted for engine in engines[name]})
    for name, cases in wanted.items():
        for case in cases.values():
            case.versions = {engine: found[engine] for engine in engines[name]}
    CACHE.mkdir(parents=True, exist_ok=True)
    with FILE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        old = _read()
        now = old | {name: merged(old.get(name, {}), cases, WHOLE.get(name)) for name, cases in wanted.items()}
        told = {name: {case: asdict(one) for case, one in cases.items()} for name, cases in now.items()}
        FILE.write_text(json.dumps(told, indent=1))


def merged(old: Cases, new: Cases, whole: Sequence[str] | None) -> Cases:
    """Cases with their last run; without those that the test no longer has, and those that ran on other engines."""
    versions = next(iter(new.values())).versions
    both = {name: case for name, case in old.items() if case.versions == versions} | new
    return both if whole is None else {name: both[name] for name in whole if name in both}


def kept() -> dict[str, Result]:
    """The last result of every test."""
    return {name: _over(cases) for name, cases in _read().items()}


def is_proven(test: str, results: Mapping[str, Result]) -> bool:
    """Whether a test has passed when it last ran."""
    return test in results and results[test].passed


def _over(cases: Cases) -> Result:
    return Result(
        day=min(case.day for case in cases.values()),
        passed=all(case.passed for case in cases.values()),
        cases=list(cases),
        figures=[figure for case in cases.values() for figure in case.figures],
        versions=next(iter(cases.values())).versions,
    )


def _read() -> dict[str, Cases]:
    if not FILE.exists():
        return {}
    told = json.loads(FILE.read_text())
    return {name: {case: Case(**one) for case, one in cases.items()} for name, cases in told.items()}


def _split(address: str) -> tuple[str, str]:
    """The name of a test, and its case."""
    name, _, case = address.removeprefix(FOLDER).partition("[")
    return name, case.removesuffix("]")
