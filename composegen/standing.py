"""How the files of an output folder stand: what happened to each since the last render, and what render would do.

`status` prints these pairs, `check` the findings that follow from them. What render would do is taken from `changes`,
so the two cannot differ. The files' content is compared here, and never quoted: a hand edit may hold a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import PurePosixPath

from msgspec import Struct

from composegen.artifacts import Entry, Tree
from composegen.changes import EXECUTABLE, Action, Change, Changes, same
from composegen.findings import Finding, Findings, Location, Severity, Span
from composegen.manifest import LOCK, Lock, Owned, with_lock


class Since(Enum):
    """What happened to a file since the last render; the value is the first column of `status`."""

    NOTHING = " "
    EDITED = "M"
    DELETED = "D"
    FOREIGN = "?"


class Then(Enum):
    """What render would do to a file; the value is the second column of `status`."""

    NOTHING = " "
    ADD = "A"
    MODIFY = "M"
    DELETE = "D"


_THEN = {
    Action.CREATE: Then.ADD,
    Action.UPDATE: Then.MODIFY,
    Action.DELETE: Then.DELETE,
    Action.KEEP: Then.NOTHING,
}


class Standing(Struct, frozen=True, kw_only=True):
    """One file: the pair, and the first line (from 1) in which it differs from what render would write."""

    path: PurePosixPath
    since: Since
    then: Then
    line: int = 1
    conflict: bool = False
    """Whether render would stop at it, because somebody's work would be lost."""


def standings(planned: Tree, changes: Changes, lock: Lock, there: Entry | None) -> tuple[Standing, ...]:
    """Every file that is planned, or that the lock says is ours, by path; unremarkable ones too.

    `changes` are those that make the plan true, `lock` says what is ours, `there` is the lock file as it is.
    """
    files = sorted(_standings(changes.items, lock), key=lambda standing: standing.path)
    if any(standing.then is not Then.NOTHING for standing in files):
        return tuple(files)  # that the lock file changes with them goes without saying
    return (*files, *_of_lock(planned, there))


def remarkable(standings: Iterable[Standing]) -> tuple[Standing, ...]:
    """Those of which something is to be said."""
    return tuple(one for one in standings if (one.since, one.then) != (Since.NOTHING, Then.NOTHING))


def findings(standings: Iterable[Standing], folder: str, render: str, *, force: bool = False) -> Findings:
    """What keeps an output folder from being exactly what render would write.

    `folder` is the folder as messages call it, `render` the command line that writes it; `force`: whether that has to
    be forced whatever stands there.
    """
    wrong = [one for one in standings if one.then is not Then.NOTHING]
    return tuple(_finding(one, folder, f"{render} --force" if force or one.conflict else render) for one in wrong)


def _standings(changes: tuple[Change, ...], lock: Lock) -> Iterator[Standing]:
    for change in changes:
        yield Standing(
            path=change.path,
            since=_since(change.before, lock.files.get(change.path)),
            then=_THEN[change.action],
            line=_first_difference(change),
            conflict=change.conflict is not None,
        )
    for path in lock.files.keys() - {change.path for change in changes}:
        yield Standing(path=path, since=Since.DELETED, then=Then.NOTHING)


def _since(there: Entry | None, owned: Owned | None) -> Since:
    """What happened to a file that was last written as `owned` says, or never."""
    if there is None:
        return Since.NOTHING if owned is None else Since.DELETED
    if owned is None:
        return Since.FOREIGN
    kept = owned.wrote(there) and (owned.mode ^ there.mode) & EXECUTABLE == 0
    return Since.NOTHING if kept else Since.EDITED


def _of_lock(planned: Tree, there: Entry | None) -> Iterator[Standing]:
    """The lock file, when it alone would be written."""
    wanted = with_lock(planned)[LOCK]
    if there is None:
        yield Standing(path=LOCK, since=Since.NOTHING, then=Then.ADD)
    elif not same(there, wanted):
        line = _first_difference(Change(path=LOCK, action=Action.UPDATE, before=there, after=wanted))
        yield Standing(path=LOCK, since=Since.NOTHING, then=Then.MODIFY, line=line)


def _first_difference(change: Change) -> int:
    """The first line that is not the same before and after; 1 when there is nothing to compare."""
    if change.before is None or change.after is None or change.before.data == change.after.data:
        return 1
    before, after = change.before.data.splitlines(), change.after.data.splitlines()
    pairs = enumerate(zip(before, after, strict=False), start=1)
    shorter = max(1, min(len(before), len(after)))
    return next((number for number, (first, second) in pairs if first != second), shorter)


def _finding(standing: Standing, folder: str, render: str) -> Finding:
    code, slug, what = _verdict(standing)
    place = PurePosixPath(folder) / standing.path
    return Finding(
        code=code,
        slug=slug,
        severity=Severity.ERROR,
        message=f"`{standing.path}` {what}",
        where=Location(
            file=str(place),
            span=Span(line=standing.line, column=1, end_line=standing.line, end_column=1),
        ),
        hint=f"{_KEEP[slug] if standing.conflict else 'mend it'}: {render}",
    )


_KEEP = {
    "edited": "keep the edit in the topology or in a compose.override.yaml, or drop it",
    "foreign": "move it out of the way, or replace it",
    "orphaned": "keep the edit in another file, or drop it",
}
"""What to do before forcing, where somebody's work would be lost."""


def _verdict(standing: Standing) -> tuple[str, str, str]:
    """Code, name and words for a file that render would touch."""
    edited, deleted = standing.since is Since.EDITED, standing.since is Since.DELETED
    match standing.then:
        case Then.DELETE:
            why = ", and was edited by hand" if edited else ""
            return "CG904", "orphaned", f"is orphaned{why}: the topology no longer asks for it"
        case Then.ADD:
            why = "it was there after the last render" if deleted else "it was not rendered yet"
            return "CG903", "missing", f"is missing: {why}"
    if standing.since is Since.FOREIGN:
        return "CG905", "foreign", "is in the way: composegen did not write it"
    if edited:
        what = "was edited by hand" if standing.conflict else "lost or got its executable bit"
        return "CG902", "edited", f"{what} since the last render"
    return "CG901", "stale", "is stale: render would write it differently"
