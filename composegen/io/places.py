"""Where the paths of a tree are below an output folder; whatever could lead elsewhere is refused.

Paths come from a topology and from a lock file, and anybody may have edited both. Nothing is written here.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from composegen.errors import ComposegenError
from composegen.manifest import RESERVED

_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind(mode: int) -> str:
    """What `st_mode` says that a thing is, with its article, for messages about things that are in the way."""
    return _KINDS.get(stat.S_IFMT(mode), "something else")


def check(root: Path, paths: Iterable[PurePosixPath]) -> frozenset[PurePosixPath]:
    """The folders of these paths that do not exist yet, `.` for the output folder itself.

    Raises ComposegenError where a path leaves the folder, or has a parent that is a symbolic link or no folder.
    """
    paths = list(paths)
    for path in paths:
        _stays_inside(root, path)
    missing: set[PurePosixPath] = set()
    if not _is_root(root):
        missing.add(PurePosixPath())
    for parts in sorted(_folders(paths)):
        folder = PurePosixPath(*parts)
        if folder.parent in missing or not _is_folder(root, folder):
            missing.add(folder)
    return frozenset(missing)


def output_folder(folder: Path, asked: str | None, stated: str) -> Path:
    """The output folder: what `-o` asks for, else what the topology in `folder` states."""
    return Path(asked) if asked is not None else below(folder, stated)


def below(folder: Path, stated: str) -> Path:
    """The output folder that a topology in `folder` states.

    Raises ComposegenError where it is not below that folder: a topology may come from somebody else, `-o` does not.
    """
    path = PurePosixPath(stated)
    advice = f"if you mean it, say so yourself: -o {folder / path}"
    if path.is_absolute() or ".." in path.parts:
        raise ComposegenError(f"`output: {stated}` leads out of the topology's folder; {advice}")
    for part in (*reversed(path.parents), path):
        if part.parts and (folder / part).is_symlink():
            raise ComposegenError(f"`output: {stated}` leads through the symbolic link {folder / part}; {advice}")
    return folder / path


@contextlib.contextmanager
def explained(ending: str = "") -> Iterator[None]:
    """Turn what the system refuses into a ComposegenError that names the file."""
    try:
        yield
    except OSError as error:
        raise ComposegenError(f"{error.filename or 'output'}: {error.strerror or error}{ending}") from error


def _folders(paths: Iterable[PurePosixPath]) -> set[tuple[str, ...]]:
    """Every folder on the way to these paths, without `.`, by its parts: thousands of files are in few folders."""
    return {path.parts[:length] for path in paths for length in range(1, len(path.parts))}


def _stays_inside(root: Path, path: PurePosixPath) -> None:
    """Refuse a path that leaves the folder as it is written, or that belongs to git or to composegen's own work."""
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ComposegenError(f"{root / path} leads out of the output folder {root}; nothing was written")
    if not RESERVED.isdisjoint(path.parts):
        raise ComposegenError(f"{root / path} is no place for files of a tree; nothing was written")


def _is_root(root: Path) -> bool:
    """Whether the output folder exists; that it is reached through a symbolic link is the person's own choice."""
    try:
        mode = root.stat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise ComposegenError(f"the output folder {root} is {kind(mode)}; move it away, or choose another one with -o")
    return True


def _is_folder(root: Path, folder: PurePosixPath) -> bool:
    """Whether a folder below `root` exists."""
    place = root / folder
    try:
        mode = place.lstat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(mode):
        out = "" if _leads_inside(root, place) else f" that leads out of the output folder {root}"
        raise ComposegenError(f"{place} is a symbolic link{out}; composegen writes through none. Nothing was written")
    if not stat.S_ISDIR(mode):
        raise ComposegenError(
            f"{place} is {kind(mode)} where a folder is needed; move it away, or choose another folder with -o"
        )
    return True


def _leads_inside(root: Path, link: Path) -> bool:
    """Whether a symbolic link ends below the output folder; only for the words of a message."""
    try:
        return link.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False
