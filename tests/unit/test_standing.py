"""How files stand: every pair of what happened and what render would do, and the finding that follows."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from composegen import standing
from composegen.artifacts import Entry, Tree
from composegen.changes import compare
from composegen.manifest import LOCK, Lock, dumps, owned, with_lock
from composegen.standing import Since, Standing, Then, findings, remarkable

FILE = PurePosixPath("box/compose.yaml")
OLD = Entry(data=b"a\nb\nc\n")
NEW = Entry(data=b"a\nB\nc\n")
MINE = Entry(data=b"a\nb\nmine\n")
SCRIPT = Entry(data=b"#!/bin/sh\n", mode=0o755)
NOT_EXECUTABLE = Entry(data=b"#!/bin/sh\n", mode=0o644)


def standings(planned: Tree, actual: Tree, lock: Lock) -> tuple[Standing, ...]:
    """How the files stand, with the changes that follow from the same."""
    return standing.standings(planned, compare(planned, actual, lock.files), lock, actual.get(LOCK))


def pair(planned: Entry | None, there: Entry | None, written: Entry | None) -> tuple[str, str, str, int]:
    """Both columns, code and line of the one file, which must be the only one that matters."""
    tree = {FILE: planned} if planned else {}
    lock = Lock(files=owned({FILE: written} if written else {}))
    actual = {FILE: there} if there else {}
    actual[LOCK] = Entry(data=dumps(lock))
    first, *_ = standings(tree, actual, lock)
    assert first.path == FILE
    found = findings([first], "deploy", "composegen render")
    return first.since.value, first.then.value, "".join(one.code for one in found), first.line


@pytest.mark.parametrize(
    ("planned", "there", "written", "expected"),
    [
        (OLD, OLD, OLD, (" ", " ", "", 1)),
        (NEW, OLD, OLD, (" ", "M", "CG901", 2)),
        (OLD, MINE, OLD, ("M", "M", "CG902", 3)),
        (NEW, MINE, OLD, ("M", "M", "CG902", 2)),
        (NEW, NEW, OLD, ("M", " ", "", 1)),
        (OLD, None, OLD, ("D", "A", "CG903", 1)),
        (OLD, None, None, (" ", "A", "CG903", 1)),
        (None, OLD, OLD, (" ", "D", "CG904", 1)),
        (None, MINE, OLD, ("M", "D", "CG904", 1)),
        (None, None, OLD, ("D", " ", "", 1)),
        (OLD, MINE, None, ("?", "M", "CG905", 3)),
        (OLD, OLD, None, ("?", " ", "", 1)),
        (SCRIPT, NOT_EXECUTABLE, SCRIPT, ("M", "M", "CG902", 1)),
        (SCRIPT, Entry(data=SCRIPT.data, mode=0o700), SCRIPT, (" ", " ", "", 1)),
        (OLD, Entry(data=OLD.data, mode=0o664), OLD, (" ", " ", "", 1)),
    ],
)
def test_every_pair(
    planned: Entry | None, there: Entry | None, written: Entry | None, expected: tuple[str, str, str, int]
) -> None:
    assert pair(planned, there, written) == expected


def test_the_lock_file_is_said_only_where_it_is_all_that_differs() -> None:
    tree = {FILE: NEW}
    whole = with_lock(tree)
    assert not remarkable(standings(tree, whole, Lock(files=owned(tree))))
    (gone,) = remarkable(standings(tree, {**whole, FILE: NEW, LOCK: Entry(data=b"{}")}, Lock(files=owned(tree))))
    assert (gone.path, gone.since, gone.then) == (LOCK, Since.NOTHING, Then.MODIFY)
    missing = remarkable(standings(tree, {FILE: NEW}, Lock()))
    assert [(one.path, one.since, one.then) for one in missing] == [
        (FILE, Since.FOREIGN, Then.NOTHING),
        (LOCK, Since.NOTHING, Then.ADD),
    ]
    assert LOCK not in {one.path for one in standings(tree, {FILE: OLD, LOCK: Entry(data=b"{}")}, Lock())}


def test_a_file_that_nobody_asks_for_and_that_is_gone_leaves_the_lock_stale() -> None:
    lock = Lock(files=owned({FILE: OLD}))
    found = standings({}, {LOCK: Entry(data=dumps(lock))}, lock)
    assert [(one.path, one.then) for one in found] == [(FILE, Then.NOTHING), (LOCK, Then.MODIFY)]
    (finding,) = findings(found, "deploy", "composegen render")
    assert (finding.code, finding.where.file) == ("CG901", f"deploy/{LOCK}")


def test_a_shorter_file_differs_where_it_ends() -> None:
    lock = Lock(files=owned({FILE: OLD}))
    for there, line in ((b"a\n", 1), (b"", 1), (b"a\nb\n", 2), (OLD.data + b"d\n", 3)):
        (one,) = standings({FILE: OLD}, {FILE: Entry(data=there)}, lock)
        assert one.line == line, there


def test_a_finding_names_file_and_line_and_the_mending_command_but_no_content() -> None:
    lock = Lock(files=owned({FILE: OLD}))
    (finding,) = findings(standings({FILE: NEW}, {FILE: MINE}, lock), "a/deploy", "composegen render x.yaml")
    assert finding.where.file == "a/deploy/box/compose.yaml"
    assert finding.where.span is not None
    assert finding.where.span.line == 2
    assert "`box/compose.yaml`" in finding.message
    assert finding.hint.endswith(", or drop it: composegen render x.yaml --force")
    assert "compose.override.yaml" in finding.hint
    assert "mine" not in f"{finding}"
    (stale,) = findings(standings({FILE: NEW}, {FILE: OLD}, lock), "deploy", "composegen render")
    assert stale.hint == "mend it: composegen render"
