"""Notes how the tests of engines ended, and with which figures, in a file outside the checkout; proof.py reads it.

A test is there with its last run; a test that was not run keeps the result that it had. Runs on several processes are
not noted: tests of engines run on one.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.engines import engine_versions
from tests.engines.declared import declared
from tests.engines.stored import CACHE

if TYPE_CHECKING:
    import pytest

FIGURE = "figure"
FILE = CACHE / "proof.json"
FOLDER = "tests/engines/"


@dataclass(kw_only=True)
class Result:
    """How a test ended, over all its cases, and on which day."""

    day: str
    passed: bool = True
    cases: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    """Of the engines that its claim names."""


NOTED: dict[str, Result] = {}


def note(report: pytest.TestReport) -> None:
    """One phase of one case; a set-up or an ending that fails is a failure of the test."""
    if not report.nodeid.startswith(FOLDER) or "PYTEST_XDIST_WORKER" in os.environ:
        return
    name, _, case = report.nodeid.removeprefix(FOLDER).partition("[")
    result = NOTED.setdefault(name, Result(day=datetime.now(UTC).date().isoformat()))
    result.passed &= report.passed
    if report.when == "call":
        result.cases.append(case.removesuffix("]"))
        result.figures += [str(value) for key, value in report.user_properties if key == FIGURE]


def keep() -> None:
    """Write down what was noted, beside what earlier runs have left."""
    engines = {claim.test: claim.engines for claim in declared()}
    wanted = {name: result for name, result in NOTED.items() if name in engines}
    if not wanted:
        return
    found = engine_versions.of({engine for name in wanted for engine in engines[name]})
    for name, result in wanted.items():
        result.versions = {engine: found[engine] for engine in engines[name]}
    CACHE.mkdir(parents=True, exist_ok=True)
    with FILE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        FILE.write_text(json.dumps({name: asdict(one) for name, one in (kept() | wanted).items()}, indent=1))


def kept() -> dict[str, Result]:
    """The last result of every test."""
    if not FILE.exists():
        return {}
    return {name: Result(**one) for name, one in json.loads(FILE.read_text()).items()}


def is_proven(test: str, results: Mapping[str, Result]) -> bool:
    """Whether a test has passed when it last ran."""
    return test in results and results[test].passed
