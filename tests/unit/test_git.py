"""Reading files out of commits: real repositories, made by the git of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from composegen.errors import ComposegenError
from composegen.io import git

Make = Callable[..., Path]
A, B = PurePosixPath("a.yaml"), PurePosixPath("host/run it.sh")


def run(folder: Path, *words: str) -> str:
    settings = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(two_commits: Path, tmp_path: Path) -> Path:
    """Two commits of a folder `deploy`; the working tree is a third state."""
    return shutil.copytree(two_commits, tmp_path / "re po")


@pytest.fixture(scope="module")
def two_commits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each test gets a copy of."""
    top = tmp_path_factory.mktemp("repository")
    deploy = top / "deploy"
    (deploy / "host").mkdir(parents=True)
    run(top, "init")
    (deploy / A).write_bytes(b"one\r\n")
    (deploy / B).write_bytes(b"#!/bin/sh\n")
    (deploy / B).chmod(0o755)
    (top / "other.txt").write_text("not ours")
    run(top, "add", ".")
    run(top, "commit", "-m", "first")
    run(top, "tag", "v1")
    (deploy / A).write_bytes(b"two\n")
    run(top, "commit", "-a", "-m", "second")
    (deploy / A).write_bytes(b"three\n")
    return top


def read(repository: Path, name: str, *paths: PurePosixPath) -> dict[PurePosixPath, bytes]:
    commit = git.commit(repository, name)
    assert commit is not None
    return {path: entry.data for path, entry in commit.read(repository / "deploy", paths).items()}


@pytest.mark.slow
def test_files_are_those_of_the_commit(repository: Path) -> None:
    assert read(repository, "v1", A, B) == {A: b"one\r\n", B: b"#!/bin/sh\n"}
    assert read(repository, "HEAD~1", A) == {A: b"one\r\n"}
    assert read(repository, "main", A) == {A: b"two\n"}


def test_permission_bits_come_along(repository: Path) -> None:
    commit = git.commit(repository, "main")
    assert commit is not None
    assert {path: entry.mode for path, entry in commit.read(repository / "deploy", [A, B]).items()} == {
        A: 0o644,
        B: 0o755,
    }


def test_what_is_not_there_is_left_out(repository: Path) -> None:
    assert read(repository, "main", A, PurePosixPath("none.yaml"), PurePosixPath("other.txt")) == {A: b"two\n"}
    commit = git.commit(repository, "main")
    assert commit is not None
    assert commit.read(repository / "nowhere", [A]) == {}
    assert commit.read(repository, [PurePosixPath("other.txt")])[PurePosixPath("other.txt")].data == b"not ours"


def test_nothing_is_changed_by_reading(repository: Path) -> None:
    run(repository, "status")  # brings the index up to date
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    read(repository, "v1", A, B)
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before


@pytest.mark.parametrize("name", ["nowhere", "", "--all", "-h", "v1:deploy/a.yaml", "a b", "main..v1", "é", "'; ls #"])
def test_what_is_no_commit(repository: Path, name: str) -> None:
    assert git.commit(repository, name) is None


def test_a_nul_in_a_name(repository: Path) -> None:
    with pytest.raises(ComposegenError, match="NUL"):
        git.commit(repository, "ma\0in")


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(ComposegenError, match="not a git repository"):
        git.commit(tmp_path, "main")


def test_a_folder_elsewhere(repository: Path, tmp_path: Path) -> None:
    commit = git.commit(repository, "main")
    assert commit is not None
    with pytest.raises(ComposegenError, match="not in the git repository"):
        commit.read(tmp_path / "elsewhere", [A])


def test_a_symbolic_link_is_refused(repository: Path) -> None:
    (repository / "deploy" / A).unlink()
    (repository / "deploy" / A).symlink_to("/etc/passwd")
    run(repository, "commit", "-a", "-m", "a link")
    with pytest.raises(ComposegenError, match=r"HEAD:.*a\.yaml is a symbolic link, not a plain file"):
        read(repository, "HEAD", A)


def test_git_is_not_installed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ComposegenError, match="git is not installed here"):
        git.commit(repository, "main")


def test_the_folder_decides_which_repository(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert read(repository, "main", A) == {A: b"two\n"}
    monkeypatch.delenv("GIT_DIR")


@pytest.mark.slow
def test_many_files(repository: Path) -> None:
    paths = [PurePosixPath(f"{number:04}") for number in range(400)]
    for path in paths:
        (repository / "deploy" / path).write_bytes(os.fsencode(str(path)) * 40)
    run(repository, "add", ".")
    run(repository, "commit", "-m", "many")
    found = read(repository, "HEAD", *paths)
    assert found == {path: os.fsencode(str(path)) * 40 for path in paths}
