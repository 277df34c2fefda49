"""Whether a run would find everything as an earlier run left it, told by the status of each file that it would touch.

The earlier run remembers every file that it read or wrote, those that were missing, the program's own, and the values
of variables (as digests). When all are as they were, so is the result, and nothing needs to be read. Any doubt means
no: then everything is done anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from composegen.io.cache import Shelf

if TYPE_CHECKING:
    from pathlib import Path

_SHELF = "unchanged"
_PROGRAM = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

_TICK = 20_000_000
"""Nanoseconds in which a file may change without a new time of change: two ticks of the slowest kernel clock."""


def recall(run: Sequence[str]) -> str | None:
    """What the earlier run left to say, when everything is as it was; `run` tells apart runs that differ by options."""
    try:
        kept = json.loads(Shelf(_SHELF)[_name(run)])
        same = _is_same(kept["at"], kept["files"], kept["variables"])
        return str(kept["said"]) if same else None
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def remember(
    run: Sequence[str], files: Iterable[Path], variables: Iterable[str], said: str, folders: Iterable[Path] = ()
) -> None:
    """Keep for `recall` that this run left nothing to do: what it read and wrote, and the variables that it asked.

    `folders` are those that were searched: one is no longer the same when something in it comes or goes.

    Nothing is kept where one of the files is no plain file: of a pipe or a folder the status says too little.
    """
    here = os.getcwd()
    found = {os.path.join(here, path): None for path in (*files, *_program())}
    statuses = {path: _status(path) for path in found}
    if not all(status is None or stat.S_ISREG(status[-1]) for status in statuses.values()):
        return
    searched = {path: _status(path) for path in (os.path.join(here, folder) for folder in folders)}
    kept = {
        "files": {**statuses, **searched},
        "variables": {name: _digest(os.environ.get(name)) for name in sorted(variables)},
        "said": said,
        "at": time.time_ns(),
    }
    with contextlib.suppress(ValueError):
        Shelf(_SHELF)[_name(run)] = json.dumps(kept, separators=(",", ":")).encode()


def _is_same(at: int, files: Mapping[str, list[int] | None], variables: Mapping[str, str | None]) -> bool:
    if any(_digest(os.environ.get(name)) != digest for name, digest in variables.items()):
        return False
    return all(status == _status(path) and _settled(status, at) for path, status in files.items())


def _settled(status: list[int] | None, at: int) -> bool:
    """Whether the file had its last change so long before that a later one cannot look the same."""
    return status is None or status[0] < at - _TICK


def _status(path: str) -> list[int] | None:
    """Time of the last change of any kind, time of the last writing, size, number and mode; None where nothing is."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return [found.st_ctime_ns, found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode]


def _digest(value: str | None) -> str | None:
    return None if value is None else sha256(os.fsencode(value)).hexdigest()


def _name(run: Sequence[str]) -> str:
    """The name of a run: what was asked, and from which folder."""
    return sha256(os.fsencode("\0".join([os.getcwd(), *run]))).hexdigest()


def _program() -> Iterator[Path]:
    """The files of the program itself: another program may write other files."""
    from pathlib import Path  # `recall` does without: loading it takes as long as all else there

    from composegen.io import resources

    for folder in (Path(_PROGRAM), resources.root() / "templates", resources.root() / "schemas"):
        for place, _, names in os.walk(folder):
            yield from (Path(place, name) for name in names if name.endswith((".py", ".j2", ".json")))
