"""The staging folder of an output folder: where new files wait, complete and on the disk, until all are renamed.

It is `.composegen.staging` in the output folder, so that it is on the same file system. It holds the new files, a
second name of each old one, and a journal: the lock file to be. The journal is on the disk before the first rename,
and its own rename ends the write. Whatever dies in between, the journal says which files are ours. Only what bears
one of the names given here is ever removed.
"""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct, field

from composegen.artifacts import Entry
from composegen.errors import ComposegenError
from composegen.io.places import explained, kind
from composegen.io.staged import Replacement, Staged, staged, write
from composegen.io.sync import sync
from composegen.manifest import STAGING

_OURS = re.compile(r"\.gitignore|(new|old)-[0-9]+|journal-[0-9]+\.json")
_JOURNAL = re.compile(r"journal-([0-9]+)\.json")


class Stage(Struct, kw_only=True):
    """A staging folder in use."""

    root: Path
    journal: Path | None = None
    staged: list[Staged] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    def add(self, replacement: Replacement) -> None:
        """Make one replacement ready. Raises OSError that names the place of the file."""
        self.staged.append(staged(self.root, self.root / STAGING, len(self.staged), replacement))

    def announce(self, data: bytes) -> None:
        """Write the journal: the lock file as it will be."""
        number = 1 + max((_number(place) for place in _journals(self.root)), default=0)
        self.journal = self.root / STAGING / f"journal-{number}.json"
        write(self.journal, Entry(data=data))

    def sync(self) -> None:
        """Wait until everything that was staged is on the disk."""
        files = [*(one.new for one in self.staged if one.new), *([self.journal] if self.journal else [])]
        sync([*files, self.root / STAGING, self.root], self.root)

    def commit(self, folders: Iterable[Path], lock: Path) -> None:
        """Make these folders and every replacement, then let the journal become the lock file."""
        self.folders = sorted(folders)
        for folder in self.folders:
            folder.mkdir(exist_ok=True)
        for one in self.staged:
            one.make()
        remove_empty(self.root, (one.place for one in self.staged if one.new is None))
        touched = {one.place.parent for one in self.staged} | {folder.parent for folder in self.folders}
        sync([folder for folder in sorted(touched, key=lambda folder: folder.parts) if folder.is_dir()], self.root)
        if self.journal:
            self.journal.replace(lock)
            with explained("; everything was written, but may not be on the disk yet"):
                sync([self.root], self.root)

    def undo(self) -> None:
        """Put everything back, unless the lock file says already that all was done."""
        if self.journal is not None and not self.journal.exists():
            return
        for one in reversed(self.staged):
            one.undo()
        for folder in reversed(self.folders):
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def opened(root: Path) -> Iterator[Stage]:
    """The staging folder of `root`, made for the time of one write. A write that fails is undone.

    Raises OSError, and ComposegenError when something in the folder is not composegen's.
    """
    stage = Stage(root=root)
    try:
        _begin(root)
        yield stage
    except BaseException:  # Ctrl-C, too: no half of a write stays
        with explained("; the write was broken off half-way, and the next render finishes it"):
            stage.undo()
        with contextlib.suppress(OSError):
            _sweep(root, journals=[stage.journal] if stage.journal else [])
        raise
    with explained("; everything was written, only the folder of staged files is left"):
        discard(root)


def remove_empty(root: Path, files: Iterable[Path]) -> None:
    """Remove the folders of these files, below `root`, as far as they are empty."""
    nearest = {file.parent for file in files}
    folders = {folder for one in nearest for folder in (one, *one.parents) if folder != root and root in folder.parents}
    for folder in sorted(folders, reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()


def discard(root: Path) -> None:
    """Remove the staging folder, if there is one. Raises ComposegenError when it holds what is not composegen's."""
    _sweep(root, journals=_journals(root))


def is_left(root: Path) -> bool:
    """Whether a write was broken off, or is going on."""
    return (root / STAGING).is_dir()


def journals(root: Path) -> list[bytes]:
    """The journals of writes that were broken off, oldest first."""
    found = []
    for place in sorted(_journals(root), key=_number):
        with contextlib.suppress(FileNotFoundError):  # the write that goes on just ended
            found.append(place.read_bytes())
    return found


def _begin(root: Path) -> None:
    """Make the folder, or empty it of all but the journals of writes that were broken off."""
    folder = root / STAGING
    if not _is_there(folder):
        folder.mkdir()
    for place in _ours(folder):
        if not _JOURNAL.fullmatch(place.name):
            place.unlink()
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def _sweep(root: Path, journals: Iterable[Path]) -> None:
    """Remove what is staged and these journals; the folder stays while another journal is in it."""
    folder = root / STAGING
    if not _is_there(folder):
        return
    gone = set(journals)
    left = False
    for place in _ours(folder):
        if _JOURNAL.fullmatch(place.name) and place not in gone:
            left = True
        elif place.name != ".gitignore":
            place.unlink()
    if not left:
        (folder / ".gitignore").unlink(missing_ok=True)
        folder.rmdir()


def _is_there(folder: Path) -> bool:
    """Whether the folder exists. Raises ComposegenError when something else has its name."""
    try:
        mode = folder.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise ComposegenError(f"{folder} is {kind(mode)}; composegen needs that name for a folder, move it away")
    return True


def _ours(folder: Path) -> list[Path]:
    """What is in the folder. Raises ComposegenError when something there has no name of ours or is a folder."""
    found = sorted(folder.iterdir())
    for place in found:
        if not _OURS.fullmatch(place.name) or stat.S_ISDIR(place.lstat().st_mode):
            raise ComposegenError(f"{place} is not composegen's; move it out of that folder, which is for staged files")
    return found


def _journals(root: Path) -> list[Path]:
    """The journals in the staging folder; none where that is no folder."""
    folder = root / STAGING
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            return []
        found = [place for place in folder.iterdir() if _JOURNAL.fullmatch(place.name)]
        return [place for place in found if stat.S_ISREG(place.lstat().st_mode)]
    except FileNotFoundError:
        return []


def _number(journal: Path) -> int:
    """The number of a journal; later writes have higher ones."""
    found = _JOURNAL.fullmatch(journal.name)
    return int(found[1]) if found else 0
