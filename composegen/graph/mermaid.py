"""The picture for Mermaid, as GitHub, GitLab and many editors draw it in Markdown.

Ids are counted, never names: Mermaid takes few characters there, and some words (`end`, `default`) for its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from composegen import quoting
from composegen.graph.model import Edge, Frame, Graph, Kind, Mark, Node, Way
from composegen.graph.plain import plain_text

MOST_EDGES = 500
"""Mermaid draws no diagram that has more (`maxEdges`), and GitHub leaves that setting as it is."""

_COLOURS = {
    Mark.ADDED: "fill:#dafbe1,stroke:#1a7f37,stroke-width:2px,color:#116329",
    Mark.REMOVED: "fill:#ffebe9,stroke:#cf222e,stroke-width:2px,stroke-dasharray:5 4,color:#a40e26",
    Mark.CHANGED: "fill:#fff8c5,stroke:#9a6700,stroke-width:2px,color:#7d4e00",
}
"""Each with a fill and a text of its own, so that they can be read on a light page and on a dark one."""


def draw(graph: Graph) -> str:
    """The whole diagram, without the fence that Markdown puts around it."""
    return "".join(f"{line}\n" for line in lines(graph))


def is_drawn(graph: Graph) -> bool:
    """Whether Mermaid draws a picture of so many edges."""
    return len(graph.edges) <= MOST_EDGES


def lines(graph: Graph) -> Iterator[str]:
    """The diagram line by line."""
    ids = _ids(graph)
    frames = {frame.host: f"host{number}" for number, frame in enumerate(graph.frames, start=1)}
    yield "flowchart LR"
    users = [node for node in graph.outside if node.kind is Kind.USERS]
    yield from (f"    {_node(replace(node, details=(graph.entry,)), ids)}" for node in users)
    for frame in graph.frames:
        yield f"    subgraph {frames[frame.host]}[{_heading(frame)}]"
        yield from (f"        {_node(node, ids)}" for node in frame.nodes)
        yield "    end"
    yield from (f"    {_node(node, ids)}" for node in graph.outside if node not in users)
    for edge in graph.edges:
        yield f"    {ids[edge.start]} {_arrow(edge)} {ids[edge.end]}"
    yield from _marks(graph, ids, frames)


def quoted(text: str) -> str:
    """A label in its quotes; what nobody could see becomes a blank."""
    return quoting.mermaid(plain_text(text))


def _ids(graph: Graph) -> Mapping[str, str]:
    """An id for each node: its kind, and a number where there may be several of it."""
    counts = dict.fromkeys(Kind, 0)
    found: dict[str, str] = {}
    for node in graph.nodes():
        counts[node.kind] += 1
        alone = node.kind in (Kind.USERS, Kind.GATEWAY) and counts[node.kind] == 1
        found[node.key] = node.kind.value if alone else f"{node.kind.value}{counts[node.kind]}"
    return found


def _heading(frame: Frame) -> str:
    title = f"{frame.title}{_said(frame.mark)}"
    return quoted(f"{title} ({', '.join(frame.details)})" if frame.details else title)


def _node(node: Node, ids: Mapping[str, str]) -> str:
    title = f"{node.title} :{node.ports}" if node.ports else node.title
    text = [f"{title}{_said(node.mark)}", ", ".join(node.details)]
    label = '"' + "<br/>".join(quoted(line)[1:-1] for line in text if line) + '"'
    match node.kind:
        case Kind.USERS:
            return f"{ids[node.key]}([{label}])"
        case Kind.STORE:
            return f"{ids[node.key]}[({label})]"
        case _:
            return f"{ids[node.key]}[{label}]"


def _said(mark: Mark) -> str:
    """The mark in words, for those who do not see colours; a sign in front would be taken for a list."""
    return f" ({mark.value})" if mark is not Mark.NONE else ""


def _arrow(edge: Edge) -> str:
    arrow = "-.->" if edge.way is Way.NEEDS else "-->"
    return f"{arrow}|{quoted(edge.label)}|" if edge.label else arrow


def _marks(graph: Graph, ids: Mapping[str, str], frames: Mapping[str, str]) -> Iterator[str]:
    """What is marked, in colour."""
    for mark in graph.marks:
        nodes = [ids[node.key] for node in graph.nodes() if node.mark is mark]
        nodes += [frames[frame.host] for frame in graph.frames if frame.mark is mark]
        edges = [str(number) for number, edge in enumerate(graph.edges) if edge.mark is mark]
        if nodes:
            yield f"    classDef {mark.value} {_COLOURS[mark]}"
            yield f"    class {','.join(nodes)} {mark.value}"
        if edges:
            stroke = ",".join(part for part in _COLOURS[mark].split(",") if part.startswith("stroke"))
            yield f"    linkStyle {','.join(edges)} {stroke}"
