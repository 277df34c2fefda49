"""`composegen schema`: the JSON Schema of the topology, for editors."""

from __future__ import annotations

import click

from composegen.cli import options, streams
from composegen.io import resources


@click.command("schema")
@options.topology
@options.colour
def command(topology: str | None) -> None:
    """Print the JSON Schema of topologies: `composegen schema > topology.schema.json`.

    With TOPOLOGY, editors also complete the hosts, stores and services that it names.
    """
    streams.result(resources.schema_text() if topology is None else _tailored(topology))


def _tailored(name: str) -> str:
    """The schema with the names of this topology. Raises ComposegenError when nothing can be read from it."""
    import json

    from composegen import document, own_names
    from composegen.cli.request import Request
    from composegen.errors import ComposegenError
    from composegen.io.source import open_topology

    source = open_topology(name).source
    parsed, _ = document.parse(source.name, source.data)
    if parsed is None:
        raise ComposegenError(f"{source.name} is not YAML yet; {Request(name).line('validate')} says why")
    schema = own_names.tailored(resources.schema(), own_names.names(parsed.data))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
