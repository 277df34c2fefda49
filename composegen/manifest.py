"""The lock file `composegen.lock.json`: which files of an output folder composegen wrote, by hash.

It is the only authority on what is ours. It holds no time and no tool version, so it changes only when a file does; and
it is read as untrusted input, because anybody may have edited it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from unicodedata import normalize

from msgspec import Struct, field

from composegen.artifacts import Entry, Tree
from composegen.errors import ComposegenError

LOCK = PurePosixPath("composegen.lock.json")
STAGING = ".composegen.staging"
"""The folder for unfinished writes, in the output folder."""

RESERVED = frozenset({STAGING, ".git"})
"""Names that no part of a path in a tree may be."""

LONGEST = 1024
"""Characters of a path; far more than composegen writes, and less than any system refuses."""

FORMAT = 1


class Owned(Struct, frozen=True, kw_only=True):
    """What was written at one path: SHA-256 of its bytes in hex, and its permission bits."""

    sha256: str
    mode: int = 0o644

    def wrote(self, entry: Entry) -> bool:
        """Whether these are the bytes that were written; permission bits are the user's to change."""
        return self.sha256 == digest(entry)


class Lock(Struct, frozen=True, kw_only=True):
    """The files of an output folder that composegen wrote, for which target."""

    target: str = "compose"
    files: Mapping[PurePosixPath, Owned] = field(default_factory=dict)


def digest(entry: Entry) -> str:
    """SHA-256 of the bytes, in hex."""
    return hashlib.sha256(entry.data).hexdigest()


def owned(tree: Tree) -> Mapping[PurePosixPath, Owned]:
    """What the lock says of a tree once it is written."""
    return {path: Owned(sha256=digest(entry), mode=entry.mode) for path, entry in tree.items()}


def with_lock(tree: Tree) -> Tree:
    """The tree with its lock file: an output folder as `render` leaves it."""
    return dict(sorted({**tree, LOCK: Entry(data=dumps(Lock(files=owned(tree))))}.items()))


def dumps(lock: Lock) -> bytes:
    """The bytes of the lock file; sorted, so that two renders of one topology are equal."""
    paths = sorted(lock.files, key=lambda path: path.parts)
    files = {str(path): {"mode": f"{lock.files[path].mode:04o}", "sha256": lock.files[path].sha256} for path in paths}
    document = {"format": FORMAT, "target": lock.target, "files": files}
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def loads(data: bytes, name: str = str(LOCK)) -> Lock:
    """Read a lock file called `name`. Raises ComposegenError when it is broken, newer, or names a path outside."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _broken(name, "it is not JSON") from error
    match document:
        case {"format": int(number)} if number > FORMAT:
            raise ComposegenError(f"{name} was written by a newer composegen (format {number}); use that one")
        case {"format": 1, "target": str(target), "files": dict(files)}:
            items = dict(_item(name, path, entry) for path, entry in sorted(files.items()))
            if pair := collision(items):
                raise _broken(name, f"{pair[0]} and {pair[1]} cannot be side by side on every disk")
            return Lock(target=target, files=items)
    raise _broken(name, "it does not have the keys `format`, `target` and `files`")


def inside(text: str) -> PurePosixPath | None:
    """The path, when it is one that composegen could have written: relative, plain, without `..`; else None."""
    path = PurePosixPath(text)
    plain = text.isprintable() and "\\" not in text and str(path) == text and path.parts and len(text) <= LONGEST
    if not plain or path.is_absolute() or ".." in path.parts or path == LOCK:
        return None
    return path if RESERVED.isdisjoint(path.parts) else None


def resolved(lock: Lock, journal: Lock, actual: Mapping[PurePosixPath, Entry]) -> Lock:
    """What is ours after a write that was broken off: files are as `lock` says, or already as `journal` says.

    `actual` needs to hold what is there at the paths of the journal.
    """
    done = {path: entry for path, entry in journal.files.items() if path in actual and entry.wrote(actual[path])}
    return Lock(target=lock.target, files={**lock.files, **done})


def folded(path: str) -> str:
    """The path as a disk sees it that ignores case and the form of accented letters (macOS, Windows)."""
    return path.lower() if path.isascii() else normalize("NFC", normalize("NFD", path).casefold())


def collision(paths: Iterable[PurePosixPath]) -> tuple[PurePosixPath, PurePosixPath] | None:
    """Two of these paths, or of their folders, that are one place on some disks; a file cannot be a folder either."""
    files = set(map(str, paths))
    folders: set[str] = set()
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    seen: dict[str, str] = {}
    for path in sorted(files | folders):
        other = seen.setdefault(folded(path), path)
        if other != path:
            return PurePosixPath(other), PurePosixPath(path)
    for folder in sorted(files & folders):
        return PurePosixPath(folder), PurePosixPath(min(path for path in files if path.startswith(f"{folder}/")))
    return None


def _item(name: str, text: str, entry: Any) -> tuple[PurePosixPath, Owned]:
    """One entry of `files`, checked."""
    path = inside(text)
    if path is None:
        raise _broken(name, f"the path {text!r} is not one below the output folder")
    match entry:
        case {"sha256": str(sha256), "mode": str(mode)} if mode in {"0644", "0755"}:
            return path, Owned(sha256=sha256, mode=int(mode, 8))
    raise _broken(name, f"the entry of {text!r} is not a hash and a mode")


def _broken(name: str, reason: str) -> ComposegenError:
    """The error for a lock file that cannot be trusted."""
    return ComposegenError(
        f"{name} is damaged: {reason}. Restore it (git checkout -- {name}), or delete it: "
        "composegen then regards the files beside it as yours and replaces only equal ones, or all with --force"
    )
