from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

from composegen.artifacts import Entry, Tree
from composegen.changes import compare
from composegen.errors import ComposegenError
from composegen.io import disk
from composegen.manifest import LOCK, Lock, owned

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


def test_a_failure_while_staging_changes_nothing(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree({"out/box/compose.yaml": "old"}) / "out"
    planned = {**TREE, PurePosixPath("zoo/last"): Entry(data=b"last")}
    changes = compare(planned, {COMPOSE: Entry(data=b"old")}, owned({COMPOSE: Entry(data=b"old")}))
    real = disk._write_beside

    def full(place: Path, entry: Entry) -> Path:
        if place.name == "last":
            raise OSError(28, "No space left on device", str(place))
        return real(place, entry)

    monkeypatch.setattr(disk, "_write_beside", full)
    with pytest.raises(ComposegenError, match="last: No space left on device"):
        disk.apply(root, changes, Lock(files=owned(planned)))
    assert files(root) == {"box/compose.yaml"}
    assert (root / COMPOSE).read_text() == "old"
    assert not (root / "zoo").exists()
    assert not (root / "box" / "nfs").exists()


def test_a_file_in_the_way_of_a_folder_is_an_error(tree: Make) -> None:
    root = tree({"box": "a file"})
    with pytest.raises(ComposegenError):
        write(root, TREE)
    assert files(root) == {"box"}


def test_a_crash_after_any_rename_is_repaired_by_the_next_render(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {PurePosixPath(name): Entry(data=b"old") for name in "abc"}
    new = {PurePosixPath(name): Entry(data=b"new") for name in "abd"}
    real = Path.replace
    for survivors in range(4):
        root = tmp_path / str(survivors)
        write(root, old)
        left = iter(range(survivors))

        def dying(self: Path, target: Path, left: Iterator[int] = left) -> Path:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return real(self, target)

        with monkeypatch.context() as dies:
            dies.setattr(Path, "replace", dying)
            with pytest.raises(KeyboardInterrupt):
                write(root, new)
        lock = disk.read_lock(root)
        assert not compare(new, disk.read(root, [*new, *lock.files]), lock.files).conflicts
        write(root, new)
        assert disk.read(root, new) == new
        assert not (root / "c").exists()
