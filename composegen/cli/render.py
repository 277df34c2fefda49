"""`composegen render`: from a topology to files. All is rendered in memory before the first byte is written."""

from __future__ import annotations

import shlex
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from composegen.changes import Action, Changes, compare
from composegen.cli import options, streams
from composegen.errors import ComposegenError, ExitCode
from composegen.io import disk
from composegen.manifest import Lock, Owned, owned

if TYPE_CHECKING:
    from composegen.artifacts import Tree
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled

README = PurePosixPath("README.md")


@click.command("render", short_help="Write the files of every host.")
@options.topology
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Output folder. Default: `output:` of the topology, else deploy, beside the topology.",
)
@click.option("--host", metavar="NAME", help="Write only the files of this host; leave all others alone.")
@click.option("--stdout", metavar="FILE", help="Print this file of the tree; write nothing.")
@click.option("-n", "--dry-run", is_flag=True, help="Print what would be written; write nothing.")
@click.option("--force", is_flag=True, help="Replace files that were edited by hand or not written by composegen.")
@click.option(
    "--prune/--no-prune", default=True, show_default=True, help="Remove files that are no longer part of the tree."
)
@options.strict
@options.env_file
@options.colour
def command(  # noqa: PLR0913 - one parameter per option
    topology: str | None,
    output: str | None,
    host: str | None,
    stdout: str | None,
    env_file: tuple[str, ...],
    *,
    dry_run: bool,
    force: bool,
    prune: bool,
    strict: bool,
) -> None:
    """Check TOPOLOGY (default: topology.yaml, - is standard input) and write the files of every host.

    Either all files are written or none. Files edited by hand are never replaced without --force.
    """
    from composegen import pipeline
    from composegen.io.source import open_topology

    opened = open_topology(topology, env_file)
    compiled = pipeline.compile(opened.source, opened.world)
    tree = _checked(opened, compiled, strict=strict)
    if stdout is not None:
        streams.result(_file(tree, stdout))
        return
    root = _root(opened, compiled, output)
    lock = disk.read_lock(root)
    if host is not None:
        tree = _of_host(tree, host)
    changes, after = _decide(root, tree, lock, host)
    if not prune:
        changes = changes.without_deletions()
        after = {**{path: entry for path, entry in lock.files.items() if path not in after}, **after}
    _refuse(root, changes, force=force)
    if dry_run:
        streams.result("".join(f"{line}\n" for line in [*_list(changes), f"Would write to {root}: {_tally(changes)}."]))
        return
    disk.apply(root, changes, Lock(files=after))
    for line in _list(changes):
        streams.say(line)
    streams.say(f"{root}: {_tally(changes)}.")
    streams.say(f"Next: read {shlex.quote(str(root / README))}, the run book: first start, host by host.")


def _checked(opened: Opened, compiled: Compiled, *, strict: bool) -> Tree:
    """The tree, after printing the findings; ends the command when they forbid to go on."""
    blocked = options.blocks(compiled.findings, strict=strict)
    if compiled.findings:
        about = options.sources(opened.source, opened.world, compiled)
        options.print_report(compiled.findings, about, ending="nothing was written" if blocked else "")
    if blocked or compiled.tree is None:
        options.end(ExitCode.FINDINGS)
        raise AssertionError
    return compiled.tree


def _root(opened: Opened, compiled: Compiled, output: str | None) -> Path:
    """The output folder: `-o`, else `output:` of the topology, relative to it."""
    if output is not None:
        return Path(output)
    if compiled.topology is None:
        raise AssertionError
    return opened.folder / compiled.topology.output


def _file(tree: Tree, wanted: str) -> bytes:
    """One file of the tree. Raises ComposegenError when there is none of that name."""
    entry = tree.get(PurePosixPath(wanted))
    if entry is None:
        raise ComposegenError(f"there is no file {wanted!r} in the tree; there are:\n  " + "\n  ".join(map(str, tree)))
    return entry.data


def _of_host(tree: Tree, host: str) -> Tree:
    """The files of one host. Raises ComposegenError when it has none."""
    chosen = {path: entry for path, entry in tree.items() if path.parts[0] == host and len(path.parts) > 1}
    if not chosen:
        hosts = sorted({path.parts[0] for path in tree if len(path.parts) > 1})
        raise ComposegenError(f"there is no host {host!r} with files; there are: {', '.join(hosts)}")
    return chosen


def _decide(root: Path, tree: Tree, lock: Lock, host: str | None) -> tuple[Changes, dict[PurePosixPath, Owned]]:
    """What to change, and what the lock says afterwards; with a host, only its folder is looked at."""
    concerned = {path: entry for path, entry in lock.files.items() if host is None or path.parts[0] == host}
    changes = compare(tree, disk.read(root, [*tree, *concerned]), concerned)
    others = {path: entry for path, entry in lock.files.items() if path not in concerned}
    return changes, {**others, **owned(tree)}


def _refuse(root: Path, changes: Changes, *, force: bool) -> None:
    """End the command when somebody's work would be lost."""
    if force or not changes.conflicts:
        return
    for change in changes.conflicts:
        streams.say(f"  ! {root / change.path}: {change.conflict.value if change.conflict else ''}")
    edited = shlex.quote(str(root))
    streams.say(
        f"{len(changes.conflicts)} of your files would be lost; nothing was written. Three ways on:\n"
        "  - keep the edit: move it to a compose.override.yaml beside compose.yaml; Compose merges it\n"
        f"  - look at it: git diff {edited}; what belongs into the topology, write there\n"
        "  - drop it: render again with --force"
    )
    options.end(ExitCode.FINDINGS)


def _list(changes: Changes) -> list[str]:
    """One line per file that changes."""
    return [f"  {change.action.value} {change.path}" for change in changes.effective]


def _tally(changes: Changes) -> str:
    """How many files: `3 new, 1 changed, 2 unchanged`."""
    words = {
        Action.CREATE: "new",
        Action.UPDATE: "changed",
        Action.DELETE: "removed",
        Action.KEEP: "unchanged",
    }
    parts = [f"{changes.count(action)} {word}" for action, word in words.items() if changes.count(action)]
    return ", ".join(parts) or "no files"
