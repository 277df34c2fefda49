"""Nets: edges that are drawn as one line which branches, and the heights at which they touch the cards.

What one node asks is a net, and so is whatever reads one store; where two nets touch the same side of a card, each has
a height of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from composegen.graph.drawing import Card
from composegen.graph.measure import Sizes
from composegen.graph.model import Edge, Graph, Way

Touch = tuple[str, int]
"""A node and a net."""


class Heights(Struct, frozen=True, kw_only=True):
    """Where nets leave cards on the right, and where they arrive on the left."""

    leaving: Mapping[Touch, float]
    arriving: Mapping[Touch, float]


def nets(graph: Graph, at: Mapping[str, int]) -> tuple[tuple[Edge, ...], ...]:
    """The nets, each as its edges. An edge that leads nowhere to the right is left out."""
    found: dict[object, list[Edge]] = {}
    for edge in graph.edges:
        if at[edge.start] < at[edge.end]:
            stored = edge.way in (Way.WRITES, Way.READS)
            found.setdefault((edge.end, edge.way) if stored else (edge.start, ""), []).append(edge)
    return tuple(tuple(edges) for edges in found.values())


def sides(found: Sequence[Sequence[Edge]]) -> Mapping[str, int]:
    """How many nets touch the busier side of each node."""
    counts: dict[str, int] = {}
    for touched in (_touched(found, "start"), _touched(found, "end")):
        for key, numbers in touched.items():
            counts[key] = max(counts.get(key, 0), len(numbers))
    return counts


def heights(found: Sequence[Sequence[Edge]], cards: Mapping[str, Card], sizes: Sizes) -> Heights:
    """The heights of all touches: in the order of what is at the other end, so that fewer wires cross."""
    leaving = _spread(_touched(found, "start"), _touched(found, "end"), cards, sizes)
    arriving = _spread(_touched(found, "end"), _touched(found, "start"), cards, sizes)
    return Heights(leaving=leaving, arriving=_straightened(arriving, leaving, found, cards, sizes))


def _straightened(
    arriving: Mapping[Touch, float],
    leaving: Mapping[Touch, float],
    found: Sequence[Sequence[Edge]],
    cards: Mapping[str, Card],
    sizes: Sizes,
) -> Mapping[Touch, float]:
    """The same, but where a wire would bend only a little, it arrives where it left, if there is room for it."""
    heights = dict(arriving)
    taken: dict[str, list[float]] = {}
    for (key, _), y in arriving.items():
        taken.setdefault(key, []).append(y)
    for (key, net), y in arriving.items():
        sources = {leaving[edge.start, net] for edge in found[net] if edge.end == key}
        wished = min(sources, key=lambda source: abs(source - y))
        others = [other for other in taken[key] if other != y]
        between = [other for other in others if min(y, wished) <= other <= max(y, wished)]
        clear = all(abs(other - wished) >= sizes.detail * 0.75 for other in others)
        if _is_inside(wished, cards[key], sizes) and clear and not between:
            heights[key, net] = wished
            taken[key] = [*others, wished]
    return heights


def _is_inside(y: float, card: Card, sizes: Sizes) -> bool:
    """Whether a height is well between the corners of a card."""
    return card.y + sizes.detail <= y <= card.bottom - sizes.detail and y < card.bottom - sizes.pad_y


def _touched(found: Sequence[Sequence[Edge]], end: str) -> Mapping[str, tuple[int, ...]]:
    """The nets at each node."""
    touched: dict[str, dict[int, None]] = {}
    for number, edges in enumerate(found):
        for edge in edges:
            touched.setdefault(getattr(edge, end), {})[number] = None
    return {key: tuple(numbers) for key, numbers in touched.items()}


def _spread(
    here: Mapping[str, tuple[int, ...]],
    there: Mapping[str, tuple[int, ...]],
    cards: Mapping[str, Card],
    sizes: Sizes,
) -> Mapping[Touch, float]:
    ends: dict[int, list[float]] = {}
    for key, numbers in there.items():
        for number in numbers:
            ends.setdefault(number, []).append(cards[key].middle)
    spread = {}
    for key, numbers in here.items():
        ordered = sorted(numbers, key=lambda number: sum(ends[number]) / len(ends[number]))
        inner = cards[key].height - 2 * sizes.pad_y
        for place, number in enumerate(ordered):
            spread[key, number] = cards[key].y + sizes.pad_y + sizes.snap(inner * (place + 0.5) / len(ordered))
    return spread
