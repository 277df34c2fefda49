from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import pytest

from composegen.artifacts import Entry, Tree
from composegen.changes import compare
from composegen.errors import ComposegenError
from composegen.io import disk, staging, sync
from composegen.io.exclusive import exclusive
from composegen.io.places import below
from composegen.manifest import LOCK, STAGING, Lock, dumps, owned

Make = Callable[[Mapping[str, str | bytes]], Path]
COMPOSE = PurePosixPath("box/compose.yaml")
SCRIPT = PurePosixPath("box/nfs/setup.sh")
TREE = {COMPOSE: Entry(data=b"name: x\n"), SCRIPT: Entry(data=b"#!/bin/sh\n", mode=0o755)}


def write(root: Path, tree: Tree) -> None:
    lock = disk.read_lock(root)
    changes = compare(tree, disk.read(root, [*tree, *lock.files]), lock.files)
    disk.apply(root, changes, Lock(files=owned(tree)))


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}


def test_writes_bytes_modes_and_the_lock(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write(tmp_path / "out", TREE)
    finally:
        os.umask(before)
    assert files(tmp_path / "out") == {str(COMPOSE), str(SCRIPT), str(LOCK)}
    assert disk.read(tmp_path / "out", TREE) == TREE
    assert stat.S_IMODE((tmp_path / "out" / LOCK).stat().st_mode) == 0o644
    assert disk.read_lock(tmp_path / "out").files == owned(TREE)


def test_writing_again_touches_nothing(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")}
    write(tmp_path, TREE)
    assert before == {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")}


def test_orphans_go_with_their_empty_folders_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    (tmp_path / "box" / ".env").write_text("mine")
    write(tmp_path, {COMPOSE: TREE[COMPOSE]})
    assert files(tmp_path) == {str(COMPOSE), "box/.env", str(LOCK)}
    assert not (tmp_path / "box" / "nfs").exists()


@pytest.mark.parametrize("path", ["../out", "/etc/hosts", "link/compose.yaml", "box/../../x"])
def test_no_path_leaves_the_folder(tree: Make, path: str) -> None:
    root = tree({"out/box/x": "", "elsewhere/compose.yaml": "theirs"}) / "out"
    (root / "link").symlink_to(root.parent / "elsewhere")
    planned = {PurePosixPath(path): Entry(data=b"mine")}
    with pytest.raises(ComposegenError, match="leads out of the output folder"):
        disk.read(root, planned)
    with pytest.raises(ComposegenError, match="leads out of the output folder"):
        disk.apply(root, compare(planned, {}, {}), Lock())
    assert files(root.parent) == {"out/box/x", "elsewhere/compose.yaml"}
    assert (root.parent / "elsewhere" / "compose.yaml").read_text() == "theirs"


@pytest.mark.parametrize("path", ["link/x", "box/link/x"])
def test_a_link_is_refused_even_when_it_stays_inside(tree: Make, path: str) -> None:
    root = tree({"box/y": ""})
    (root / path).parent.symlink_to(root / "box")
    with pytest.raises(ComposegenError, match="is a symbolic link; composegen writes through none"):
        disk.apply(root, compare({PurePosixPath(path): Entry(data=b"")}, {}, {}), Lock())


@pytest.mark.parametrize("path", [".git/config", "box/.git/hooks/x", f"{STAGING}/x"])
def test_names_that_are_no_place_for_a_tree(tmp_path: Path, path: str) -> None:
    with pytest.raises(ComposegenError, match="is no place for files of a tree"):
        write(tmp_path, {PurePosixPath(path): Entry(data=b"")})
    assert not files(tmp_path)


@pytest.mark.parametrize(
    ("first", "second"),
    [("box/x", "box/X"), ("box/x", "Box/y"), ("b/\u00e9", "b/e\u0301"), ("b/ma\u00df", "b/MASS"), ("a", "a/b")],
)
def test_paths_that_are_one_on_some_disks(tmp_path: Path, first: str, second: str) -> None:
    with pytest.raises(ComposegenError, match="cannot be side by side on every disk"):
        write(tmp_path, {PurePosixPath(path): Entry(data=b"") for path in (first, second)})
    assert not files(tmp_path)


def test_a_host_may_change_its_case(tmp_path: Path) -> None:
    write(tmp_path, {PurePosixPath("Box/x"): Entry(data=b"")})
    write(tmp_path, {PurePosixPath("box/x"): Entry(data=b"")})
    assert files(tmp_path) == {"box/x", str(LOCK)}


def test_an_orphan_that_is_a_planned_file_by_another_name_stays(tmp_path: Path) -> None:
    write(tmp_path, {PurePosixPath("Box/x"): Entry(data=b"")})
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "x").hardlink_to(tmp_path / "Box" / "x")  # what a disk shows that ignores case
    write(tmp_path, {PurePosixPath("box/x"): Entry(data=b"")})
    assert files(tmp_path) == {"Box/x", "box/x", str(LOCK)}


def test_a_hostile_lock_removes_nothing_outside(tree: Make) -> None:
    root = tree({"out/x": "", "elsewhere/mine": "mine"}) / "out"
    (root / "link").symlink_to(root.parent / "elsewhere")
    written = owned({PurePosixPath("link/mine"): Entry(data=b"mine")})
    with pytest.raises(ComposegenError):
        disk.read(root, written)
    changes = compare({}, {PurePosixPath("link/mine"): Entry(data=b"mine")}, written)
    with pytest.raises(ComposegenError):
        disk.apply(root, changes, Lock())
    assert (root.parent / "elsewhere" / "mine").exists()


@pytest.mark.parametrize("kind", ["a directory", "a symbolic link", "a named pipe"])
def test_only_plain_files_are_read(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "x"
    match kind:
        case "a directory":
            place.mkdir()
        case "a symbolic link":
            place.symlink_to("y")
        case _:
            os.mkfifo(place)
    with pytest.raises(ComposegenError, match=f"is {kind}, not a plain file"):
        disk.read(tmp_path, [PurePosixPath("x")])


OLD, NEW = Entry(data=b"old"), Entry(data=b"new")
BEFORE = {PurePosixPath(path): OLD for path in ("box/a", "box/b", "gone/c")}
AFTER = {PurePosixPath(path): NEW for path in ("box/a", "box/b", "zoo/d")}


def whole(root: Path, tree: Tree) -> None:
    assert files(root) == {str(path) for path in (*tree, LOCK)}
    assert {path: entry.data for path, entry in disk.read(root, tree).items()} == {
        path: entry.data for path, entry in tree.items()
    }
    assert disk.read_lock(root).files == owned(tree)
    folders = {place.relative_to(root).as_posix() for place in root.rglob("*") if place.is_dir()}
    assert folders == {path.parent.as_posix() for path in tree}


@pytest.mark.parametrize("survivors", range(7))
def test_a_file_that_cannot_be_staged_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survivors: int
) -> None:
    write(tmp_path, BEFORE)
    _fails(monkeypatch, os, "open", survivors, lambda *arguments, **_: arguments[1] & os.O_CREAT)
    _writes_or_not(tmp_path, monkeypatch)


@pytest.mark.parametrize("survivors", range(6))
def test_a_rename_that_fails_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survivors: int) -> None:
    write(tmp_path, BEFORE)
    _fails(monkeypatch, Path, "replace", survivors, lambda *_: True)
    _writes_or_not(tmp_path, monkeypatch)


@pytest.mark.parametrize("survivors", range(11))
def test_a_disk_that_cannot_sync_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survivors: int) -> None:
    write(tmp_path, BEFORE)
    _fails(monkeypatch, os, "fsync", survivors, lambda *_: True)
    _writes_or_not(tmp_path, monkeypatch)


def test_folders_that_cannot_be_made_are_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, BEFORE)
    _fails(monkeypatch, os, "mkdir", 1, lambda *_, **__: True)
    _writes_or_not(tmp_path, monkeypatch)


def _fails(
    patch: pytest.MonkeyPatch, where: object, name: str, survivors: int, concerned: Callable[..., object]
) -> None:
    """Let a call of the system fail once, after so many that succeed."""
    real = getattr(where, name)
    left = iter(range(survivors))
    failed: list[bool] = []

    def failing(*arguments: object, **options: object) -> object:
        if not failed and concerned(*arguments, **options) and next(left, None) is None:
            failed.append(True)
            raise OSError(28, "No space left on device", str(arguments[0]))
        return real(*arguments, **options)

    patch.setattr(where, name, failing)


def _writes_or_not(root: Path, patch: pytest.MonkeyPatch) -> None:
    try:
        write(root, AFTER)
    except ComposegenError as error:
        done = "No space left on device; everything was written" in str(error)
        assert done or "No space left on device; nothing was written" in str(error)  # noqa: PT017 - both ends are right
        whole(root, AFTER if done else BEFORE)
    else:
        whole(root, AFTER)
    patch.undo()
    write(root, AFTER)
    whole(root, AFTER)


def test_what_cannot_be_undone_is_repaired_by_the_next_render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, BEFORE)
    with monkeypatch.context() as broken:
        real = Path.replace
        left = iter(range(1))

        def dying(self: Path, target: Path) -> Path:
            if next(left, None) is None:
                raise OSError(5, "Input/output error", str(target))
            return real(self, target)

        broken.setattr(Path, "replace", dying)
        with pytest.raises(ComposegenError, match="broken off half-way, and the next render finishes it"):
            write(tmp_path, AFTER)
    assert staging.is_left(tmp_path)
    other = {PurePosixPath("box/a"): Entry(data=b"other")}
    lock = disk.read_lock(tmp_path)
    assert not compare(other, disk.read(tmp_path, [*other, *lock.files]), lock.files).conflicts
    write(tmp_path, other)
    whole(tmp_path, other)


def test_what_is_written_meanwhile_is_not_lost(tmp_path: Path) -> None:
    write(tmp_path, BEFORE)
    lock = disk.read_lock(tmp_path)
    for path in ("box/a", "gone/c", "zoo/d"):
        changes = compare(AFTER, disk.read(tmp_path, [*AFTER, *lock.files]), lock.files)
        place = tmp_path / path
        there = place.exists()
        place.parent.mkdir(exist_ok=True)
        place.write_text("by hand, just now")
        with pytest.raises(ComposegenError, match=f"{path} changed while composegen was at work; nothing was written"):
            disk.apply(tmp_path, changes, Lock(files=owned(AFTER)))
        assert place.read_text() == "by hand, just now"
        place.write_text("old")
        if not there:
            place.unlink()
            place.parent.rmdir()
        whole(tmp_path, BEFORE)


def test_folders_without_permission_are_found_before_the_first_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, BEFORE)
    with monkeypatch.context() as denied:
        denied.setattr(os, "access", lambda place, _: place != tmp_path / "gone")
        denied.setattr(Path, "replace", lambda *_: pytest.fail("a rename"))
        with pytest.raises(ComposegenError, match="gone: no permission to write there; nothing was written"):
            write(tmp_path, AFTER)
    whole(tmp_path, BEFORE)


def test_without_second_names_the_old_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, BEFORE)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    with monkeypatch.context() as poor:
        poor.setattr(os, "link", refuse)
        _fails(poor, Path, "replace", 2, lambda *_: True)
        with pytest.raises(ComposegenError):
            write(tmp_path, AFTER)
        whole(tmp_path, BEFORE)
        write(tmp_path, AFTER)
    whole(tmp_path, AFTER)


def test_many_files_are_synced_at_once_and_before_the_first_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    one, every, rename = os.fsync, sync._sync_all, Path.replace

    def of_one(descriptor: int) -> None:
        happened.append("one")
        one(descriptor)

    def of_all(root: Path) -> None:
        happened.append("all")
        every(root)

    def renamed(self: Path, target: Path) -> Path:
        happened.append("rename")
        return rename(self, target)

    with monkeypatch.context() as watched:
        watched.setattr(os, "fsync", of_one)
        watched.setattr(sync, "_sync_all", of_all)
        watched.setattr(Path, "replace", renamed)
        write(tmp_path, {PurePosixPath("box/a"): NEW})
        assert happened == ["one"] * 4 + ["rename"] + ["one"] * 2 + ["rename", "one"]
        happened.clear()
        write(tmp_path, {PurePosixPath(f"box/{number}"): NEW for number in range(20)})
        assert happened == ["all"] + ["rename"] * 20 + ["one"] + ["rename", "one"]


def test_a_journal_that_is_not_whole_says_nothing(tree: Make) -> None:
    whole_one = dumps(Lock(files=owned({PurePosixPath("a"): NEW})))
    for journal, known in ((whole_one, True), (whole_one[:-9], False), (b"", False)):
        root = tree({"a": "new", f"{STAGING}/journal-1.json": journal})
        assert bool(disk.read_lock(root).files) is known


def test_of_a_journal_only_what_was_done_counts(tree: Make) -> None:
    journal = dumps(Lock(files=owned(dict.fromkeys(map(PurePosixPath, "abc"), NEW))))
    root = tree({"a": "new", "b": "by hand", f"{STAGING}/journal-1.json": journal})
    assert disk.read_lock(root).files == owned({PurePosixPath("a"): NEW})


@pytest.mark.parametrize("name", ["mine.txt", "new-x", "journal-1.json/x", "new-1/x"])
def test_the_staging_folder_is_not_swept_of_what_is_not_ours(tree: Make, name: str) -> None:
    root = tree({f"{STAGING}/{name}": "mine"})
    with pytest.raises(ComposegenError, match="is not composegen's"):
        write(root, TREE)
    assert files(root) == {f"{STAGING}/{name}"}


def test_folders_of_an_exclusive_writer_that_wrote_nothing_go(tmp_path: Path) -> None:
    with exclusive(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
        with pytest.raises(ComposegenError, match="another composegen is writing"), exclusive(tmp_path / "a" / "b", 0):
            pass
    assert not (tmp_path / "a").exists()
    with exclusive(tmp_path / "a", 0), exclusive(tmp_path / "b", 0):
        pass


def test_a_folder_that_vanished_before_it_was_held_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "out"
    real = fcntl.flock
    vanishes = iter([True])

    def late(descriptor: int, how: int) -> None:
        if next(vanishes, False):
            root.rmdir()  # by the writer before us, who made it and wrote nothing
        real(descriptor, how)

    with monkeypatch.context() as raced:
        raced.setattr(fcntl, "flock", late)
        with exclusive(root):
            assert root.is_dir()


def test_where_a_topology_may_write(tmp_path: Path) -> None:
    assert below(tmp_path, "a/b") == tmp_path / "a" / "b"
    assert below(tmp_path, ".") == tmp_path
    for stated in ("..", "a/../../b", "/b"):
        with pytest.raises(ComposegenError, match="leads out of the topology's folder"):
            below(tmp_path, stated)


def test_a_file_in_the_way_of_a_folder_is_an_error(tree: Make) -> None:
    root = tree({"box": "a file"})
    with pytest.raises(ComposegenError):
        write(root, TREE)
    assert files(root) == {"box"}
