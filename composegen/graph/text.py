"""The picture in characters, for a terminal or a comment: boxes and lines of Unicode's box drawing.

It is made as narrow as it must be to fit `WIDTH` columns, by breaking lines earlier; else it is wider.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from composegen.graph.canvas import Canvas, Line
from composegen.graph.drawing import Card, Drawing, Panel, Wire
from composegen.graph.layout import layout
from composegen.graph.measure import cell_width, cells
from composegen.graph.model import Edge, Graph, Mark, Node, Way
from composegen.graph.plain import plain

WIDTH = 100
"""Columns that it has to fit into, where it can."""

_WIDEST = (32, 26, 22, 20, 18, 16, 14)
"""Lengths of a line in a box, tried one after the other."""
_COMMON = 22
"""Where none is short enough."""
_SIGNS = {Mark.NONE: "", Mark.ADDED: "+ ", Mark.REMOVED: "- ", Mark.CHANGED: "~ "}
_COLOURS = {Mark.NONE: "", Mark.ADDED: "32", Mark.REMOVED: "31", Mark.CHANGED: "33"}


def draw(graph: Graph, *, colour: bool = False) -> str:
    """The picture, each line without blanks at its end; `colour`: with escapes for a terminal."""
    graph = plain(graph)
    drawing = _fitting(_in_words(graph))
    canvas = Canvas(colours=_COLOURS if colour else {})
    for panel in drawing.panels:
        _panel(canvas, panel)
    for card in drawing.cards:
        _border(canvas, card)
    for wire in drawing.wires:
        _wire(canvas, wire)
    for card in drawing.cards:
        _inside(canvas, card)
    return "\n".join([_title(graph), "", *canvas.lines(), *_legend(graph)]) + "\n"


def _fitting(graph: Graph) -> Drawing:
    """The drawing with the longest lines that fits; one that cannot fit does not get narrow for nothing."""
    for widest in _WIDEST:
        drawing = layout(graph, cells(widest))
        if drawing.width <= WIDTH:
            return drawing
    return layout(graph, cells(_COMMON))


def _in_words(graph: Graph) -> Graph:
    """The graph as this form shows it: a sign for each mark, weights in the boxes, where they take no room of wires."""
    labels = {edge.end: edge.label for edge in graph.edges if edge.way is Way.ASKS and edge.label}

    def node(one: Node) -> Node:
        details = (*one.details, labels[one.key]) if one.key in labels else one.details
        return replace(one, title=_SIGNS[one.mark] + one.title, details=details)

    return replace(
        graph,
        frames=tuple(
            replace(frame, title=_SIGNS[frame.mark] + frame.title, nodes=tuple(map(node, frame.nodes)))
            for frame in graph.frames
        ),
        outside=tuple(map(node, graph.outside)),
        edges=tuple(map(_short, graph.edges)),
    )


def _short(edge: Edge) -> Edge:
    """An edge with a label that fits onto a line: only what it does with a store."""
    stored = edge.way in (Way.WRITES, Way.READS)
    return replace(edge, label="" if not stored else "rw + ro" if edge.label != edge.way.value else edge.way.value)


def _panel(canvas: Canvas, panel: Panel) -> None:
    """A frame; its heading stands in its upper border, what does not fit there below."""
    canvas.box(panel.x, panel.y, panel.width, panel.height, panel.frame.mark)
    first = "   ".join((panel.heading[0], *panel.details)) if panel.beside else panel.heading[0]
    rest = (*panel.heading[1:], *(() if panel.beside else panel.details))
    canvas.write(panel.x + 2, panel.y, f" {first} ", panel.frame.mark)
    for row, line in enumerate(rest, start=1):
        canvas.write(panel.x + 2, panel.y + row, line, panel.frame.mark)


def _border(canvas: Canvas, card: Card) -> None:
    canvas.box(card.x, card.y, card.width, card.height, card.node.mark, joins=True)


def _inside(canvas: Canvas, card: Card) -> None:
    mark = card.node.mark
    y = card.y + 1
    for line in card.title:
        canvas.write(card.x + 2, y, line, mark)
        y += 1
    canvas.write(card.right - 2 - cell_width(card.ports), card.y + 1, card.ports, mark)
    for line in card.details:
        canvas.write(card.x + 2, y, line, mark)
        y += 1


def _wire(canvas: Canvas, wire: Wire) -> None:
    """A wire from border to border; an arrow head in front of what is asked, a joint at a store."""
    stored = wire.at_start
    line = Line.DASHED if wire.edge.way is Way.NEEDS or wire.edge.mark is Mark.REMOVED else Line.PLAIN
    (x, y), *inner, (end, last) = wire.points
    canvas.line([(x - 1, y), *inner, (end if stored else end - 1, last)], line, wire.edge.mark)
    if not stored:
        canvas.write(end - 1, last, "▶", wire.edge.mark)
    if wire.edge.label:
        canvas.write(x + 3, y, f" {wire.edge.label} ", wire.edge.mark)


def _title(graph: Graph) -> str:
    title = f"{graph.name}: {graph.summary}"
    return f"{title}; users go to {graph.entry}" if graph.entry else title


def _legend(graph: Graph) -> Iterator[str]:
    """What signs mean, as far as there are some."""
    marks = [f"{_SIGNS[mark].strip()} {mark.value}" for mark in graph.marks]
    ways = {edge.way for edge in graph.edges}
    parts = ["rw: writes the store" if Way.WRITES in ways else "", "ro: reads it" if Way.READS in ways else ""]
    parts += ["dashed: needs it at its start" if Way.NEEDS in ways else "", *marks]
    if any(parts):
        yield ""
        yield "   ".join(part for part in parts if part)
