"""The goals: ratios between what was measured in one run, and whether each is met."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from bench.cases import ERRORS, IMPORT_ALL, IMPORT_CLICK
from bench.measure import Series
from bench.peers import PEERS

ALIKE = 0.1
"""How far the bytes of a peer may be off before the ratio is one of time per byte."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A ratio that must not be larger than `limit`; None: only shown."""

    work: str
    """Key of the series, as are `against`."""
    against: str
    limit: float | None
    what: str = "wall"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a goal. A ratio is the median of the ratios of pairs, with the least and the largest."""

    goal: Goal
    verdict: str
    """`met`, `missed`, `shown` where there is no limit, `not measured`."""
    ratio: float | None = None
    least: float | None = None
    largest: float | None = None
    cpu: float | None = None
    """The same in processor time."""
    reason: str = ""


def _goals() -> tuple[Goal, ...]:
    named = [
        Goal(work="start/composegen --version", against="start/python -c pass", limit=1.2),
        Goal(work="start/composegen --help", against=f"start/{IMPORT_CLICK}", limit=1.25),
        Goal(work="small/composegen render", against=f"small/{IMPORT_ALL}", limit=1.3),
        Goal(work="large/composegen render", against="large/cp -r", limit=4.5),
        Goal(work="large/composegen render", against="large/script", limit=0.4),
        Goal(work="large/composegen render", against="large/helm", limit=0.4),
        Goal(work="large/composegen render", against="large/kapitan", limit=0.04),
        Goal(work="small/composegen render, nothing changed", against=f"small/{IMPORT_CLICK}", limit=1.35),
        Goal(work="medium/composegen render, nothing changed", against=f"medium/{IMPORT_CLICK}", limit=1.35),
        Goal(work="large/composegen render, nothing changed", against="large/cp -r", limit=1.0),
        Goal(work=f"large/composegen validate, {ERRORS} errors", against=f"large/{IMPORT_CLICK}", limit=2.5),
        Goal(work="large/composegen render, one line changed", against="large/cp -r", limit=None),
        Goal(work="large/composegen diff, one line changed", against="large/cp -r", limit=4.5),
        Goal(work="large/composegen render", against="medium/composegen render", limit=3.5),
        Goal(work="huge/composegen render", against="large/composegen render", limit=9),
        Goal(work="large/composegen render", against="large/script", limit=1.25, what="peak"),
    ]
    taken = {(goal.work, goal.against) for goal in named}
    others = [
        Goal(work=f"{size}/composegen render", against=f"{size}/{name}", limit=None)
        for size in ("small", "medium", "large")
        for name in ("cp -r", *(peer.name for peer in PEERS))
    ]
    return (*named, *(goal for goal in others if (goal.work, goal.against) not in taken))


GOALS = _goals()


def judge(series: Mapping[str, Series], absent: Mapping[str, str]) -> list[Outcome]:
    """The outcome of every goal."""
    return [_judge(goal, series, absent) for goal in GOALS]


def _judge(goal: Goal, series: Mapping[str, Series], absent: Mapping[str, str]) -> Outcome:
    for key in (goal.work, goal.against):
        if key not in series or not series[key].runs:
            return Outcome(goal=goal, verdict="not measured", reason=_why(key, series, absent))
    work, against = series[goal.work], series[goal.against]
    factor, reason = _per_byte(work, against) if goal.what != "peak" else (1.0, "")
    pairs = [ratio * factor for ratio in _pairs(work, against, goal.what)]
    ratio = statistics.median(pairs)
    verdict = _verdict(goal, ratio)
    cpu = work.median("cpu") / max(against.median("cpu"), 1e-4) * factor if goal.what == "wall" else None
    if cpu is not None and _verdict(goal, cpu) != verdict:
        reason = f"{_verdict(goal, cpu)} in processor time{f'; {reason}' if reason else ''}"
    return Outcome(
        goal=goal, verdict=verdict, ratio=ratio, least=min(pairs), largest=max(pairs), cpu=cpu, reason=reason
    )


def _verdict(goal: Goal, ratio: float) -> str:
    if goal.limit is None:
        return "shown"
    return "met" if ratio <= goal.limit else "missed"


def _why(key: str, series: Mapping[str, Series], absent: Mapping[str, str]) -> str:
    """Why there is no figure."""
    name = key.partition("/")[2]
    if name in absent:
        return f"{name} is not to be had here: {absent[name]}"
    if key in series:
        return f"{name}: {series[key].failed or 'not run'}"
    if "diff" in name:
        return "there is no such command yet"
    return "not asked for"


def _pairs(work: Series, against: Series, what: str) -> list[float]:
    """Ratios of runs of one round; of medians where the two did not run in the same rounds."""
    if work.case.group == against.case.group and len(work.runs) == len(against.runs):
        return [getattr(one, what) / getattr(other, what) for one, other in zip(work.runs, against.runs, strict=True)]
    middle = against.median(what)
    return [getattr(one, what) / middle for one in work.runs]


def _per_byte(work: Series, against: Series) -> tuple[float, str]:
    """The factor that makes a ratio one of time per byte, where the two wrote trees of different size."""
    if not work.size or not against.size or work.case.group != against.case.group:
        return 1.0, ""
    factor = against.size / work.size
    if abs(factor - 1) <= ALIKE:
        return 1.0, ""
    return factor, f"per byte: {against.case.name} writes {factor:.2f} x as many"
