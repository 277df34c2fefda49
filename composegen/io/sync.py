"""Making sure that what was written is on the disk, in the cheapest way that keeps the promise.

Syncing one file costs a few milliseconds on a disk, however small it is; syncing a whole file system costs about as
much as two files, but also waits for what others have written. So few files are synced one by one, many at once.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

FEW = 8
"""Up to so many files or folders are synced one by one."""


def sync(places: Sequence[Path], root: Path) -> None:
    """Wait until these files and folders, all on the file system of `root`, are on the disk. Raises OSError."""
    for place in places if len(places) <= FEW else ():
        _sync_one(place)
    if len(places) > FEW:
        _sync_all(root)


def _sync_one(place: Path) -> None:
    """Sync one file or folder. Some network file systems sync no folders and say so; that is no failure."""
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _sync_all(root: Path) -> None:
    """Sync the file system of `root`; where the system cannot do that for one, sync all."""
    import ctypes

    system = ctypes.CDLL(None, use_errno=True)
    if not hasattr(system, "syncfs"):
        os.sync()
        return
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if system.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(root))
    finally:
        os.close(descriptor)
