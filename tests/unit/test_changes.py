from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composegen.artifacts import Entry
from composegen.changes import Action, Conflict, compare
from composegen.manifest import owned

PATH = PurePosixPath("box/compose.yaml")
OURS, NEW, THEIRS = (Entry(data=data) for data in (b"ours", b"new", b"theirs"))


@pytest.mark.parametrize(
    ("planned", "actual", "written", "action", "conflict"),
    [
        (NEW, None, None, Action.CREATE, None),
        (NEW, None, OURS, Action.CREATE, None),
        (NEW, OURS, OURS, Action.UPDATE, None),
        (NEW, NEW, OURS, Action.KEEP, None),
        (NEW, NEW, None, Action.KEEP, None),
        (NEW, THEIRS, OURS, Action.UPDATE, Conflict.EDITED),
        (NEW, THEIRS, None, Action.UPDATE, Conflict.FOREIGN),
        (None, OURS, OURS, Action.DELETE, None),
        (None, THEIRS, OURS, Action.DELETE, Conflict.EDITED),
        (Entry(data=b"x", mode=0o755), Entry(data=b"x", mode=0o644), None, Action.UPDATE, None),
        (Entry(data=b"x", mode=0o644), Entry(data=b"x", mode=0o664), None, Action.KEEP, None),
    ],
)
def test_one_file(
    planned: Entry | None, actual: Entry | None, written: Entry | None, action: Action, conflict: Conflict | None
) -> None:
    def at(entry: Entry | None) -> dict[PurePosixPath, Entry]:
        return {} if entry is None else {PATH: entry}

    (change,) = compare(at(planned), at(actual), owned(at(written))).items
    assert (change.action, change.conflict) == (action, conflict)


def test_a_file_that_was_ours_and_is_gone_needs_nothing() -> None:
    assert compare({}, {}, owned({PATH: OURS})).items == ()


def test_a_file_of_somebody_else_is_not_seen() -> None:
    assert compare({}, {PATH: THEIRS}, {}).items == ()


@pytest.mark.parametrize(
    ("there", "removed", "much"), [(10, 4, True), (10, 3, False), (9, 9, False), (12, 4, False), (12, 5, True)]
)
def test_removing_much(there: int, removed: int, *, much: bool) -> None:
    actual = {PurePosixPath(str(number)): OURS for number in range(there)}
    planned = {PurePosixPath(str(number)): NEW for number in range(removed, there + 100)}  # new ones do not count
    changes = compare(planned, actual, owned(actual))
    assert changes.removes_much is much
    assert not changes.without_deletions().removes_much


TREES = st.dictionaries(
    st.sampled_from([PurePosixPath(name) for name in "abcd"]), st.builds(Entry, data=st.binary(max_size=1))
)


@pytest.mark.slow
@given(TREES, TREES, TREES)
def test_laws(
    planned: dict[PurePosixPath, Entry], actual: dict[PurePosixPath, Entry], written: dict[PurePosixPath, Entry]
) -> None:
    changes = compare(planned, actual, owned(written))
    after = dict(actual)
    for change in changes.items:
        if change.action is Action.DELETE:
            del after[change.path]
        elif change.after is not None:
            after[change.path] = change.after
    foreign = actual.keys() - planned.keys() - written.keys()
    assert after == {**planned, **{path: actual[path] for path in foreign}}
    assert not compare(planned, after, owned(planned)).effective
    for change in changes.effective:
        unsaved = change.before is not None and change.before not in (written.get(change.path), change.after)
        assert (change.conflict is not None) == unsaved
