"""`composegen graph`: the set-up as a picture, or what a change makes of it. Nothing is written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from composegen.cli import options, reporting, streams
from composegen.errors import ComposegenError, ExitCode
from composegen.graph import FORMATS

if TYPE_CHECKING:
    from composegen.graph.model import Graph
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled


@click.command("graph")
@options.topology
@options.output
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="text: for a terminal; mermaid: for Markdown; dot: for Graphviz; svg: a picture, complete in itself.",
)
@click.option(
    "--diff",
    is_flag=True,
    help="Mark what the next render adds, removes and changes; --against says so, too.",
)
@options.against
@options.env_file
@options.templates
@options.colour
def command(
    topology: str | None,
    output: str | None,
    format: str,  # noqa: A002 - the option's name
    against: str | None,
    env_file: tuple[str, ...],
    templates: str | None,
    *,
    diff: bool,
) -> None:
    """Draw TOPOLOGY (default: topology.yaml, - is standard input): hosts, instances, stores, gateway and apps.

    With --diff the picture shows what `composegen render` would add, remove and change. Exits 1 when TOPOLOGY has
    errors.
    """
    from composegen.io.source import open_topology

    opened = open_topology(topology, env_file, templates)
    compiled = _compiled(opened)
    if compiled.plan is None or compiled.tree is None:
        options.end(ExitCode.FINDINGS)
        return
    if diff or against is not None:
        graph = _changed(opened, compiled, output, against)
    else:
        from composegen.graph import building

        graph = building.build(compiled.plan)
    streams.result(_drawn(graph, format))


def _compiled(opened: Opened) -> Compiled:
    """The topology, with its errors printed if it has some."""
    from composegen import pipeline
    from composegen.findings import has_errors

    compiled = pipeline.compile(opened.source, opened.world)
    if has_errors(compiled.findings):
        reporting.tell(opened, compiled, "nothing was drawn")
    return compiled


def _drawn(graph: Graph, form: str) -> str:
    """The picture in the form that is asked for. Raises ComposegenError where that cannot hold so much."""
    from composegen.graph import draw, mermaid, text

    if form == "mermaid" and not mermaid.is_drawn(graph):
        raise ComposegenError(
            f"the picture has {len(graph.edges)} lines, and Mermaid draws at most {mermaid.MOST_EDGES}; "
            "take --format svg or dot"
        )
    if form == "text":
        return text.draw(graph, colour=streams.colour(sys.stdout))
    return draw(form, graph)


def _changed(opened: Opened, compiled: Compiled, output: str | None, against: str | None) -> Graph:
    """The picture with marks. Raises ComposegenError when there is nothing to compare with."""
    from composegen.cli.difference import difference
    from composegen.picture import picture

    found = difference(opened, compiled, output, against)
    assert found is not None  # for the type checker: without errors there is all
    assert compiled.plan is not None
    return picture(compiled.plan, found.before.compiled.plan if found.before.compiled else None, found.review)
