"""Builds that outlive a run: folders outside the checkout, one for each name and version.

A folder appears whole or not at all, and is made once even when several runs want it at the same time.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "composegen-engines"
"""Where builds are; read when this module is imported, because tests run with a home folder that is empty."""


def stored(name: str, version: str, make: Callable[[Path], None]) -> Path:
    """The folder of a build; `make` fills an empty one when it is not there yet."""
    folder = CACHE / f"{name}-{version}"
    if folder.is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fill(folder, make)
    return folder


def content_hash(path: Path) -> str:
    """A version for what is made from a file of this project."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _fill(folder: Path, make: Callable[[Path], None]) -> None:
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    make(part)
    part.rename(folder)
