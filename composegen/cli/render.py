"""`composegen render`: from a topology to files. All is rendered in memory before the first byte is written."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from composegen.changes import Action, Changes, compare
from composegen.cli import candidates, options, streams
from composegen.cli.progress import Bar
from composegen.cli.refusal import refuse
from composegen.errors import ComposegenError, ExitCode
from composegen.io import disk, staging
from composegen.io.exclusive import exclusive
from composegen.manifest import Lock, owned

if TYPE_CHECKING:
    from composegen.artifacts import Tree
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled

README = PurePosixPath("README.md")


@click.command("render", short_help="Write the files of every host.")
@options.topology
@options.output
@click.option(
    "--host",
    metavar="NAME",
    shell_complete=candidates.hosts,
    help="Write only the files of this host; leave all others alone.",
)
@click.option("--stdout", metavar="FILE", help="Print this file of the tree; write nothing.")
@click.option("-n", "--dry-run", is_flag=True, help="Print what would be written; write nothing.")
@click.option(
    "--force", is_flag=True, help="Replace files that were edited by hand or not written by composegen; remove many."
)
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

    Either all files are written or none. Files edited by hand are never replaced without --force, and neither is
    more than a third of the tree removed without it.
    """
    from composegen import pipeline
    from composegen.io.source import open_topology

    opened = open_topology(topology, env_file)
    with Bar() as bar:
        compiled = pipeline.compile(opened.source, opened.world, bar.steps("rendering"))
    tree = _checked(opened, compiled, strict=strict)
    if stdout is not None:
        streams.result(_file(tree, stdout))
        return
    root = options.root(opened, compiled, output)
    if host is not None:
        tree = _of_host(tree, host)
    with contextlib.nullcontext() if dry_run else exclusive(root):
        changes, after = _decide(root, tree, host, prune=prune)
        if dry_run:
            lines = [*_list(changes), f"Would write to {root}: {_tally(changes)}."]
            streams.result("".join(f"{line}\n" for line in lines))
        if not force:
            refuse(root, changes, topology)
        if dry_run:
            return
        if staging.is_left(root):
            streams.say(f"{root}: an earlier write was broken off; this one repairs it.")
        with Bar() as bar:
            disk.apply(root, changes, after, bar.steps("writing"))
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


def _decide(root: Path, tree: Tree, host: str | None, *, prune: bool) -> tuple[Changes, Lock]:
    """What to change, and what the lock file says afterwards; with a host, only its folder is looked at."""
    written = disk.read_lock(root).files
    concerned = {path: entry for path, entry in written.items() if host is None or path.parts[0] == host}
    changes = compare(tree, disk.read(root, [*tree, *concerned]), concerned)
    kept = {path: entry for path, entry in written.items() if path not in concerned or not prune}
    return changes if prune else changes.without_deletions(), Lock(files={**kept, **owned(tree)})


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
