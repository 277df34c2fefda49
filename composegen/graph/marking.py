"""A picture of a change: what is added, taken away and changed, marked in the picture of what shall be.

What happens to a container is for others to say (`Marks`); where the picture before is known too, it shows what goes,
and how edges and stores differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from composegen.graph.model import Edge, Frame, Graph, Kind, Mark, Member, Node


class Marks(Struct, frozen=True, kw_only=True):
    """What a change does to hosts and to containers; what is not in it stays as it is."""

    hosts: Mapping[str, Mark] = field(default_factory=dict)
    containers: Mapping[Member, Mark] = field(default_factory=dict)
    gone: Sequence[Node] = ()
    """Nodes of which only that they go is known; used where there is no picture of before."""


def marked(after: Graph, before: Graph | None, marks: Marks) -> Graph:
    """The picture of what shall be, with what goes in it too."""
    known = {node.key: node for node in before.nodes()} if before else None
    frames = tuple(_frame(frame, known, before, marks) for frame in after.frames)
    drawn = {frame.host for frame in after.frames}
    gone = tuple(_gone_frames(before, marks, drawn))
    graph = replace(
        after,
        frames=(*frames, *gone),
        outside=(
            *(_node(node, known, marks) for node in after.outside),
            *_removed(before.outside if before else (), {node.key for node in after.outside}),
        ),
    )
    return replace(graph, edges=tuple(_edges(graph, before)))


def _frame(frame: Frame, known: Mapping[str, Node] | None, before: Graph | None, marks: Marks) -> Frame:
    hosts = {one.host: one for one in before.frames} if before else {}
    mark = marks.hosts.get(frame.host, Mark.NONE)
    if before and frame.host not in hosts:
        mark = Mark.ADDED
    keys = {node.key for node in frame.nodes}
    old = hosts[frame.host].nodes if frame.host in hosts else _of(marks.gone, frame.host)
    nodes = (*(_node(node, known, marks) for node in frame.nodes), *_removed(old, keys))
    return replace(frame, mark=mark, nodes=nodes)


def _gone_frames(before: Graph | None, marks: Marks, drawn: set[str]) -> Iterator[Frame]:
    """The hosts that go, with everything on them."""
    if before is not None:
        for frame in before.frames:
            if frame.host not in drawn:
                yield replace(frame, mark=Mark.REMOVED, nodes=tuple(_removed(frame.nodes, set())))
        return
    for host in dict.fromkeys(node.key.split("/")[0] for node in marks.gone):
        if host not in drawn:
            nodes = tuple(_removed(_of(marks.gone, host), set()))
            yield Frame(host=host, title=host, nodes=nodes, mark=marks.hosts.get(host, Mark.REMOVED))


def _of(nodes: Iterable[Node], host: str) -> tuple[Node, ...]:
    return tuple(node for node in nodes if node.key.split("/")[0] == host)


def _removed(nodes: Iterable[Node], kept: set[str]) -> Iterator[Node]:
    for node in nodes:
        if node.key not in kept:
            yield replace(node, mark=Mark.REMOVED)


def _node(node: Node, known: Mapping[str, Node] | None, marks: Marks) -> Node:
    if node.kind is Kind.USERS:
        return node
    if known is not None and node.key not in known:
        return replace(node, mark=Mark.ADDED)
    found = [marks.containers.get(member, Mark.NONE) for member in node.members]
    if known is not None and _shown(known[node.key]) != _shown(node):
        found.append(Mark.CHANGED)
    return replace(node, mark=_together(found))


def _together(found: Sequence[Mark]) -> Mark:
    """One mark for a box that stands for several: that of all, else that it changes."""
    different = set(found)
    if len(different) == 1:
        return different.pop()
    return Mark.CHANGED if different - {Mark.NONE} else Mark.NONE


def _shown(node: Node) -> object:
    return (node.title, node.ports, node.details)


def _edges(graph: Graph, before: Graph | None) -> Iterator[Edge]:
    """The edges, marked by those before; where these are not known, by the nodes at their ends."""
    marks = {node.key: node.mark for node in graph.nodes()}
    if before is None:
        for edge in graph.edges:
            added = Mark.ADDED in (marks[edge.start], marks[edge.end])
            yield replace(edge, mark=Mark.ADDED if added else Mark.NONE)
        return
    old = {(edge.start, edge.end, edge.way): edge for edge in before.edges}
    for edge in graph.edges:
        known = old.pop((edge.start, edge.end, edge.way), None)
        mark = Mark.ADDED if known is None else Mark.CHANGED if known.label != edge.label else Mark.NONE
        yield replace(edge, mark=mark)
    for edge in old.values():
        if edge.start in marks and edge.end in marks:
            yield replace(edge, mark=Mark.REMOVED)
