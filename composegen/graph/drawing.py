"""A drawing: the graph with places for everything, ready to be written down in pixels or in characters."""

from __future__ import annotations

from msgspec import Struct

from composegen.graph.model import Edge, Frame, Graph, Node

Point = tuple[float, float]


class Card(Struct, frozen=True, kw_only=True):
    """A node with its place. `ports` stand at the right end of the first line of the title."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    title: tuple[str, ...]
    ports: str
    details: tuple[str, ...]

    @property
    def right(self) -> float:
        """Where its right border is; so the next two."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower border."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2


class Panel(Struct, frozen=True, kw_only=True):
    """A frame with its place. `beside`: its details stand behind its heading, not below."""

    frame: Frame
    x: float
    y: float
    width: float
    height: float
    heading: tuple[str, ...]
    details: tuple[str, ...]
    beside: bool


class Wire(Struct, frozen=True, kw_only=True):
    """An edge as a line of horizontal and vertical pieces, from the border of one card to that of another.

    Wires of one `net` share pieces: they have their start or their end in common. `label` ends or begins at its place.
    """

    edge: Edge
    net: int
    points: tuple[Point, ...]

    @property
    def spot(self) -> Point:
        """The end at which the label stands: at the instance, whichever end that is."""
        return self.points[0] if self.at_start else self.points[-1]

    @property
    def at_start(self) -> bool:
        """Whether the label stands at the start."""
        return self.edge.way.value in {"rw", "ro"}


class Drawing(Struct, frozen=True, kw_only=True):
    """Everything with its place; the upper left corner is (0, 0)."""

    graph: Graph
    width: float
    height: float
    cards: tuple[Card, ...]
    panels: tuple[Panel, ...]
    wires: tuple[Wire, ...]
