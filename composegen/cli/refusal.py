"""When `render` stops although it could write: somebody's work would be lost, or most of the tree would go.

It says which files, and every way on; the way that loses something is `--force`.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from composegen.changes import Action, Change, Changes, Conflict
from composegen.cli import options, streams
from composegen.cli.request import Request
from composegen.counting import counted
from composegen.errors import ExitCode


def refuse(root: Path, changes: Changes, request: Request) -> None:
    """End the command where these changes need `--force`."""
    for change in changes.conflicts:
        streams.say(f"  ! {root / change.path}: {change.conflict.value if change.conflict else ''}")
    edited = [change for change in changes.conflicts if change.conflict is Conflict.EDITED]
    foreign = [change for change in changes.conflicts if change.conflict is Conflict.FOREIGN]
    texts = [
        _edited(root, edited, request) if edited else "",
        _foreign(root, foreign) if foreign else "",
        _much(root, changes) if changes.removes_much else "",
    ]
    for text in filter(None, texts):
        streams.say(text)
    if any(texts):
        options.end(ExitCode.FINDINGS)


def _edited(root: Path, edited: list[Change], request: Request) -> str:
    """Ways on where edits would be lost."""
    path = edited[0].path
    render = request.render("--stdout", str(path))
    see = f", or {render} | diff {shlex.quote(str(root / path))} -" if edited[0].after is not None else ""
    return (
        f"{counted(len(edited), 'file')} edited by hand would be lost; nothing was written. Three ways on:\n"
        "  - keep the edit: move it to a compose.override.yaml beside compose.yaml (Compose merges it), or to the "
        "topology\n"
        f"  - look at it: git diff {shlex.quote(str(root))}{see}\n"
        "  - drop it: render again with --force"
    )


def _foreign(root: Path, foreign: list[Change]) -> str:
    """Ways on where files of somebody else are in the way."""
    return (
        f"{counted(len(foreign), 'file')} in {root} that composegen did not write would be lost; nothing was written. "
        "Three ways on:\n"
        "  - keep it there: choose another output folder with -o\n"
        "  - keep it elsewhere: move it away, and render again\n"
        "  - drop it: render again with --force"
    )


def _much(root: Path, changes: Changes) -> str:
    """Ways on where most files would be removed."""
    there = sum(change.before is not None for change in changes.items)
    return (
        f"{changes.count(Action.DELETE)} of the {there} files in {root} would be removed; nothing was written. "
        "Three ways on:\n"
        "  - keep them: are all hosts in the topology, and is this its folder (-o)?\n"
        "  - keep them beside the new ones: render again with --no-prune\n"
        "  - remove them: render again with --force"
    )
