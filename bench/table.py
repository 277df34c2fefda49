"""What is printed and what is kept: the table, and the same as JSON."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.goals import Outcome
from bench.measure import Series

FORMAT = 1
MIB = 1024 * 1024


def document(
    series: Mapping[str, Series], outcomes: Sequence[Outcome], absent: Mapping[str, str], folder: Path
) -> dict[str, object]:
    """Everything that was found, for JSON. Times are milliseconds, memory is bytes."""
    return {
        "format": FORMAT,
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "processors": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2),
            "folder": str(folder),
        },
        "measurements": [_measurement(one) for one in series.values()],
        "goals": [_goal(one) for one in outcomes],
        "absent": dict(absent),
    }


def _measurement(series: Series) -> dict[str, object]:
    case = series.case
    found: dict[str, object] = {"group": case.group, "name": case.name, "note": case.note, "runs": len(series.runs)}
    if series.failed:
        found["failed"] = series.failed
    if series.runs:
        found["wall_ms"] = _spread([run.wall * 1000 for run in series.runs], series.median("wall") * 1000)
        found["cpu_ms"] = _spread([run.cpu * 1000 for run in series.runs], series.median("cpu") * 1000)
        found["peak_bytes"] = int(series.median("peak"))
    if series.files is not None:
        found["files"], found["bytes"] = series.files, series.size
    return found


def _spread(values: Sequence[float], median: float) -> dict[str, float]:
    return {"median": round(median, 2), "min": round(min(values), 2), "max": round(max(values), 2)}


def _goal(outcome: Outcome) -> dict[str, object]:
    goal = outcome.goal
    found: dict[str, object] = {
        "work": goal.work,
        "against": goal.against,
        "what": goal.what,
        "limit": goal.limit,
        "verdict": outcome.verdict,
    }
    for name in ("ratio", "least", "largest", "cpu"):
        value = getattr(outcome, name)
        if value is not None:
            found[name] = round(value, 4)
    return {**found, "reason": outcome.reason} if outcome.reason else found


def text(series: Mapping[str, Series], outcomes: Sequence[Outcome], absent: Mapping[str, str]) -> str:
    """The table for people."""
    return "\n".join([*_measured(series), "", *_judged(outcomes), *_absent(absent)]) + "\n"


def _measured(series: Mapping[str, Series]) -> Iterator[str]:
    head = f"{'wall ms':>9} {'min':>9} {'max':>9} {'cpu ms':>9} {'peak MiB':>8} {'files':>6} {'MB':>7}"
    yield f"{'what':50} {'runs':>4} {head}"
    for key, one in series.items():
        if not one.runs:
            yield f"{key:50} {one.failed or 'not run'}"
            continue
        walls = [run.wall * 1000 for run in one.runs]
        written = f" {one.files:6} {(one.size or 0) / 1e6:7.2f}" if one.files is not None else ""
        yield (
            f"{key:50} {len(one.runs):4} {one.median('wall') * 1000:9.1f} {min(walls):9.1f} {max(walls):9.1f} "
            f"{one.median('cpu') * 1000:9.1f} {one.median('peak') / MIB:8.1f}{written}"
        )
        if one.failed:
            yield f"{'':50} then: {one.failed}"


def _judged(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield f"{'ratio of':42} {'to':44} {'goal':>7} {'ratio':>7} {'min':>7} {'max':>7} {'cpu':>7}  verdict"
    for one in outcomes:
        if one.verdict == "not measured" and one.reason == "not asked for":
            continue
        goal = one.goal
        work = goal.work if goal.what == "wall" else f"{goal.work}, peak memory"
        limit = "" if goal.limit is None else f"<= {goal.limit:g}"
        figures = "".join(
            f" {'' if value is None else f'{value:.3g}':>7}" for value in (one.ratio, one.least, one.largest, one.cpu)
        )
        verdict = "" if one.verdict == "shown" else one.verdict
        yield f"{work:42} {goal.against:44} {limit:>7}{figures}  {verdict}{f' ({one.reason})' if one.reason else ''}"


def _absent(absent: Mapping[str, str]) -> Iterator[str]:
    if absent:
        yield ""
    for name, reason in absent.items():
        yield f"{name}: not to be had here: {reason}"
