"""`composegen render`: its options, and the answer where nothing has changed since. The work itself is in `writing`."""

from __future__ import annotations

import sys

import click

from composegen.cli import candidates, options, streams
from composegen.cli.asked import Asked
from composegen.io import unchanged


@click.command("render")
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
@click.option(
    "--plan",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write only if everything is as it was when `composegen diff --out FILE` saved this plan.",
)
@options.strict
@options.env_file
@options.templates
@options.colour
def command(  # noqa: PLR0913 - one parameter per option
    topology: str | None,
    output: str | None,
    host: str | None,
    stdout: str | None,
    plan: str | None,
    env_file: tuple[str, ...],
    templates: str | None,
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
    asked = Asked(
        topology=topology,
        output=output,
        host=host,
        stdout=stdout,
        plan=plan,
        env_file=env_file,
        templates=templates,
        dry_run=dry_run,
        force=force,
        prune=prune,
        strict=strict,
        colour=streams.colour(sys.stderr),
    )
    said = unchanged.recall(asked.run) if asked.is_plain else None
    if said is not None:
        streams.complain(said)
        return
    from composegen.cli import writing

    writing.render(asked)
