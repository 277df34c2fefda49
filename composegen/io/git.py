"""Files as they stand in a commit: read out of git's own objects, without a checkout, a hook or a network."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from msgspec import Struct

from composegen.artifacts import Entry
from composegen.errors import ComposegenError

_KINDS = {"120000": "a symbolic link", "160000": "a submodule"}
"""What an entry of a tree is that is no plain file, by git's mode (git-fast-import(1) lists them)."""

_SETTINGS = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}
"""Nothing is written, fetched or asked, and a path is a path whatever characters it has."""

_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE")
"""What git tells the hooks that it runs; here the folder decides which repository is meant."""


class Blob(Struct, frozen=True, kw_only=True):
    """A file of a commit, unread: git's mode of six digits, and the name of its object."""

    mode: str
    object: str


class Commit(Struct, frozen=True, kw_only=True, dict=True):
    """A commit of the repository whose top folder is `top`; `name` is what the person called it."""

    top: Path
    name: str
    id: str

    def read(self, root: Path, paths: Iterable[PurePosixPath]) -> Mapping[PurePosixPath, Entry]:
        """The files at these paths below `root`, a folder of the repository, as `io.disk.read` gives those on disk.

        Raises ComposegenError where something other than a plain file stands, or where `root` is in no repository.
        """
        blobs = self._below(self._inside(root))
        found = {path: blobs[path] for path in paths if path in blobs}
        for path, blob in found.items():
            if blob.mode in _KINDS:
                raise ComposegenError(f"{self.name}:{root / path} is {_KINDS[blob.mode]}, not a plain file")
        contents = _contents(self.top, [blob.object for blob in found.values()])
        return {
            path: Entry(data=data, mode=int(blob.mode[-3:], 8))
            for (path, blob), data in zip(found.items(), contents, strict=True)
        }

    def paths(self, root: Path) -> tuple[PurePosixPath, ...]:
        """Everything that the commit has below `root`, relative to it; nothing where it has no such folder."""
        return tuple(sorted(self._below(self._inside(root))))

    def _inside(self, folder: Path) -> PurePosixPath:
        """The folder, relative to the top of the repository."""
        try:
            return PurePosixPath(folder.resolve().relative_to(self.top.resolve()))
        except ValueError as error:
            raise ComposegenError(f"{folder} is not in the git repository {self.top}") from error

    def _below(self, folder: PurePosixPath) -> Mapping[PurePosixPath, Blob]:
        """The files below a folder, by their paths relative to it."""
        if not folder.parts:
            return self._files
        return {path.relative_to(folder): blob for path, blob in self._files.items() if path.is_relative_to(folder)}

    @cached_property
    def _files(self) -> Mapping[PurePosixPath, Blob]:
        """Every file of the commit."""
        listed = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", self.id)
        return dict(_blob(line) for line in listed.split(b"\0") if line)


def commit(folder: Path, name: str) -> Commit | None:
    """The commit that `name` (a branch, a tag, `HEAD~2`, …) means in the repository of `folder`; None for none.

    Raises ComposegenError when git is not installed, or `folder` is in no repository.
    """
    top = _git(folder, "rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").removesuffix("\n")
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    found = _run(folder, words)
    if found.returncode != 0:
        return None
    return Commit(top=Path(top), name=name, id=found.stdout.decode().strip())


def _blob(line: bytes) -> tuple[PurePosixPath, Blob]:
    """One line of ls-tree: `<mode> <type> <object>`, a tab, and the path."""
    facts, _, path = line.partition(b"\t")
    mode, _, name = facts.decode().split(" ")
    return PurePosixPath(path.decode("utf-8", "surrogateescape")), Blob(mode=mode, object=name)


def _contents(top: Path, objects: Sequence[str]) -> Iterator[bytes]:
    """The bytes of each object, in order: `<object> <type> <size>`, a line break, the bytes, a line break."""
    if not objects:
        return
    answer = _git(top, "cat-file", "--batch", told="".join(f"{name}\n" for name in objects))
    start = 0
    for name in objects:
        end = answer.index(b"\n", start)
        facts = answer[start:end].split(b" ")
        if len(facts) != len(("object", "type", "size")):
            raise ComposegenError(f"git has not the object {name}: fetch the commit first; composegen fetches nothing")
        size = int(facts[2])
        yield answer[end + 1 : end + 1 + size]
        start = end + 1 + size + 1


def _git(folder: Path, *words: str, told: str = "") -> bytes:
    """What git answers. Raises ComposegenError with git's own last words where it refuses."""
    done = _run(folder, words, told)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise ComposegenError(f"git, in {folder}: {said or f'exit code {done.returncode}'}")
    return done.stdout


def _run(folder: Path, words: Sequence[str], told: str = "") -> subprocess.CompletedProcess[bytes]:
    settings = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE} | _SETTINGS
    try:
        return subprocess.run(  # noqa: S603 - the words are ours, and what is not follows --end-of-options
            ["git", *words],  # noqa: S607 - the person's own git
            cwd=folder,
            input=told.encode(),
            capture_output=True,
            env=settings,
            check=False,
        )
    except ValueError as error:
        raise ComposegenError(f"git, in {folder}: a name with a NUL means nothing to it") from error
    except FileNotFoundError as error:
        raise ComposegenError("git is not installed here; without it, compare with a folder: --against DIR") from error
    except OSError as error:
        raise ComposegenError(f"git, in {folder}: {error.strerror or error}") from error
