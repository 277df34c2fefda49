"""One child process at a time: wall time, processor time, peak memory; and many of them in turn, so that they compare.

This process stays small on purpose: the kernel counts what a child shares with its parent before it becomes another
program, so the parent's size is the least peak that can be seen.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

OUT = "{out}"
"""Stands in a command for an output folder that does not exist yet; each run has its own."""
LEAST = 2
"""Rounds after the first that take place however long they take."""
ENDED_BY_US = -signal.SIGKILL
"""Exit code of a run that took too long."""
SLOW = 5.0
"""Seconds; what takes longer is run once."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Something to be timed."""

    group: str
    name: str
    commands: tuple[tuple[str, ...], ...]
    """Taken in turn, one per run; mostly there is one."""
    exit_code: int = 0
    limit: float = 90.0
    """Seconds after which a run is ended."""
    note: str = ""

    @property
    def key(self) -> str:
        """Group and name, as goals and filters call it."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run of a case took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of the process and of those it waited for."""
    peak: int
    """Bytes of the largest process."""


@dataclass(kw_only=True)
class Series:
    """All runs of one case, and what it wrote."""

    case: Case
    runs: list[Run] = field(default_factory=list)
    files: int | None = None
    size: int | None = None
    """Bytes in all files."""
    failed: str = ""

    def median(self, what: str) -> float:
        """Median of `wall`, `cpu` or `peak`."""
        return float(statistics.median(getattr(run, what) for run in self.runs))


def rounds(cases: Iterable[Case], *, scratch: Path, most: int, seconds: float) -> Mapping[str, Series]:
    """Run all cases in turn, A B C A B C, until `most` rounds or `seconds` are over.

    A first round warms what can be warmed (bytecode, the file cache) and counts only for what is slow.
    """
    series = {case.key: Series(case=case) for case in cases}
    started = time.monotonic()
    for number in range(most + 1):
        if number > LEAST and time.monotonic() - started > seconds:
            break
        if number == 1:
            _forget_quick(series.values())
        for one in series.values():
            if not one.failed and not _slow(one):
                _again(one, number, scratch)
    return series


def _forget_quick(series: Iterable[Series]) -> None:
    for one in series:
        if one.runs and one.runs[0].wall <= SLOW:
            one.runs.clear()


def _slow(series: Series) -> bool:
    return bool(series.runs) and series.runs[0].wall > SLOW


def _again(series: Series, number: int, scratch: Path) -> None:
    """One more run, in an output folder of its own, which is measured and then removed."""
    out = scratch / f"out-{os.getpid()}-{number}"
    command = [part.replace(OUT, str(out)) for part in series.case.commands[number % len(series.case.commands)]]
    log = scratch / "log"
    run, code = execute(command, cwd=scratch, log=log, limit=series.case.limit)
    if code != series.case.exit_code:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        series.failed = (
            f"no end within {series.case.limit:.0f} s"
            if code == ENDED_BY_US
            else f"exit code {code}: {''.join(last)[:200]}"
        )
    else:
        series.runs.append(run)
        if series.files is None and out.is_dir():
            series.files, series.size = extent(out)
    shutil.rmtree(out, ignore_errors=True)


def execute(command: list[str], *, cwd: Path, log: Path, limit: float) -> tuple[Run, int]:
    """Run a program to its end, all that it prints going to `log`: what it took, and its exit code or `ENDED_BY_US`."""
    with log.open("wb") as printed:
        started = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, stdout=printed, stderr=printed
        )
        timer = threading.Timer(limit, child.kill)
        timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
    run = Run(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss * 1024)
    return run, child.returncode


def environment() -> dict[str, str]:
    """The environment of a child: that of ours, without what would change how Python or composegen work."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COMPOSEGEN_", "PYTHON", "PYTEST", "COVERAGE"))
    }


def extent(folder: Path) -> tuple[int, int]:
    """How many files a folder holds, and how many bytes in all."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
