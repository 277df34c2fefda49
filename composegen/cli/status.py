"""`composegen status`: how every file of the output folder stands, in two columns or as JSON. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from composegen import __version__
from composegen.cli import compared, options, reporting, streams
from composegen.cli.request import Request
from composegen.errors import ExitCode

if TYPE_CHECKING:
    from composegen.cli.compared import Compared
    from composegen.standing import Standing

VERSION = 1
"""Of the JSON document."""

SINCE = {"M": "edited", "D": "deleted", "?": "not written by composegen"}
"""Words for the letters of the first column: what happened since the last render."""

THEN = {"A": "add", "M": "change", "D": "delete"}
"""Words for the letters of the second column: what render would do."""


@click.command("status")
@options.topology
@options.output
@click.option("--porcelain", is_flag=True, help="Only the lines of files, in a form that stays as it is; for scripts.")
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the files are listed.",
)
@options.env_file
@options.templates
@options.colour
def command(
    topology: str | None,
    output: str | None,
    format: str,  # noqa: A002 - the option's name
    env_file: tuple[str, ...],
    templates: str | None,
    *,
    porcelain: bool,
) -> None:
    """List the files of the output folder that are not as render wrote them, or not as it would write them.

    First column: what happened since the last render (M edited, D deleted, ? not written by composegen). Second
    column: what render would do (A add, M change, D delete). Exits 1 only when TOPOLOGY has errors.
    """
    from composegen.standing import remarkable

    asked = Request(topology=topology, output=output, env_file=env_file, templates=templates)
    outcome = compared.compare(asked)
    if format == "json":
        streams.result(_json(outcome))
    if outcome.standings is None:
        reporting.tell(outcome.opened, outcome.compiled, "nothing was compared")
        options.end(ExitCode.FINDINGS)
        return
    if format == "json":
        return
    shown = remarkable(outcome.standings)
    streams.result("".join(f"{one.since.value}{one.then.value} {one.path}\n" for one in shown))
    if not porcelain:
        streams.say(_legend(shown) if shown else f"{outcome.root}: {len(outcome.standings)} files, nothing to do.")


def _json(outcome: Compared) -> str:
    """The same for programs; described by `schemas/status.schema.json`."""
    import json

    from composegen.standing import remarkable

    found = outcome.standings or ()
    shown = remarkable(found)
    document = {
        "version": VERSION,
        "tool": {"name": "composegen", "version": __version__},
        "root": None if outcome.root is None else str(outcome.root),
        "compared": outcome.standings is not None,
        "files": [_object(one) for one in shown],
        "summary": {
            "listed": len(shown),
            "unchanged": len(found) - len(shown),
            "conflicts": sum(one.conflict for one in shown),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _object(one: Standing) -> dict[str, Any]:
    return {
        "path": str(one.path),
        "since": one.since.name.lower(),
        "render": one.then.name.lower(),
        "conflict": one.conflict,
    }


def _legend(shown: tuple[Standing, ...]) -> str:
    """What the letters mean that are there."""
    since, then = {one.since.value for one in shown}, {one.then.value for one in shown}
    first = ", ".join(f"{letter} {word}" for letter, word in SINCE.items() if letter in since)
    second = ", ".join(f"{letter} {word}" for letter, word in THEN.items() if letter in then)
    return (
        f"\n1st column, since the last render: {first or 'nothing'}\n2nd column, render would: {second or 'do nothing'}"
    )
