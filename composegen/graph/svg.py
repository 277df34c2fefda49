"""The picture as SVG: one file that shows itself on a light page and on a dark one, and needs no font and no program.

Colours and shapes are in the style sheet inside (`svg_style`). Names get into it as text only, escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from composegen.graph import story
from composegen.graph.drawing import Card, Drawing, Panel, Point, Wire
from composegen.graph.layout import layout
from composegen.graph.measure import Style, pixel_width, pixels, wrapped
from composegen.graph.model import Graph, Kind, Mark, Way
from composegen.graph.plain import plain
from composegen.graph.svg_path import number, path
from composegen.graph.svg_style import ICONS, css

_MARGIN = 28.0
_SIZES = pixels()
_SIGNS = {Mark.ADDED: "+", Mark.REMOVED: "\u2212", Mark.CHANGED: "~"}
_WAYS = {Way.ASKS: "asks", Way.NEEDS: "needs", Way.WRITES: "rw", Way.READS: "ro"}
_ORDER = (Mark.NONE, Mark.CHANGED, Mark.ADDED, Mark.REMOVED)
_MEANINGS = {
    Way.ASKS: "sends requests",
    Way.NEEDS: "needs it at its start",
    Way.WRITES: "writes the store",
    Way.READS: "reads it",
}


def draw(graph: Graph) -> str:
    """The whole file."""
    graph = plain(graph)
    drawing = layout(graph, _SIZES)
    title = wrapped(graph.name, max(drawing.width, 360), lambda text: 1.45 * pixel_width(text, Style.DETAIL))
    note = wrapped(story.note(graph), max(drawing.width, 360), lambda text: pixel_width(text, Style.DETAIL))
    legend = tuple(_legend(graph))
    header = 24 * len(title) + 18 * len(note) + 14
    width = max([drawing.width, *(legend[-1][0] for _ in legend[:1]), _widest(title, note)]) + 2 * _MARGIN
    height = header + drawing.height + (44 if legend else 0) + 2 * _MARGIN
    body = [*_header(title, note), *_moved(_inside(drawing), (width - drawing.width) / 2, _MARGIN + header)]
    if legend:
        body += _moved((text for _, text in legend), _MARGIN, height - _MARGIN - 8)
    return "\n".join([*_opening(graph, width, height), *body, "</svg>"]) + "\n"


def _opening(graph: Graph, width: float, height: float) -> Iterator[str]:
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="picture-title picture-text">'
    yield f'<title id="picture-title">{_t(graph.name)}: {_t(graph.summary)}</title>'
    yield f'<desc id="picture-text">{_t(story.told(graph))}</desc>'
    yield f"<style>\n{css()}\n</style>"
    yield f'<rect class="page" x="0.5" y="0.5" width="{number(width - 1)}" height="{number(height - 1)}" rx="12"/>'


def _widest(title: Sequence[str], note: Sequence[str]) -> float:
    return max(
        [1.45 * pixel_width(line, Style.DETAIL) for line in title] + [pixel_width(n, Style.DETAIL) for n in note]
    )


def _header(title: Sequence[str], note: Sequence[str]) -> Iterator[str]:
    y = _MARGIN + 16
    for line in title:
        yield _text(_MARGIN, y, "name", line)
        y += 24
    for line in note:
        yield _text(_MARGIN, y - 2, "note", line)
        y += 18


def _moved(lines: Iterator[str], x: float, y: float) -> Iterator[str]:
    yield f'<g transform="translate({number(x)} {number(y)})">'
    yield from lines
    yield "</g>"


def _inside(drawing: Drawing) -> Iterator[str]:
    """Frames lie below wires, wires below cards; what belongs together stands together."""
    for panel in drawing.panels:
        yield from _panel(panel)
    yield from _lines(drawing.wires)
    for card in drawing.cards:
        yield from _card(card)
    for wire in sorted(drawing.wires, key=_weight):
        yield _head(wire)
        yield from _tag(wire)


def _lines(wires: Sequence[Wire]) -> Iterator[str]:
    """A path for all wires of a net that look alike: what they share is then drawn once. What stays lies on top."""
    found: dict[tuple[Mark, int, Way], list[str]] = {}
    for wire in sorted(wires, key=_weight):
        found.setdefault((wire.edge.mark, wire.net, wire.edge.way), []).append(path(_points(wire)))
    for (mark, _, way), paths in found.items():
        line = f" line-{mark.value}" if mark is not Mark.NONE else ""
        yield f'<path class="wire {_WAYS[way]}{line}" d="{"".join(paths)}"/>'


def _points(wire: Wire) -> Sequence[Point]:
    """The wire from the end that it shares with others, so that dashes lie on each other, up to its arrow head."""
    if wire.at_start:
        return wire.points[::-1]
    x, y = wire.points[-1]
    return (*wire.points[:-1], (x - 5, y))


def _weight(wire: Wire) -> int:
    """What is drawn last of wires that share pieces: what stays, so that only what a change concerns has its colour."""
    return -_ORDER.index(wire.edge.mark)


def _panel(panel: Panel) -> Iterator[str]:
    mark = panel.frame.mark
    place = _place(panel, 12)
    yield f'<rect class="{_classes("panel", mark)}" {place}/>'
    x, y = panel.x + 16, panel.y + 20
    lines = [_span("heading", line) for line in panel.heading]
    lines += [_span("detail", line, 12 if panel.beside else 0) for line in panel.details]
    if panel.beside:
        lines = ["".join(lines)]
    for line in lines:
        yield f'<text x="{number(x)}" y="{number(y)}">{line}</text>'
        y += _SIZES.heading
    yield from _sign(panel.x + panel.width - 4, panel.y + 4, mark)


def _head(wire: Wire) -> str:
    """An arrow head at what is asked, a dot at a store."""
    mark = wire.edge.mark
    name = f"fill-{mark.value}" if mark is not Mark.NONE else f"head-{_WAYS[wire.edge.way]}"
    x, y = wire.points[-1]
    if wire.at_start:
        return f'<circle class="{name}" cx="{number(x)}" cy="{number(y)}" r="3.5"/>'
    return f'<path class="{name}" d="M{number(x - 1)} {number(y)}l-8 -4.5v9z"/>'


def _tag(wire: Wire) -> Iterator[str]:
    """The label, on the wire."""
    if not wire.edge.label:
        return
    kind, mark = _WAYS[wire.edge.way], wire.edge.mark
    width = pixel_width(wire.edge.label, Style.LABEL) + 14
    x, y = wire.spot
    left = x + _SIZES.frame_x + 8 if wire.at_start else x - _SIZES.frame_x - 8 - width
    line = f"line-{mark.value}" if mark is not Mark.NONE else kind
    text = f"fill-{mark.value}" if mark is not Mark.NONE else f"tag-{kind}"
    place = f'x="{number(left)}" y="{number(y - 9)}" width="{number(width)}" height="18" rx="9"'
    yield f'<rect class="{line} tag" {place}/>'
    yield _text(left + width / 2, y + 4, f"tag-text middle {text}", wire.edge.label)


def _card(card: Card) -> Iterator[str]:
    node = card.node
    radius = card.height / 2 if node.kind is Kind.USERS else 8
    place = _place(card, radius)
    yield f'<g><rect class="{_classes("card", node.mark)}" {place}/>'
    if node.mark is not Mark.NONE:
        yield f'<rect class="tint fill-{node.mark.value}" {place}/>'
    lines = len(card.title) * _SIZES.title + len(card.details) * _SIZES.detail
    x, y = card.x + _SIZES.pad_x, card.y + (card.height - lines) / 2
    tile = y - 1.5
    yield f'<rect class="tile {node.kind.value}" x="{number(x)}" y="{number(tile)}" width="22" height="22" rx="6"/>'
    icon = f'transform="translate({number(x + 4)} {number(tile + 4)}) scale(0.875)" d="{ICONS[node.kind]}"'
    yield f'<path class="{node.kind.value} icon" {icon}/>'
    y += 14
    if card.ports:
        yield _text(card.right - _SIZES.pad_x, y, "detail end", card.ports)
    for line in card.title:
        yield _text(x + _SIZES.icon, y, "title", line)
        y += _SIZES.title
    for line in card.details:
        yield _text(x + _SIZES.icon, y - 1, "detail", line)
        y += _SIZES.detail
    yield from _sign(card.right - 3, card.y + 3, node.mark)
    yield "</g>"


def _sign(x: float, y: float, mark: Mark) -> Iterator[str]:
    """What a change does, as a badge with a sign, for those who do not see colours."""
    if mark is not Mark.NONE:
        yield f'<circle class="fill-{mark.value}" cx="{number(x)}" cy="{number(y)}" r="9"/>'
        yield _text(x, y + 4.5, "sign", _SIGNS[mark])


def _legend(graph: Graph) -> Iterator[tuple[float, str]]:
    """What lines and signs mean; with each entry, where it ends."""
    x = 0.0
    present = {edge.way for edge in graph.edges}
    for way in (way for way in Way if way in present):
        text, kind = _MEANINGS[way], _WAYS[way]
        drawn = f'<path class="wire {kind}" d="M{number(x)} 0h24"/>{_text(x + 32, 4, "note", text)}'
        x += 32 + pixel_width(text, Style.DETAIL)
        yield x, drawn
        x += 16
    for mark in graph.marks:
        drawn = "".join(_sign(x + 9, 0, mark)) + _text(x + 24, 4, "note", mark.value)
        x += 24 + pixel_width(mark.value, Style.DETAIL)
        yield x, drawn
        x += 16


def _classes(name: str, mark: Mark) -> str:
    return f"{name} marked line-{mark.value}" if mark is not Mark.NONE else name


def _place(box: Card | Panel, radius: float) -> str:
    """Where a box is, as attributes of a rectangle."""
    numbers = {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "rx": radius}
    return " ".join(f'{name}="{number(value)}"' for name, value in numbers.items())


def _text(x: float, y: float, name: str, text: str) -> str:
    return f'<text class="{name}" x="{number(x)}" y="{number(y)}">{_t(text)}</text>'


def _span(name: str, text: str, after: float = 0) -> str:
    """A part of a text, so far behind the part before it: whatever font is there, they stand beside each other."""
    return f'<tspan class="{name}" dx="{number(after)}">{_t(text)}</tspan>'


def _t(text: str) -> str:
    return escape(text)
