"""What `check` and `status` look at: the output folder beside what render would write into it. Nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from composegen.cli.progress import Bar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from composegen.cli.request import Request
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled
    from composegen.standing import Standing


class Compared(Struct, frozen=True, kw_only=True):
    """How the output folder stands; `root` and `standings` are None when the topology has errors."""

    opened: Opened
    compiled: Compiled
    root: Path | None = None
    standings: tuple[Standing, ...] | None = None
    removes_much: bool = False
    """Whether render would ask for `--force` because of how much it would remove."""


def compare(request: Request) -> Compared:
    """Render in memory and read what is there. Raises ComposegenError when something cannot be read."""
    from composegen import changes as decisions
    from composegen import pipeline
    from composegen.io import disk
    from composegen.io.places import output_folder
    from composegen.io.source import open_topology
    from composegen.manifest import LOCK
    from composegen.standing import standings

    opened = open_topology(request.topology, request.env_file, request.templates)
    with Bar() as bar:
        compiled = pipeline.compile(opened.source, opened.world, bar.steps("rendering"))
    if compiled.tree is None or compiled.topology is None:
        return Compared(opened=opened, compiled=compiled)
    root = output_folder(opened.folder, request.output, compiled.topology.output)
    lock, actual = disk.found(root, compiled.tree)
    changes = decisions.compare(compiled.tree, actual, lock.files)
    found = standings(compiled.tree, changes, lock, actual.get(LOCK))
    return Compared(opened=opened, compiled=compiled, root=root, standings=found, removes_much=changes.removes_much)


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Two columns, aligned."""
    rows = list(rows)
    width = max((len(first) for first, _ in rows), default=0)
    return "".join(f"  {first.ljust(width)}  {second}\n" for first, second in rows)
