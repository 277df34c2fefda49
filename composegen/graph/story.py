"""The picture in words: for its caption, and for those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator

from composegen.graph.model import Edge, Graph, Mark, Node, Way

_MANY = 30
"""Of more edges only how many there are is told."""
_VERBS = {Way.ASKS: "asks", Way.NEEDS: "needs", Way.WRITES: "writes", Way.READS: "reads"}


def note(graph: Graph) -> str:
    """One line: what it shows, and where users begin."""
    return f"{graph.summary} · users go to {graph.entry}" if graph.entry else graph.summary


def told(graph: Graph) -> str:
    """All of it in sentences: what is on each host, and who asks, needs, writes and reads whom."""
    sentences = [*_frames(graph), *_outside(graph)]
    names = {node.key: _name(node) for node in graph.nodes()}
    hosts = {node.key: frame.title for frame in graph.frames for node in frame.nodes}
    if len(graph.edges) <= _MANY:
        sentences += [_edge(edge, names, hosts) for edge in graph.edges]
    else:
        sentences.append(f"{len(graph.edges)} lines show who asks whom, and who reads and writes which store.")
    return " ".join(sentences)


def _frames(graph: Graph) -> Iterator[str]:
    for frame in graph.frames:
        title = " ".join([*(frame.title,), *([f"({', '.join(frame.details)})"] if frame.details else [])])
        inside = ", ".join(_node(node) for node in frame.nodes) or "nothing"
        yield f"Host {title}{_said(frame.mark)}: {inside}."


def _outside(graph: Graph) -> Iterator[str]:
    named = [_node(node) for node in graph.outside]
    if named:
        yield f"Outside of the hosts: {', '.join(named)}."


def _node(node: Node) -> str:
    ports = f" on port {node.ports}" if node.ports else ""
    details = f" ({', '.join(node.details)})" if node.details else ""
    return f"{_name(node)}{ports}{details}{_said(node.mark)}"


def _name(node: Node) -> str:
    return f"store {node.title}" if node.key.endswith(f"/store {node.title}") else node.title


def _edge(edge: Edge, names: dict[str, str], hosts: dict[str, str]) -> str:
    start, end = (f"{names[key]} on {hosts[key]}" if key in hosts else names[key] for key in (edge.start, edge.end))
    plain = edge.label in ("", edge.way.value)
    label = "" if plain else f" ({edge.label})"
    verb = "ask" if start == "users" else _VERBS[edge.way]
    return f"{start} {verb} {end}{label}{_said(edge.mark)}."


def _said(mark: Mark) -> str:
    return f" [{mark.value}]" if mark is not Mark.NONE else ""
