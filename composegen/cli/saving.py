"""Saved plans: `diff --out` writes what was reviewed, `render --plan` applies just that or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from composegen import savedplan
from composegen.cli import options, streams
from composegen.errors import ComposegenError, ExitCode
from composegen.io.places import explained
from composegen.io.source import read_file

if TYPE_CHECKING:
    from composegen.artifacts import Entry, Tree
    from composegen.cli.request import Request
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled
    from composegen.savedplan import SavedPlan


def basis(opened: Opened, compiled: Compiled, planned: Tree, found: Mapping[PurePosixPath, Entry]) -> SavedPlan:
    """What a plan rests on; `found` is what stands in the output folder, as `disk.found` reads it."""
    sources = {Path(opened.source.name).name: opened.source.data, **compiled.files}
    own = compiled.own_templates.texts if compiled.own_templates else {}
    templates = {**opened.world.templates, **{f"own/{name}": text for name, text in own.items()}}
    return savedplan.of(sources, templates, planned, found)


def save(file: str, text: str) -> None:
    """Write a plan, in place of an older one at most. Raises ComposegenError when that cannot be done."""
    path = Path(file)
    with explained("; the plan was not saved"):
        if path.is_file() and not savedplan.may_be_replaced(path.read_bytes()):
            raise ComposegenError(f"--out {file}: this file is there already and is no saved plan; it stays as it is")
        path.write_text(text, encoding="utf-8", newline="\n")


def hold_to(file: str, now: SavedPlan, request: Request) -> None:
    """End the command where the saved plan in `file` is not about what is there now.

    Raises ComposegenError when the file cannot be read, or is no saved plan.
    """
    from composegen.report.excerpt import visible

    moved = savedplan.moved(savedplan.loads(read_file(Path(file)), file), now)
    if not moved:
        return
    streams.say(f"{file} was reviewed, but since then:")
    for sentence in moved:
        streams.say(f"  - {visible(sentence)}")
    streams.say(f"Nothing was written. Review it anew: {request.line('diff', '--out', file)}")
    options.end(ExitCode.FINDINGS)
