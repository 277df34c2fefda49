"""Wires: the way of each edge from card to card, and with it the distances between the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from composegen.graph.drawing import Card, Point, Wire
from composegen.graph.lanes import Lane
from composegen.graph.measure import Sizes, Style
from composegen.graph.model import Edge, Way
from composegen.graph.nets import Heights
from composegen.graph.tracks import Trunk, tracks

_Name = tuple[int, int, str]
"""A trunk: its net, its channel, and the host for which it branches (none: all that are next to it)."""

_Past = tuple[int, str, int]
"""A net on its way to a column of a host."""


class Leg(Struct, frozen=True, kw_only=True):
    """A part of an edge's way: through the channel right of a column, from one height to another, along a trunk."""

    channel: int
    start: float
    end: float
    trunk: _Name


class Channel(Struct, frozen=True, kw_only=True):
    """The room between two columns: what is left and right of the tracks in it, and the track of each trunk."""

    before: float
    after: float
    tracks: Mapping[object, int]

    def width(self, sizes: Sizes) -> float:
        """How wide it is."""
        return self.before + max(self.tracks.values(), default=0) * sizes.track + self.after


class Ways(Struct, frozen=True, kw_only=True):
    """The legs of every edge, by net and edge, and the channels."""

    legs: Mapping[tuple[int, int], tuple[Leg, ...]]
    channels: tuple[Channel, ...]

    def wires(
        self, found: Sequence[Sequence[Edge]], cards: Mapping[str, Card], lefts: Sequence[float], sizes: Sizes
    ) -> Iterator[Wire]:
        """Every wire; `lefts` are where the channels begin."""
        for (net, place), legs in self.legs.items():
            edge = found[net][place]
            points: list[Point] = [(cards[edge.start].right, legs[0].start)]
            for leg in legs:
                channel = self.channels[leg.channel]
                x = lefts[leg.channel] + channel.before + channel.tracks.get(leg.trunk, 0) * sizes.track
                if leg.start != leg.end:
                    points += [(x, leg.start), (x, leg.end)]
            points.append((cards[edge.end].x, legs[-1].end))
            yield Wire(edge=edge, net=net, points=tuple(points))


def passing(found: Sequence[Sequence[Edge]], at: Mapping[str, int], hosts: Mapping[str, str]) -> Mapping[str, int]:
    """How many wires go past other columns to nodes of each host."""
    long = {
        (net, hosts[edge.end], at[edge.end])
        for net, edges in enumerate(found)
        for edge in edges
        if _is_long(edge, at) and edge.end in hosts
    }
    counts: dict[str, int] = {}
    for _, host, _ in long:
        counts[host] = counts.get(host, 0) + 1
    return counts


def ways(
    found: Sequence[Sequence[Edge]],
    cards: Mapping[str, Card],
    heights: Heights,
    at: Mapping[str, int],
    lanes: Sequence[Lane],
    sizes: Sizes,
) -> Ways:
    """The way of every edge."""
    hosts = {node.key: lane.frame.host for lane in lanes for node in lane.frame.nodes}
    past = _past(found, cards, heights, at, lanes, sizes)
    legs = {
        (net, place): tuple(
            _legs(net, edge, heights, at, past.get((net, hosts.get(edge.end, ""), at[edge.end])), hosts)
        )
        for net, edges in enumerate(found)
        for place, edge in enumerate(edges)
    }
    edges = {(net, place): edge for net, some in enumerate(found) for place, edge in enumerate(some)}
    channels = tuple(_channel(number, legs, edges, at, sizes) for number in range(max(at.values(), default=0)))
    return Ways(legs=legs, channels=channels)


def _is_long(edge: Edge, at: Mapping[str, int]) -> bool:
    return at[edge.end] - at[edge.start] > 1


def _legs(
    net: int, edge: Edge, heights: Heights, at: Mapping[str, int], past: float | None, hosts: Mapping[str, str]
) -> Iterator[Leg]:
    start, end = heights.leaving[edge.start, net], heights.arriving[edge.end, net]
    first, last = at[edge.start], at[edge.end] - 1
    if past is None or first == last:
        yield Leg(channel=first, start=start, end=end, trunk=(net, first, ""))
        return
    yield Leg(channel=first, start=start, end=past, trunk=(net, first, ""))
    yield Leg(channel=last, start=past, end=end, trunk=(net, last, hosts[edge.end]))


def _past(
    found: Sequence[Sequence[Edge]],
    cards: Mapping[str, Card],
    heights: Heights,
    at: Mapping[str, int],
    lanes: Sequence[Lane],
    sizes: Sizes,
) -> Mapping[_Past, float]:
    """The height at which a net passes the columns that are in its way on a host."""
    past: dict[_Past, float] = {}
    for lane in lanes:
        keys = [node.key for node in lane.frame.nodes]
        taken: list[float] = []
        for net, edges in enumerate(found):
            long = [edge for edge in edges if edge.end in keys and _is_long(edge, at)]
            for column in sorted({at[edge.end] for edge in long}):
                between = range(at[long[0].start] + 1, column)
                obstacles = [cards[key] for key in keys if at[key] in between]
                wanted = sorted(heights.arriving[edge.end, net] for edge in long if at[edge.end] == column)
                past[net, lane.frame.host, column] = y = _free(wanted, obstacles, taken, lane, sizes)
                taken.append(y)
    return past


def _free(
    wanted: Sequence[float], obstacles: Sequence[Card], taken: Sequence[float], lane: Lane, sizes: Sizes
) -> float:
    """A height that is free: that of a target where possible, so that the wire is straight, else past everything."""
    clear = sizes.detail / 2

    def is_free(y: float) -> bool:
        return all(abs(y - other) >= clear for other in taken) and not any(
            one.y - clear < y < one.bottom + clear for one in obstacles
        )

    centre = wanted[len(wanted) // 2]
    over = min((one.y for one in obstacles), default=lane.top)
    under = max((one.bottom for one in obstacles), default=lane.bottom)
    steps = [step * sizes.detail for step in range(1, len(taken) + 2)]
    around = [sizes.snap(y) for step in steps for y in (under + step, over - sizes.snap(step))]
    usable = [y for y in around if lane.top <= y < lane.bottom] or [sizes.snap(under + steps[-1])]
    wishes = [*sorted(wanted, key=lambda y: abs(y - centre)), *sorted(usable, key=lambda y: abs(y - centre))]
    return next((y for y in wishes if is_free(y)), usable[-1])


def _channel(
    number: int,
    legs: Mapping[tuple[int, int], tuple[Leg, ...]],
    edges: Mapping[tuple[int, int], Edge],
    at: Mapping[str, int],
    sizes: Sizes,
) -> Channel:
    here: dict[_Name, list[Leg]] = {}
    before = after = 0.0
    for name, some in legs.items():
        for leg in some:
            if leg.channel == number:
                here.setdefault(leg.trunk, []).append(leg)
        edge = edges[name]
        label = sizes.width(edge.label, Style.LABEL) + sizes.stub if edge.label else 0
        if edge.way in (Way.WRITES, Way.READS) and at[edge.start] == number:
            before = max(before, label)
        elif at[edge.end] == number + 1:
            after = max(after, label)
    trunks = [
        Trunk(name=name, lefts=frozenset(leg.start for leg in some), rights=frozenset(leg.end for leg in some))
        for name, some in here.items()
    ]
    edge_room = sizes.frame_x + sizes.stub
    return Channel(before=edge_room + before, after=edge_room + after, tracks=tracks(trunks, sizes.detail))
