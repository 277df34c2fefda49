"""One file that is about to be replaced: its complete new content and a second name of the old one, both ready."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from msgspec import Struct

from composegen.artifacts import Entry


class Replacement(Struct, frozen=True, kw_only=True):
    """One file: its place below the output folder, what is there and what shall be; None is no file."""

    path: PurePosixPath
    before: Entry | None
    after: Entry | None


class Staged(Struct, frozen=True, kw_only=True):
    """A replacement that is ready: the complete new file and a second name of the old one."""

    place: Path
    new: Path | None
    old: Path | None

    def make(self) -> None:
        """Put the new file in its place, or remove the old one."""
        if self.new is None:
            self.place.unlink(missing_ok=True)
        else:
            self.new.replace(self.place)

    def undo(self) -> None:
        """Put the old file back, whether or not it was replaced."""
        untouched = self.place.exists() if self.new is None else self.new.exists()
        if untouched:
            return
        if self.old is None:
            self.place.unlink(missing_ok=True)
        else:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self.old.replace(self.place)


def staged(root: Path, folder: Path, number: int, replacement: Replacement) -> Staged:
    """Make a replacement below `root` ready in `folder`. Raises OSError that names the place of the file."""
    place = root / replacement.path
    try:
        old = _kept(place, folder / f"old-{number}", replacement.before)
        new = _written(folder / f"new-{number}", replacement.after)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(place)) from error
    return Staged(place=place, new=new, old=old)


def _kept(place: Path, name: Path, entry: Entry | None) -> Path | None:
    """A second name of the file at `place`, or a copy where the file system knows no second names."""
    if entry is None:
        return None
    try:
        os.link(place, name, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        write(name, entry)
    return name


def _written(name: Path, entry: Entry | None) -> Path | None:
    """The new file, complete."""
    if entry is None:
        return None
    write(name, entry)
    return name


def write(name: Path, entry: Entry) -> None:
    """Write a file that is not there yet, with its permission bits before its first byte, whatever the umask."""
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, entry.mode)
        view = memoryview(entry.data)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)
