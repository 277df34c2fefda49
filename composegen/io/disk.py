"""Files of an output folder: read the ones that concern us, and make the ones that `changes.Changes` decided.

Nothing outside the folder is ever read or written: a path that leaves it, through `..` or a symbolic link, stops
everything before the first byte. Nothing is decided here.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from composegen.artifacts import Entry
from composegen.changes import Action, Changes
from composegen.errors import ComposegenError
from composegen.manifest import LOCK, Lock, dumps, loads


def read(root: Path, paths: Iterable[PurePosixPath]) -> Mapping[PurePosixPath, Entry]:
    """The files that exist at these paths below `root`.

    Raises ComposegenError where something other than a plain file stands, or where a path leaves the folder.
    """
    with _explained():
        found = {path: _read(root, path) for path in sorted(set(paths))}
    return {path: entry for path, entry in found.items() if entry is not None}


def read_lock(root: Path) -> Lock:
    """The lock file of an output folder; an empty lock when there is none. Raises ComposegenError when it is broken."""
    entry = read(root, [LOCK]).get(LOCK)
    return Lock() if entry is None else loads(entry.data, str(root / LOCK))


def apply(root: Path, changes: Changes, lock: Lock | None = None) -> None:
    """Make the changes below `root`, the lock file (if there is to be one) last.

    Every new file is first written beside its place, so that a full disk or a missing permission changes nothing;
    only then are all renamed. Raises ComposegenError.
    """
    writes = [(change.path, change.after) for change in changes.effective if change.after is not None]
    if lock is not None and not _is_recorded(root, lock):
        writes.append((LOCK, Entry(data=dumps(lock))))
    removals = [change.path for change in changes.items if change.action is Action.DELETE]
    with _explained():
        orphans = [_place(root, path) for path in removals]
        staged = _stage(root, writes)
        try:
            for orphan in orphans:
                _remove(root, orphan)
            for temporary, place in staged:
                temporary.replace(place)
        finally:
            _discard(temporary for temporary, _ in staged)


def _is_recorded(root: Path, lock: Lock) -> bool:
    """Whether the lock file says this already."""
    present = read(root, [LOCK]).get(LOCK)
    return present is not None and present.data == dumps(lock)


def _read(root: Path, path: PurePosixPath) -> Entry | None:
    """The file at a path; None when nothing is there."""
    place = _place(root, path)
    try:
        status = place.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise ComposegenError(f"{place} is {kind(status.st_mode)}, not a plain file; move it out of the way")
    return Entry(data=place.read_bytes(), mode=stat.S_IMODE(status.st_mode))


def _place(root: Path, path: PurePosixPath) -> Path:
    """Where a path of the tree is on this machine. Raises ComposegenError when it is not below `root`."""
    place = root / path
    if path.is_absolute() or ".." in path.parts or not place.parent.resolve().is_relative_to(root.resolve()):
        raise ComposegenError(f"{place} leads out of the output folder {root}; nothing was written")
    return place


def _stage(root: Path, writes: Iterable[tuple[PurePosixPath, Entry]]) -> list[tuple[Path, Path]]:
    """Write each file under a temporary name in its folder; on failure take all back and raise."""
    staged: list[tuple[Path, Path]] = []
    folders: list[Path] = []
    try:
        for path, entry in writes:
            place = _place(root, path)
            folders += _make_folders(place.parent)
            staged.append((_write_beside(place, entry), place))
    except BaseException:
        _discard(temporary for temporary, _ in staged)
        for folder in reversed(folders):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
    return staged


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and its parents; the ones that were new, outermost first."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return new[::-1]


def _write_beside(place: Path, entry: Entry) -> Path:
    """A new file in the folder of `place`, with the permission bits set before the first byte of content."""
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.", suffix=".composegen", dir=place.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            temporary.chmod(entry.mode)
            file.write(entry.data)
    except BaseException:
        _discard([temporary])
        raise
    return temporary


def _discard(temporaries: Iterable[Path]) -> None:
    """Remove temporary files that have not got their name."""
    for temporary in temporaries:
        temporary.unlink(missing_ok=True)


def _remove(root: Path, place: Path) -> None:
    """Remove a file, and the folders that it leaves empty below `root`."""
    place.unlink(missing_ok=True)
    for folder in place.relative_to(root).parents:
        try:
            if folder != Path():
                (root / folder).rmdir()
        except OSError:
            return


def kind(mode: int) -> str:
    """What `st_mode` says that a thing is, with its article, for messages about things that are no plain files."""
    names = {
        stat.S_IFDIR: "a directory",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return names.get(stat.S_IFMT(mode), "something else")


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn what the system refuses into a ComposegenError that names the file."""
    try:
        yield
    except OSError as error:
        raise ComposegenError(f"{error.filename or 'output'}: {error.strerror or error}") from error
