"""The side of `composegen diff` that is there already, to which the planned files are compared. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from composegen.cli.request import Request
from composegen.errors import ComposegenError
from composegen.io import disk
from composegen.manifest import LOCK, Lock, Owned, loads, owned, with_lock

if TYPE_CHECKING:
    from composegen.artifacts import Entry, Tree
    from composegen.io.git import Commit
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled, Source, World
    from composegen.report.review import Locate


class Before(Struct, frozen=True, kw_only=True):
    """Files as they are, and what of them composegen wrote.

    `name` is what people call this side. `compiled` is the topology that it was rendered from, where that is known, and
    `topology` its name.
    """

    name: str
    files: Mapping[PurePosixPath, Entry]
    written: Mapping[PurePosixPath, Owned]
    compiled: Compiled | None = None
    topology: str = ""

    @property
    def locate(self) -> Locate | None:
        """Who finds the nodes of that topology."""
        return self.compiled.document.locate if self.compiled and self.compiled.document else None


def before(against: str | None, opened: Opened, root: Path, planned: Tree) -> Before:
    """The files in the output folder `root`, or of whatever `--against` names: a folder, a topology or a commit.

    `opened` is the topology that is compared. Raises ComposegenError when there is no such thing, or when it cannot be
    read.
    """
    if against is None:
        return _folder(root, planned, render=True)
    if not against.strip():
        raise ComposegenError("--against is empty: it needs a folder, a topology or a commit (origin/main)")
    path = Path(against)
    if path.is_dir():
        return _folder(path, planned, render=False)
    if path.is_file():
        return _topology(against)
    return _of_git(against, opened, root, planned)


def _folder(root: Path, planned: Tree, *, render: bool) -> Before:
    """A folder. Where no lock file says what is ours, all that is planned there is taken for it.

    `render`: the one that is rendered to, in which that would be in the way.
    """
    lock, files = disk.found(root, planned)
    told = render or LOCK in files or lock != Lock()
    written = lock.files if told else owned({path: files[path] for path in planned if path in files})
    return Before(name=str(root), files=files, written=written)


def _topology(name: str) -> Before:
    """What another topology renders to. Raises ComposegenError when it has errors."""
    from composegen.io.source import open_topology

    opened = open_topology(name)
    compiled = _compiled(opened.source, opened.world)
    if compiled.tree is None:
        raise ComposegenError(f"--against {name}: this topology has errors; see: {Request(name).line('validate')}")
    return _rendered(compiled, name)


def _rendered(compiled: Compiled, name: str) -> Before:
    """The files that a topology renders to; it must have no errors."""
    tree = compiled.tree or {}
    return Before(
        name=f"what {name} renders to", files=with_lock(tree), written=owned(tree), compiled=compiled, topology=name
    )


def _of_git(against: str, opened: Opened, root: Path, planned: Tree) -> Before:
    """The output folder as a commit has it; where none is kept in git, what the topology of that commit renders to."""
    from composegen.io import git

    commit = git.commit(opened.folder, against)
    if commit is None:
        raise ComposegenError(
            f"--against {against}: there is no such folder, topology or commit. A branch that is elsewhere must be "
            "fetched first (in GitHub Actions: actions/checkout with fetch-depth: 0)"
        )
    older = _older(commit, opened)
    topology = f"{against}:{opened.source.name}"
    lock = commit.read(root, [LOCK]).get(LOCK)
    if lock is not None:
        written = loads(lock.data, f"{against}:{root / LOCK}").files
        files = commit.read(root, [*planned, *written, LOCK])
        return Before(name=f"{against}:{root}", files=files, written=written, compiled=older, topology=topology)
    if older is None or older.tree is None:
        raise ComposegenError(
            f"--against {against}: that commit has no files of composegen in {root}, and no {opened.source.name} from "
            "which they could be rendered"
        )
    return _rendered(older, topology)


def _older(commit: Commit, opened: Opened) -> Compiled | None:
    """The topology as it is in a commit; None where it is not there. With errors it has no tree."""
    from composegen.pipeline import Source

    path = PurePosixPath(Path(opened.source.name).name)
    found = commit.read(opened.folder, [path]).get(path)
    if found is None:
        return None

    world = replace(opened.world, read=_reader(commit, opened.folder), folder=_templates(commit, opened))
    source = Source(name=f"{commit.name}:{opened.source.name}", data=found.data)
    return _compiled(source, world)


def _reader(commit: Commit, folder: Path) -> Callable[[str], bytes | None]:
    """Reads files beside the topology, as the commit has them."""

    def read(name: str) -> bytes | None:
        """The bytes of one file."""
        place = PurePosixPath(name)
        entry = commit.read(folder, [place]).get(place)
        return entry.data if entry else None

    return read


def _templates(commit: Commit, opened: Opened) -> Callable[[str], Mapping[str, bytes] | None]:
    """Reads a folder of templates beside the topology, as the commit has it."""
    from composegen.io.templates import SUFFIX

    def read(name: str) -> Mapping[str, bytes] | None:
        """The templates in it by path; None where there is no such folder."""
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts:
            return None
        paths = [path for path in commit.paths(opened.folder / place) if path.suffix == SUFFIX]
        found = commit.read(opened.folder / place, paths)
        return {str(path): entry.data for path, entry in found.items()} or None

    return read


def _compiled(source: Source, world: World) -> Compiled:
    from composegen import pipeline

    return pipeline.compile(source, world)
