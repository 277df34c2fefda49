"""Files of an output folder: read the ones that concern us, and make the changes that `changes.Changes` decided.

Nothing outside the folder is ever read or written, and nothing is decided here. Either every change is made or none;
`staging` says how.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from composegen.artifacts import Entry, Progress
from composegen.changes import Action, Change, Changes
from composegen.errors import ComposegenError
from composegen.io import places, staging
from composegen.io.places import explained, kind
from composegen.io.staged import Replacement
from composegen.manifest import LOCK, Lock, collision, dumps, folded, loads, resolved

_NOTHING = "; nothing was written"


def read(root: Path, paths: Iterable[PurePosixPath]) -> Mapping[PurePosixPath, Entry]:
    """The files that exist at these paths below `root`.

    Raises ComposegenError where something other than a plain file stands, or where a path leaves the folder.
    """
    wanted = sorted(set(paths), key=lambda path: path.parts)
    with explained():
        return _present(root, wanted, places.check(root, wanted))


def read_lock(root: Path) -> Lock:
    """What of an output folder is ours, by its lock file and the journals of writes that were broken off.

    An empty lock when there is none. Raises ComposegenError when it is broken.
    """
    entry = read(root, [LOCK]).get(LOCK)
    lock = Lock() if entry is None else loads(entry.data, str(root / LOCK))
    for journal in _journals(root):
        lock = resolved(lock, journal, read(root, journal.files))
    return lock


def found(
    root: Path, planned: Iterable[PurePosixPath], host: str | None = None
) -> tuple[Lock, Mapping[PurePosixPath, Entry]]:
    """What of an output folder is ours, and what stands there: our files, the lock file, and all that is in the way.

    With a host only its own files are read. Raises ComposegenError as `read` and `read_lock` do.
    """
    lock = read_lock(root)
    ours = [path for path in lock.files if host is None or path.parts[0] == host]
    return lock, read(root, [*planned, *ours, LOCK])


def apply(root: Path, changes: Changes, lock: Lock | None = None, progress: Progress | None = None) -> None:
    """Make the changes below `root`, the lock file (if there is to be one) last.

    All new files are complete and on the disk before the first one gets its name; what fails is undone, and what dies
    is repaired by the next write. The caller holds `exclusive`. Raises ComposegenError.
    """
    _refuse_collisions(changes, lock)
    with explained(_NOTHING):
        replacements = _replacements(root, changes)
        broken_off = _broken_off(root)
        if replacements or (lock is not None and not _is_recorded(root, lock)):
            root.mkdir(parents=True, exist_ok=True)
            _replace(root, replacements, lock, progress)
        else:
            staging.discard(root)
        staging.remove_empty(root, (root / path for path in broken_off))


def _replace(root: Path, replacements: Sequence[Replacement], lock: Lock | None, progress: Progress | None) -> None:
    """Stage all, sync, look again, rename."""
    with staging.opened(root) as stage:
        for number, replacement in enumerate(replacements):
            stage.add(replacement)
            if progress is not None:
                progress(number + 1, len(replacements))
        if lock is not None:
            stage.announce(dumps(lock))
        stage.sync()
        missing = _look_again(root, replacements)
        stage.commit((root / folder for folder in missing), root / LOCK)


def _replacements(root: Path, changes: Changes) -> Sequence[Replacement]:
    """What is to be replaced; removals come last, so that a file is never gone before its successor is there."""
    writes = [change for change in changes.effective if change.after is not None]
    removals = [change for change in changes.items if change.action is Action.DELETE]
    if removals:
        stay = {folded(str(change.path)): change for change in changes.items if change.after is not None}
        removals = [change for change in removals if not _is_the_same(root, change, stay.get(folded(str(change.path))))]
    return [Replacement(path=one.path, before=one.before, after=one.after) for one in (*writes, *removals)]


def _is_the_same(root: Path, removal: Change, other: Change | None) -> bool:
    """Whether the file to be removed is, under another spelling, one that stays: the disk ignores case."""
    if other is None:
        return False
    try:
        return os.path.samestat((root / removal.path).lstat(), (root / other.path).lstat())
    except FileNotFoundError:
        return False


def _refuse_collisions(changes: Changes, lock: Lock | None) -> None:
    """Refuse paths that some disks take for one. Raises ComposegenError."""
    paths = [change.path for change in changes.items if change.after is not None]
    pair = collision([*paths, *(lock.files if lock else ())])
    if pair:
        raise ComposegenError(
            f"{pair[0]} and {pair[1]} cannot be side by side on every disk: some ignore case, or the form of accented "
            "letters; nothing was written. Rename one; if it was renamed just now, render all hosts and with --prune"
        )


def _journals(root: Path) -> list[Lock]:
    """The journals that are complete. One that is not was never followed by a rename."""
    found = []
    with explained():
        for data in staging.journals(root):
            try:
                found.append(loads(data))
            except ComposegenError:
                continue
    return found


def _broken_off(root: Path) -> frozenset[PurePosixPath]:
    """The paths that a write concerned that was broken off: it may have left empty folders there."""
    found = _journals(root)
    if not found:
        return frozenset()
    entry = read(root, [LOCK]).get(LOCK)
    locks = [*found, Lock() if entry is None else loads(entry.data, str(root / LOCK))]
    paths = frozenset(path for lock in locks for path in lock.files)
    places.check(root, paths)
    return paths


def _is_recorded(root: Path, lock: Lock) -> bool:
    """Whether the lock file says this already."""
    present = read(root, [LOCK]).get(LOCK)
    return present is not None and present.data == dumps(lock)


def _present(
    root: Path, paths: Iterable[PurePosixPath], missing: frozenset[PurePosixPath]
) -> Mapping[PurePosixPath, Entry]:
    """The files at these paths, none of which is looked for in a missing folder."""
    found = ((path, _read(root / path)) for path in paths if path.parent not in missing)
    return {path: entry for path, entry in found if entry is not None}


def _read(place: Path) -> Entry | None:
    """The file at a place; None when nothing is there."""
    try:
        mode = os.lstat(place).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise ComposegenError(f"{place} is {kind(mode)}, not a plain file; move it out of the way")
    with place.open("rb", buffering=0) as file:  # read whole, so that a buffer would only be one more copy
        return Entry(data=file.read(), mode=stat.S_IMODE(mode))


def _look_again(root: Path, replacements: Sequence[Replacement]) -> frozenset[PurePosixPath]:
    """The folders to be made, if everything is still as it was when the changes were decided.

    Raises ComposegenError where somebody wrote in the meantime, or where files cannot be renamed to.
    """
    paths = [replacement.path for replacement in replacements]
    missing = places.check(root, paths)
    actual = _present(root, paths, missing)
    for one in replacements:
        there = actual.get(one.path)
        if (there and there.data) != (one.before and one.before.data):
            raise ComposegenError(
                f"{root / one.path} changed while composegen was at work{_NOTHING}. Look at it, and run this again"
            )
    nearest = {folder.parent for folder in missing} | {path.parent for path in paths} | {PurePosixPath()}
    _refuse_folders(root, nearest - missing)
    return missing


def _refuse_folders(root: Path, folders: Iterable[PurePosixPath]) -> None:
    """Refuse folders into which nothing can be renamed, before the first rename."""
    device = root.stat().st_dev
    for folder in sorted(folders):
        place = root / folder
        if not os.access(place, os.W_OK | os.X_OK):
            raise ComposegenError(f"{place}: no permission to write there{_NOTHING}")
        if place.stat().st_dev != device:
            raise ComposegenError(
                f"{place} is on another file system than {root}, so files cannot be renamed to it{_NOTHING}. "
                "Choose an output folder that is one file system, with -o"
            )
