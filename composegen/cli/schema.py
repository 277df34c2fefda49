"""`composegen schema`: the JSON Schema of the topology, for editors."""

from __future__ import annotations

import click

from composegen.cli import options, streams
from composegen.io import resources


@click.command("schema")
@options.colour
def command() -> None:
    """Print the JSON Schema of the topology: `composegen schema > topology.schema.json`."""
    streams.result(resources.schema_text())
