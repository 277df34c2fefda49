"""What `composegen init --from` does with the files that it is given: read them, convert them, say what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from composegen import importing
from composegen.cli import options, reporting, streams
from composegen.errors import ComposegenError, ExitCode
from composegen.importing import Given, Imported, telling
from composegen.io.source import bare_world, read_file
from composegen.report import Sources

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:@([0-9A-Za-z.:-]+))?=(.+)", re.DOTALL)


def converted(imports: Sequence[str], profiles: Sequence[str]) -> Imported:
    """The topology of these files. Ends the command where there is none."""
    given = [_given(entry) for entry in imports]
    try:
        outcome = importing.convert(given, profiles, bare_world())
    except importing.ImportingError as error:
        raise ComposegenError(f"{error}; nothing was written") from error
    if outcome.faults:
        _refuse(outcome)
    if outcome.obstacles:
        streams.complain(telling.report(outcome.notes) + "\n")
        reporting.print_report(outcome.obstacles, _made(outcome), ending="nothing was written")
        options.end(ExitCode.FINDINGS)
    return outcome


def _made(outcome: Imported) -> Sources:
    """The topology that came of the files, for the lines of findings about it."""
    name = "the topology that was made of them"
    made = outcome.compiled.document if outcome.compiled is not None else None
    return Sources(name=name, texts={name: outcome.text}, locate=made.locate if made is not None else None)


def _given(entry: str) -> Given:
    """A file, with its host where one is named before a `=`; a file of that whole name goes first."""
    match = None if Path(entry).is_file() else _NAMED.fullmatch(entry)
    host, address, name = match.groups() if match else (None, None, entry)
    path = Path(name)
    data = read_file(path)
    return Given(name=name, folder=path.resolve().parent.name, data=data, host=host, address=address)


def _refuse(outcome: Imported) -> None:
    """Say what is wrong in the files, without their lines: these may hold secrets. Ends the command."""
    for parsed, given, findings in outcome.faults:
        about = Sources(name=given.name, locate=parsed.locate if parsed is not None else None)
        reporting.print_report(findings, about, ending="nothing was written")
    options.end(ExitCode.FINDINGS)


def report(outcome: Imported) -> str:
    """The report for standard output."""
    return telling.report(outcome.notes)


def ending(outcome: Imported) -> str:
    """The line that sums it up."""
    return f"Imported: {telling.tally(outcome.notes)}."
