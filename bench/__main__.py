"""The command: `python -m bench`, or `make bench`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import bench
from bench import cases, goals, measure, table
from bench.workload import SIZES

GROUPS = ("start", *(size.name for size in SIZES))
MEMORY = Path("/dev", "shm")
ROUNDS = {"start": 31, "small": 15, "medium": 9, "large": 5, "huge": 1}
"""At most; fewer where time runs out."""
SHARE = {"start": 0.1, "small": 0.15, "medium": 0.2, "large": 0.55, "huge": 1.0}
"""Of the time that a run may take, how much a group may have."""


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the JSON."""
    options = _parser().parse_args(arguments)
    only = [word.strip() for word in options.only.split(",") if word.strip()]
    with tempfile.TemporaryDirectory(prefix="composegen-bench-", dir=_memory()) as folder:
        shop = cases.Workshop(folder=Path(folder), with_peers=not options.no_peers)
        series: dict[str, measure.Series] = {}
        for group in [name for name in options.sizes if _concerned(name, only)]:
            chosen = _chosen(_cases(group, shop), only)
            print(f"{group}: {', '.join(case.name for case in chosen)}", file=sys.stderr)
            started = time.monotonic()
            series |= measure.rounds(
                chosen,
                scratch=Path(folder),
                most=options.rounds or ROUNDS[group],
                seconds=options.minutes * 60 * SHARE[group],
            )
            print(f"{group}: {time.monotonic() - started:.0f} s", file=sys.stderr)
        if not series:
            print(f"bench: nothing has {options.only!r} in its name", file=sys.stderr)
            return 2
        outcomes = goals.judge(series, shop.absent)
        found = table.document(series, outcomes, shop.absent, Path(folder))
    print(table.text(series, outcomes, shop.absent), end="")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"\nAlso in {options.json}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    parser.add_argument("--only", default="", metavar="WORD,...", help="only what has one of these words in its name")
    parser.add_argument("--sizes", type=_sizes, default=GROUPS[:-1], help=f"of {','.join(GROUPS)}")
    parser.add_argument("--no-peers", action="store_true", help="only composegen and the limits")
    parser.add_argument("--rounds", type=int, default=0, metavar="N", help="at most so many runs of each")
    parser.add_argument("--minutes", type=float, default=8.0, help="begin no new round after so long")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), metavar="FILE")
    return parser


def _sizes(text: str) -> tuple[str, ...]:
    """Names of groups out of an argument."""
    names = tuple(text.split(","))
    if set(names) - set(GROUPS):
        raise argparse.ArgumentTypeError(f"there are only {', '.join(GROUPS)}")
    return names


def _memory() -> str | None:
    """A file system in memory, where there is one."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) else None


def _concerned(group: str, only: list[str]) -> bool:
    """Whether anything of a group can be asked for; the goals' names tell without making it ready."""
    keys = {key for goal in goals.GOALS for key in (goal.work, goal.against)} | {f"{group}/"}
    return not only or any(word in key for key in keys if key.startswith(f"{group}/") for word in only)


def _cases(group: str, shop: cases.Workshop) -> Iterable[measure.Case]:
    sizes = {size.name: size for size in SIZES}
    return cases.start() if group == "start" else cases.of_size(sizes[group], shop)


def _chosen(found: Iterable[measure.Case], only: list[str]) -> list[measure.Case]:
    """What is asked for, and what that is compared with."""
    every: Mapping[str, measure.Case] = {case.key: case for case in found}
    wanted = {key for key in every if not only or any(word in key for word in only)}
    wanted |= {goal.against for goal in goals.GOALS if goal.work in wanted and goal.limit is not None}
    return [case for key, case in every.items() if key in wanted]


if __name__ == "__main__":
    sys.exit(main())
