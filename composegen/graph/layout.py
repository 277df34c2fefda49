"""The layout: a column for users, apps, the gateway, instances and stores each, a lane for each host, wires between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from composegen.graph.columns import columns
from composegen.graph.drawing import Card, Drawing, Panel, Point, Wire
from composegen.graph.lanes import Lane, card, centred, lanes
from composegen.graph.measure import Sizes
from composegen.graph.model import Edge, Graph, Kind
from composegen.graph.nets import heights, nets, sides
from composegen.graph.wires import passing, ways


def layout(graph: Graph, sizes: Sizes) -> Drawing:
    """A place for everything in the graph."""
    at = columns(graph)
    found = nets(graph, at)
    busy = sides(found)
    cards = {node.key: card(node, sizes, busy.get(node.key, 0)) for node in graph.nodes()}
    cards = _evened(cards, at)
    hosts = {node.key: frame.host for frame in graph.frames for node in frame.nodes}
    placed = lanes(graph, cards, at, passing(found, at, hosts), sizes)
    _place_outside(graph, cards, at, found, placed, sizes)
    routed = ways(found, cards, heights(found, cards, sizes), at, placed, sizes)
    xs, lefts = _xs(cards, at, [channel.width(sizes) for channel in routed.channels])
    cards = {key: replace(one, x=xs[at[key]]) for key, one in cards.items()}
    panels = tuple(_panels(placed, cards, at, xs, sizes))
    return _shifted(graph, cards, panels, tuple(routed.wires(found, cards, lefts, sizes)))


def _evened(cards: Mapping[str, Card], at: Mapping[str, int]) -> dict[str, Card]:
    """All cards of a column with the width of the widest."""
    widths: dict[int, float] = {}
    for key, one in cards.items():
        widths[at[key]] = max(widths.get(at[key], 0), one.width)
    return {key: replace(one, width=widths[at[key]]) for key, one in cards.items()}


def _place_outside(
    graph: Graph,
    cards: dict[str, Card],
    at: Mapping[str, int],
    found: Sequence[Sequence[Edge]],
    placed: Sequence[Lane],
    sizes: Sizes,
) -> None:
    """Users beside what they ask; stores of a NAS beside what reads them, or below where other stores stand there."""
    users = [node.key for node in graph.outside if node.kind is Kind.USERS]
    stores = [node.key for node in graph.outside if node.kind is Kind.STORE]
    bottom = max((lane.bottom + sizes.frame_bottom for lane in placed), default=0)
    if stores:
        beside = not any(lane.last == at[stores[0]] for lane in placed)
        height = sum(cards[key].height + sizes.gap for key in stores) - sizes.gap
        middle = _middle(stores, cards, graph.edges, "end") if beside else bottom + sizes.lane + height / 2
        centred(stores, cards, middle, sizes)
    for key in users:
        centred([key], cards, 0, sizes)
    asked = [edge for edges in found for edge in edges if edge.start in users]
    gateways = [edge for edge in asked if at[edge.end] == min(at[edge.end] for edge in asked)]
    levels = heights(found, cards, sizes).arriving
    numbers = {id(edge): number for number, edges in enumerate(found) for edge in edges}
    ys = sorted(levels[edge.end, numbers[id(edge)]] for edge in gateways) or [bottom / 2]
    for key in users:
        middle = ys[len(ys) // 2] if len(ys) % 2 else (ys[0] + ys[-1]) / 2
        one = cards[key]
        offset = sizes.pad_y + sizes.snap((one.height - 2 * sizes.pad_y) / 2)
        cards[key] = replace(one, y=sizes.snap(middle) - offset)


def _middle(keys: Sequence[str], cards: Mapping[str, Card], edges: Sequence[Edge], end: str) -> float:
    """The height around which the cards are to which these are tied."""
    other = "start" if end == "end" else "end"
    ys = [cards[getattr(edge, other)].middle for edge in edges if getattr(edge, end) in keys]
    return (min(ys) + max(ys)) / 2 if ys else 0


def _xs(
    cards: Mapping[str, Card], at: Mapping[str, int], channels: Sequence[float]
) -> tuple[Sequence[float], Sequence[float]]:
    """Where each column begins, and where each channel does."""
    xs, lefts = [0.0], []
    for column, width in enumerate(channels):
        lefts.append(xs[-1] + max((one.width for key, one in cards.items() if at[key] == column), default=0))
        xs.append(lefts[-1] + width)
    return xs, lefts


def _panels(
    placed: Sequence[Lane], cards: Mapping[str, Card], at: Mapping[str, int], xs: Sequence[float], sizes: Sizes
) -> Iterator[Panel]:
    for lane in placed:
        last = max((one.width for key, one in cards.items() if at[key] == lane.last), default=sizes.widest / 2)
        yield lane.panel(xs[lane.first] - sizes.frame_x, xs[lane.last] + last + sizes.frame_x, sizes)


def _shifted(graph: Graph, cards: Mapping[str, Card], panels: Sequence[Panel], wires: Sequence[Wire]) -> Drawing:
    """Everything moved so that it begins at (0, 0)."""
    boxes = [(one.x, one.y, one.width, one.height) for one in cards.values()]
    boxes += [(one.x, one.y, one.width, one.height) for one in panels]
    corners = [point for wire in wires for point in wire.points]
    x = -min([one[0] for one in boxes] + [point[0] for point in corners])
    y = -min([one[1] for one in boxes] + [point[1] for point in corners])

    def moved(points: Sequence[Point]) -> tuple[Point, ...]:
        return tuple((point[0] + x, point[1] + y) for point in points)

    return Drawing(
        graph=graph,
        width=max([one[0] + one[2] for one in boxes]) + x,
        height=max([one[1] + one[3] for one in boxes] + [point[1] for point in corners]) + y,
        cards=tuple(replace(one, x=one.x + x, y=one.y + y) for one in cards.values()),
        panels=tuple(replace(one, x=one.x + x, y=one.y + y) for one in panels),
        wires=tuple(replace(wire, points=moved(wire.points)) for wire in wires),
    )
