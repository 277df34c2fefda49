"""What `composegen render` does: all is rendered in memory before the first byte is written."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from composegen import pipeline
from composegen.changes import Action, Changes, compare
from composegen.cli import options, streams
from composegen.cli.progress import Bar
from composegen.cli.refusal import refuse
from composegen.cli.request import Request, of_host
from composegen.errors import ComposegenError, ExitCode
from composegen.io import disk, staging, unchanged
from composegen.io.dotenv import DEFAULT as ENV_FILE
from composegen.io.exclusive import exclusive
from composegen.io.places import output_folder
from composegen.io.source import open_topology
from composegen.manifest import LOCK, STAGING, Lock, owned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from composegen.artifacts import Entry, Tree
    from composegen.cli.asked import Asked
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled

README = PurePosixPath("README.md")


def render(asked: Asked) -> None:
    """Render, and write or print. Raises ComposegenError when that cannot be done."""
    opened = open_topology(asked.topology, asked.env_file, asked.templates)
    with Bar() as bar:
        compiled = pipeline.compile(opened.source, opened.world, bar.steps("rendering"))
    tree, report = _checked(opened, compiled, strict=asked.strict)
    if asked.stdout is not None:
        streams.result(_file(tree, asked.stdout))
        return
    root = output_folder(opened.folder, asked.output, compiled.topology.output if compiled.topology else "")
    if asked.host is not None:
        tree = {path: tree[path] for path in of_host(tree, asked.host)}
    with contextlib.nullcontext() if asked.dry_run else exclusive(root):
        lock, found = disk.found(root, tree, asked.host)
        if asked.plan is not None:
            _hold_to(asked.plan, asked, opened, compiled, found)
        changes, after = _decide(tree, lock, found, asked.host, prune=asked.prune)
        if asked.dry_run:
            lines = [*_list(changes), f"Would write to {root}: {_tally(changes)}."]
            streams.result("".join(f"{line}\n" for line in lines))
        if not asked.force:
            refuse(root, changes, Request(asked.topology, env_file=asked.env_file, templates=asked.templates))
        if asked.dry_run:
            return
        if staging.is_left(root):
            streams.say(f"{root}: an earlier write was broken off; this one repairs it.")
        with Bar() as bar:
            disk.apply(root, changes, after, bar.steps("writing"))
    for line in _list(changes):
        streams.say(line)
    streams.complain(_ending(root, _tally(changes)))
    if asked.is_plain:
        unchanged.remember(
            asked.run,
            files=_touched(opened, compiled, asked, root),
            variables=compiled.topology.variables if compiled.topology else (),
            folders=_searched(_templates(opened, compiled, asked)),
            said=report + _ending(root, f"{len(tree)} unchanged"),
        )


def _hold_to(plan: str, asked: Asked, opened: Opened, compiled: Compiled, found: Mapping[PurePosixPath, Entry]) -> None:
    """End the command unless all is as it was when the plan was saved. Raises ComposegenError."""
    from composegen.cli import saving

    if asked.host is not None or not asked.prune:
        raise ComposegenError("--plan applies a plan as it was reviewed: it goes with neither --host nor --no-prune")
    request = Request(asked.topology, asked.output, asked.env_file, asked.templates)
    saving.hold_to(plan, saving.basis(opened, compiled, compiled.tree or {}, found), request)


def _touched(opened: Opened, compiled: Compiled, asked: Asked, root: Path) -> list[Path]:
    """Every file that was read or written, there or not."""
    env_files = [Path(file) for file in asked.env_file] or [opened.folder / ENV_FILE]
    modelfiles = [opened.folder / file for file in compiled.files]
    written = [root / path for path in (*(compiled.tree or ()), LOCK, STAGING)]
    own = compiled.own_templates
    folder = _templates(opened, compiled, asked)
    templates = [folder / file for file in own.files] if own and folder else []
    return [Path(opened.source.name), *env_files, *modelfiles, *templates, *written]


def _templates(opened: Opened, compiled: Compiled, asked: Asked) -> Path | None:
    """Where the user's templates are; most have none."""
    if asked.templates is not None:
        return Path(asked.templates)
    stated = compiled.topology.templates if compiled.topology else None
    return None if stated is None else opened.folder / stated


def _searched(folder: Path | None) -> tuple[Path, ...]:
    """The folders that change when a template of the user's comes or goes."""
    from composegen.io.templates import folders

    return () if folder is None else folders(folder)


def _ending(root: Path, tally: str) -> str:
    """The last lines."""
    book = shlex.quote(str(root / README))
    return f"{root}: {tally}.\nNext: read {book}, the run book: first start, host by host.\n"


def _checked(opened: Opened, compiled: Compiled, *, strict: bool) -> tuple[Tree, str]:
    """The tree, and the report of the findings as it was printed; ends the command when they forbid to go on."""
    report = ""
    if compiled.findings:
        from composegen.cli import reporting  # most runs find nothing

        report, blocked = reporting.tell(opened, compiled, "nothing was written", strict=strict)
        if blocked:
            options.end(ExitCode.FINDINGS)
    assert compiled.tree is not None  # for the type checker: without errors there is one
    return compiled.tree, report


def _file(tree: Tree, wanted: str) -> bytes:
    """One file of the tree. Raises ComposegenError when there is none of that name."""
    entry = tree.get(PurePosixPath(wanted))
    if entry is None:
        raise ComposegenError(f"there is no file {wanted!r} in the tree; there are:\n  " + "\n  ".join(map(str, tree)))
    return entry.data


def _decide(
    tree: Tree, lock: Lock, found: Mapping[PurePosixPath, Entry], host: str | None, *, prune: bool
) -> tuple[Changes, Lock]:
    """What to change, and what the lock file says afterwards; with a host, only its folder is looked at."""
    concerned = {path: entry for path, entry in lock.files.items() if host is None or path.parts[0] == host}
    changes = compare(tree, found, concerned)
    kept = {path: entry for path, entry in lock.files.items() if path not in concerned or not prune}
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
