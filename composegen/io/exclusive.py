"""One writer at a time for an output folder: a lock on the folder itself, so that nothing is left behind.

The system gives the lock back when the process ends, however it ends. It holds among the processes of one machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from composegen.errors import ComposegenError
from composegen.io import places
from composegen.io.places import explained

PATIENCE = 30.0
"""Seconds that a second writer waits; a write takes a few."""

_PAUSE = 0.05


@contextlib.contextmanager
def exclusive(root: Path, patience: float | None = None) -> Iterator[None]:
    """Be the only composegen that writes to `root`; a missing folder is made, and unmade if it stays empty.

    `patience`: seconds to wait for another one, `PATIENCE` if left out. Raises ComposegenError when that is not enough.
    """
    new = [folder for folder in (root, *root.parents) if not folder.exists()]
    with explained("; nothing was written"):
        places.check(root, ())
        descriptor = _hold(root, PATIENCE if patience is None else patience)
    try:
        yield
    finally:
        for folder in new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        os.close(descriptor)


def _hold(root: Path, patience: float) -> int:
    """The locked folder, as a file descriptor."""
    deadline = time.monotonic() + patience
    while True:
        descriptor = _try(root)
        if descriptor is not None:
            return descriptor
        if time.monotonic() >= deadline:
            raise ComposegenError(
                f"another composegen is writing to {root}; nothing was written after {patience:.0f} s of waiting. "
                "Run this again when that one is done"
            )
        time.sleep(_PAUSE)


def _try(root: Path) -> int | None:
    """The locked folder; None when somebody else has the lock, or removed the folder before we had it."""
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if root.exists() and os.path.samestat(os.fstat(descriptor), root.stat()):
            return descriptor
    except BlockingIOError:
        pass
    except BaseException:  # Ctrl-C, too: the lock lasts as long as the descriptor
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
