"""`composegen validate`: every finding, and nothing else."""

from __future__ import annotations

import sys

import click

from composegen.cli import options, reporting, streams
from composegen.cli.request import Request
from composegen.errors import ExitCode


@click.command("validate")
@options.topology
@options.report_format
@options.strict
@options.env_file
@options.templates
@options.colour
def command(
    topology: str | None,
    format: str,  # noqa: A002 - the option's name
    env_file: tuple[str, ...],
    templates: str | None,
    *,
    strict: bool,
) -> None:
    """Check TOPOLOGY (default: topology.yaml, - is standard input) and print every finding.

    Exits 1 when there are errors, with --strict also when there are warnings.
    """
    from composegen import pipeline
    from composegen.io.source import open_topology
    from composegen.report import text

    opened = open_topology(topology, env_file, templates)
    compiled = pipeline.compile(opened.source, opened.world)
    about = reporting.sources(opened, compiled)
    if format == "text":
        streams.result(text.report(compiled.findings, about, colour=streams.colour(sys.stdout)))
    else:
        reporting.print_for_programs(format, compiled.findings, about, strict=strict)
    if reporting.blocks(compiled.findings, strict=strict):
        options.end(ExitCode.FINDINGS)
    if format == "text":
        streams.say(f"Next: {Request(topology, env_file=env_file, templates=templates).render()}")
