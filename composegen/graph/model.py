"""What a picture of a plan shows: frames with nodes in them, and edges between nodes. It knows no format."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from composegen.counting import counted


class Kind(Enum):
    """What a node stands for."""

    USERS = "users"
    GATEWAY = "gateway"
    INSTANCE = "instance"
    APP = "app"
    STORE = "store"


class Way(Enum):
    """What one end of an edge does with the other."""

    ASKS = "asks"
    """It sends requests there."""
    NEEDS = "needs"
    """It asks, and does not start before the other is there."""
    WRITES = "rw"
    READS = "ro"


class Mark(Enum):
    """What a change does to a part of the picture."""

    NONE = ""
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


Member = tuple[str, str]
"""A container: its host, its name."""


class Node(Struct, frozen=True, kw_only=True):
    """A box. `key` is unique in the graph; all other text may hold anything."""

    key: str
    kind: Kind
    title: str
    ports: str = ""
    """`11434`, or `11434-11441` where a box stands for several instances."""
    details: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    """The containers that it stands for."""
    mark: Mark = Mark.NONE


class Frame(Struct, frozen=True, kw_only=True):
    """A host, or several that are alike: then `host` is the first."""

    host: str
    title: str
    details: tuple[str, ...] = ()
    nodes: tuple[Node, ...] = ()
    mark: Mark = Mark.NONE


class Edge(Struct, frozen=True, kw_only=True):
    """An arrow between two nodes, by their keys; `label` may be empty."""

    start: str
    end: str
    way: Way
    label: str = ""
    mark: Mark = Mark.NONE


class Graph(Struct, frozen=True, kw_only=True):
    """The whole picture. `outside` are the nodes on no host of the topology: the users, and stores of a NAS."""

    name: str
    entry: str
    """Where users begin: a URL; "" when there are several ways in."""
    hosts: int
    """Those with instances."""
    instances: int
    frames: tuple[Frame, ...]
    outside: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def nodes(self) -> Iterator[Node]:
        """Every node, those outside last."""
        for frame in self.frames:
            yield from frame.nodes
        yield from self.outside

    @property
    def summary(self) -> str:
        """What it shows, in one line."""
        return f"{counted(self.instances, 'instance')} on {counted(self.hosts, 'host')}"

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that occur, in their own order."""
        found = {node.mark for node in self.nodes()} | {edge.mark for edge in self.edges}
        found |= {frame.mark for frame in self.frames}
        return tuple(mark for mark in Mark if mark in found and mark is not Mark.NONE)
