"""Changes: what a planned tree would do to the files that are there, as a value.

`compare` decides, `io.disk.apply` acts on the same value, and every view (summary, dry run) prints it. No file is read
or written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import PurePosixPath

from msgspec import Struct

from composegen.artifacts import Entry, Tree
from composegen.manifest import Owned

EXECUTABLE = 0o100

MANY = 10
"""From so many files on, the removal of more than a third of them is asked about."""


class Action(Enum):
    """What happens to one file; the value is the sign that is printed before its path."""

    CREATE = "+"
    UPDATE = "~"
    DELETE = "-"
    KEEP = " "


class Conflict(Enum):
    """Why a file must not be replaced or removed without being asked for."""

    EDITED = "edited by hand since the last render"
    FOREIGN = "not written by composegen"


class Change(Struct, frozen=True, kw_only=True):
    """One file: what is there (`before`), what shall be (`after`), and whether somebody's work would be lost."""

    path: PurePosixPath
    action: Action
    before: Entry | None = None
    after: Entry | None = None
    conflict: Conflict | None = None


class Changes(Struct, frozen=True, kw_only=True):
    """Every file concerned, by path."""

    items: tuple[Change, ...] = ()

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The changes that would lose somebody's work."""
        return tuple(change for change in self.items if change.conflict)

    @property
    def effective(self) -> tuple[Change, ...]:
        """The changes that touch a file."""
        return tuple(change for change in self.items if change.action is not Action.KEEP)

    def count(self, action: Action) -> int:
        """How many files have this action."""
        return sum(change.action is action for change in self.items)

    @property
    def removes_much(self) -> bool:
        """Whether more than a third of the files that are there would be removed, and there are at least `MANY`."""
        there = sum(change.before is not None for change in self.items)
        return there >= MANY and 3 * self.count(Action.DELETE) > there

    def without_deletions(self) -> Changes:
        """The same, but orphans stay."""
        return Changes(items=tuple(change for change in self.items if change.action is not Action.DELETE))


def compare(planned: Tree, actual: Mapping[PurePosixPath, Entry], written: Mapping[PurePosixPath, Owned]) -> Changes:
    """What turns `actual` into `planned`, where `written` is what composegen wrote last time.

    `actual` needs to hold only the files at the paths of the other two.
    """
    return Changes(items=tuple(sorted(_changes(planned, actual, written), key=lambda change: change.path.parts)))


def same(first: Entry, second: Entry) -> bool:
    """Equal bytes, and both or neither executable: the other permission bits depend on git and the umask."""
    return first.data == second.data and (first.mode ^ second.mode) & EXECUTABLE == 0


def _changes(
    planned: Tree, actual: Mapping[PurePosixPath, Entry], written: Mapping[PurePosixPath, Owned]
) -> Iterator[Change]:
    """Each change, unsorted."""
    for path, after in planned.items():
        yield _planned(path, actual.get(path), after, written.get(path))
    for path, owned in written.items():
        before = actual.get(path)
        if path not in planned and before is not None:
            conflict = None if owned.wrote(before) else Conflict.EDITED
            yield Change(path=path, action=Action.DELETE, before=before, conflict=conflict)


def _planned(path: PurePosixPath, before: Entry | None, after: Entry, owned: Owned | None) -> Change:
    """The change of a file that the plan holds."""
    if before is None:
        return Change(path=path, action=Action.CREATE, after=after)
    if same(before, after):
        return Change(path=path, action=Action.KEEP, before=before, after=after)
    conflict = None if before.data == after.data else _conflict(before, owned)
    return Change(path=path, action=Action.UPDATE, before=before, after=after, conflict=conflict)


def _conflict(before: Entry, owned: Owned | None) -> Conflict | None:
    """Whose bytes are there: ours (None), ours with edits, or somebody else's."""
    if owned is None:
        return Conflict.FOREIGN
    return None if owned.wrote(before) else Conflict.EDITED
