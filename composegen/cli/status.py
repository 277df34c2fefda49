"""`composegen status`: how every file of the output folder stands, in two columns. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from composegen.cli import compared, options, reporting, streams
from composegen.errors import ExitCode

if TYPE_CHECKING:
    from composegen.standing import Standing

SINCE = {"M": "edited", "D": "deleted", "?": "not written by composegen"}
"""Words for the letters of the first column: what happened since the last render."""

THEN = {"A": "add", "M": "change", "D": "delete"}
"""Words for the letters of the second column: what render would do."""


@click.command("status")
@options.topology
@options.output
@click.option("--porcelain", is_flag=True, help="Only the lines of files, in a form that stays as it is; for scripts.")
@options.env_file
@options.colour
def command(topology: str | None, output: str | None, env_file: tuple[str, ...], *, porcelain: bool) -> None:
    """List the files of the output folder that are not as render wrote them, or not as it would write them.

    First column: what happened since the last render (M edited, D deleted, ? not written by composegen). Second
    column: what render would do (A add, M change, D delete). Exits 1 only when TOPOLOGY has errors.
    """
    from composegen.standing import remarkable

    outcome = compared.compare(compared.Request(topology=topology, output=output, env_file=env_file))
    if outcome.standings is None:
        about = reporting.sources(outcome.opened.source, outcome.opened.world, outcome.compiled)
        reporting.print_report(outcome.compiled.findings, about, ending="nothing was compared")
        options.end(ExitCode.FINDINGS)
        return
    shown = remarkable(outcome.standings)
    streams.result("".join(f"{one.since.value}{one.then.value} {one.path}\n" for one in shown))
    if not porcelain:
        streams.say(_legend(shown) if shown else f"{outcome.root}: {len(outcome.standings)} files, nothing to do.")


def _legend(shown: tuple[Standing, ...]) -> str:
    """What the letters mean that are there."""
    since, then = {one.since.value for one in shown}, {one.then.value for one in shown}
    first = ", ".join(f"{letter} {word}" for letter, word in SINCE.items() if letter in since)
    second = ", ".join(f"{letter} {word}" for letter, word in THEN.items() if letter in then)
    return (
        f"\n1st column, since the last render: {first or 'nothing'}\n2nd column, render would: {second or 'do nothing'}"
    )
