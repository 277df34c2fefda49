"""The picture for Graphviz, in its language DOT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from composegen.graph.model import Edge, Frame, Graph, Kind, Mark, Node, Way
from composegen.graph.plain import plain_text

_COLOURS = {Mark.ADDED: "#1a7f37", Mark.REMOVED: "#cf222e", Mark.CHANGED: "#9a6700"}
_TINTS = {Mark.ADDED: "#dafbe1", Mark.REMOVED: "#ffebe9", Mark.CHANGED: "#fff8c5"}
_SHAPES = {Kind.USERS: "oval", Kind.STORE: "cylinder"}


def draw(graph: Graph) -> str:
    """The whole graph."""
    return "".join(f"{line}\n" for line in _lines(graph))


def quoted(*lines: str) -> str:
    """A double-quoted string of these lines.

    Graphviz takes a backslash for the start of an escape, and `&name;` for a character, also between quotes
    (graphviz.org/doc/info/lang.html).
    """
    texts = (plain_text(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines if line)
    return '"' + "\\n".join(texts) + '"'


def _lines(graph: Graph) -> Iterator[str]:
    ids = {node.key: f"n{number}" for number, node in enumerate(graph.nodes(), start=1)}
    yield f"digraph {quoted(graph.name)} {{"
    yield "    rankdir=LR; compound=true; nodesep=0.25; ranksep=0.9;"
    yield '    graph [fontname="Helvetica", fontsize=12];'
    yield '    node [fontname="Helvetica", fontsize=11, shape=box, style="rounded,filled", fillcolor="#ffffff"];'
    yield '    edge [fontname="Helvetica", fontsize=10, color="#57606a"];'
    for number, frame in enumerate(graph.frames, start=1):
        yield from _frame(frame, number, ids)
    for node in graph.outside:
        shown = replace(node, details=(graph.entry,)) if node.kind is Kind.USERS else node
        yield f"    {_node(shown, ids)}"
    for edge in graph.edges:
        yield f"    {ids[edge.start]} -> {ids[edge.end]}{_of_edge(edge)};"
    yield "}"


def _frame(frame: Frame, number: int, ids: Mapping[str, str]) -> Iterator[str]:
    """A cluster; one without nodes holds an invisible one, since Graphviz draws no empty cluster."""
    yield f"    subgraph cluster_{number} {{"
    yield f"        label={quoted(' '.join((frame.title, _said(frame.mark))).strip(), ', '.join(frame.details))};"
    style = "rounded,dashed" if frame.mark is Mark.REMOVED else "rounded"
    yield f'        style="{style}"; color="{_COLOURS.get(frame.mark, "#8c959f")}";'
    yield from (f"        {_node(node, ids)}" for node in frame.nodes)
    if not frame.nodes:
        yield f'        empty{number} [style=invis, label=""];'
    yield "    }"


def _node(node: Node, ids: Mapping[str, str]) -> str:
    title = f"{node.title} :{node.ports}" if node.ports else node.title
    attributes = {"label": quoted(f"{title} {_said(node.mark)}".strip(), ", ".join(node.details))}
    if node.kind in _SHAPES:
        attributes |= {"shape": _SHAPES[node.kind], "style": "filled"}
    if node.mark is not Mark.NONE:
        attributes |= {"color": quoted(_COLOURS[node.mark]), "fillcolor": quoted(_TINTS[node.mark]), "penwidth": "2"}
    if node.mark is Mark.REMOVED:
        attributes["style"] = quoted("filled,dashed")
    return f"{ids[node.key]} [{', '.join(f'{name}={value}' for name, value in attributes.items())}];"


def _of_edge(edge: Edge) -> str:
    attributes = {}
    if edge.label:
        attributes["label"] = quoted(edge.label)
    if edge.way is Way.WRITES:
        attributes["penwidth"] = "2"
    if edge.way is Way.NEEDS or edge.mark is Mark.REMOVED:
        attributes["style"] = "dashed"
    if edge.mark is not Mark.NONE:
        attributes["color"] = quoted(_COLOURS[edge.mark])
    return f" [{', '.join(f'{name}={value}' for name, value in attributes.items())}]" if attributes else ""


def _said(mark: Mark) -> str:
    """The mark in words, for those who do not see colours."""
    return f"({mark.value})" if mark is not Mark.NONE else ""
