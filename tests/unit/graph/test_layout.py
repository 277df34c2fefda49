"""The layout: nothing lies on anything else, and every wire leads from where it begins to where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest

from composegen.graph import building
from composegen.graph.drawing import Card, Drawing, Point
from composegen.graph.layout import layout
from composegen.graph.measure import Sizes, cells, pixels
from composegen.graph.model import Graph
from composegen.graph.plain import plain
from tests.planning import plan_of
from tests.properties.effort import SEED, examples
from tests.sampling import SAMPLES, compiled
from tests.unit.graph.pictures import chance_graph, farm, hostile

GRAPHS = [
    *SAMPLES,
    "hostile",
    "farm",
    *(f"chance {seed}" for seed in range(SEED, SEED + 5)),
    *(pytest.param(f"chance {seed}", marks=pytest.mark.slow) for seed in range(SEED + 5, SEED + examples(40))),
]


def graph(name: str) -> Graph:
    if name == "hostile":
        return plain(hostile())
    if name == "farm":
        return building.build(plan_of(farm(12, 3, gateway="gateway: {host: h000}")))
    if name.startswith("chance"):
        return chance_graph(int(name.split()[1]))
    plan = compiled(name).plan
    assert plan is not None
    return building.build(plan)


def pieces(drawing: Drawing) -> Iterator[tuple[int, Point, Point]]:
    """Every straight piece of a wire, with its net."""
    for wire in drawing.wires:
        for first, second in pairwise(wire.points):
            yield wire.net, min(first, second), max(first, second)


def overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("sizes", [pixels(), cells(32), cells(16)], ids=["pixels", "wide cells", "narrow cells"])
def test_nothing_lies_on_anything_else(name: str, sizes: Sizes) -> None:
    drawing = layout(graph(name), sizes)
    assert {card.node.key for card in drawing.cards} == {node.key for node in drawing.graph.nodes()}
    for one, other in combinations(drawing.cards, 2):
        beside = not overlap((one.x, one.right), (other.x, other.right))
        assert beside or not overlap((one.y, one.bottom), (other.y, other.bottom)), (one.node.key, other.node.key)
    for upper, lower in combinations(drawing.panels, 2):
        assert not overlap((upper.y, upper.y + upper.height), (lower.y, lower.y + lower.height))
    for card in drawing.cards:
        assert card.x >= 0
        assert card.y >= 0
        assert card.right <= drawing.width
        assert card.bottom <= drawing.height
        for panel in drawing.panels:
            inside = panel.x < card.x and card.right < panel.x + panel.width
            inside = inside and panel.y < card.y and card.bottom < panel.y + panel.height
            assert inside or card.node not in panel.frame.nodes, card.node.key


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("sizes", [pixels(), cells(22)], ids=["pixels", "cells"])
def test_wires_lead_from_card_to_card_and_through_none(name: str, sizes: Sizes) -> None:
    drawing = layout(graph(name), sizes)
    cards = {card.node.key: card for card in drawing.cards}
    assert sorted((w.edge.start, w.edge.end) for w in drawing.wires) == sorted(
        (edge.start, edge.end) for edge in drawing.graph.edges
    )
    for wire in drawing.wires:
        assert _touches(cards[wire.edge.start], cards[wire.edge.start].right, wire.points[0])
        assert _touches(cards[wire.edge.end], cards[wire.edge.end].x, wire.points[-1])
    for _, first, second in pieces(drawing):
        assert first[0] == second[0] or first[1] == second[1]
        for card in drawing.cards:
            across = overlap((first[0], second[0] + 0.1), (card.x + 0.1, card.right - 0.1))
            down = overlap((first[1], second[1] + 0.1), (card.y, card.bottom - 0.1))
            assert not (across and down), (name, card.node.key, first, second)


@pytest.mark.parametrize("name", [*SAMPLES, "hostile", "farm"])
@pytest.mark.parametrize("sizes", [pixels(), cells(22)], ids=["pixels", "cells"])
def test_nets_do_not_lie_on_each_other(name: str, sizes: Sizes) -> None:
    drawing = layout(graph(name), sizes)
    found = list(pieces(drawing))
    for (net, a, b), (other, c, d) in combinations(found, 2):
        if net != other and a[0] == b[0] == c[0] == d[0]:
            assert not overlap((a[1], b[1]), (c[1], d[1])), (name, a, b, c, d)
        if net != other and a[1] == b[1] == c[1] == d[1]:
            assert not overlap((a[0], b[0]), (c[0], d[0])), (name, a, b, c, d)


def _touches(card: Card, x: float, point: Point) -> bool:
    return point[0] == x and card.y < point[1] < card.bottom
