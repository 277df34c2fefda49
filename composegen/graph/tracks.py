"""Tracks: where the vertical pieces of wires run in the channel between two columns, so that few wires cross.

Wires lie on each other only where each would have to be left of the other; no order of tracks helps there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations

from msgspec import Struct

FEW = 6
"""Of up to so many trunks every order is tried."""
_OVERLAP = 50
"""How much worse it is when two wires lie on each other than when they cross."""


class Trunk(Struct, frozen=True, kw_only=True):
    """The vertical piece of a net in one channel, with the heights of what meets it from the left and the right."""

    name: object
    lefts: frozenset[float]
    rights: frozenset[float]

    @property
    def top(self) -> float:
        """Its upper end."""
        return min(self.lefts | self.rights)

    @property
    def bottom(self) -> float:
        """Its lower end."""
        return max(self.lefts | self.rights)


def tracks(trunks: Iterable[Trunk], clear: float) -> Mapping[object, int]:
    """The track of each trunk, from 0 on the left; trunks that are not beside each other, but `clear`, share one."""
    found: dict[object, int] = {}
    for cluster in _clusters(trunks, clear):
        found |= {trunk.name: number for number, trunk in enumerate(_ordered(cluster))}
    return found


def _clusters(trunks: Iterable[Trunk], clear: float) -> Iterator[list[Trunk]]:
    """Trunks that are beside each other, directly or over others."""
    cluster: list[Trunk] = []
    end = 0.0
    for trunk in sorted(trunks, key=lambda trunk: (trunk.top, trunk.bottom)):
        if trunk.top == trunk.bottom:
            continue
        if cluster and trunk.top > end + clear:
            yield cluster
            cluster = []
        end = max(end, trunk.bottom) if cluster else trunk.bottom
        cluster.append(trunk)
    if cluster:
        yield cluster


def _ordered(cluster: Sequence[Trunk]) -> Sequence[Trunk]:
    """The order with the fewest crossings, or for many a good one."""
    costs = {(a.name, b.name): _cost(a, b) for a in cluster for b in cluster if a is not b}

    def cost(order: Sequence[Trunk]) -> int:
        return sum(costs[a.name, b.name] for place, a in enumerate(order) for b in order[place + 1 :])

    if len(cluster) <= FEW:
        return min(permutations(cluster), key=cost)
    order = list(cluster)
    for _ in order:
        before = list(order)
        for trunk in cluster:
            _sift(order, trunk, costs)
        if order == before:
            break
    return order


def _sift(order: list[Trunk], trunk: Trunk, costs: Mapping[tuple[object, object], int]) -> None:
    """Move one trunk to where it costs least among the others as they are."""
    order.remove(trunk)
    total = sum(costs[trunk.name, other.name] for other in order)
    best, place = total, 0
    for number, other in enumerate(order, start=1):
        total += costs[other.name, trunk.name] - costs[trunk.name, other.name]
        if total < best:
            best, place = total, number
    order.insert(place, trunk)


def _cost(left: Trunk, right: Trunk) -> int:
    """How bad it is to have these two in this order."""
    crossed = sum(right.top < y < right.bottom for y in left.rights) + sum(
        left.top < y < left.bottom for y in right.lefts
    )
    touching = sum(y in (right.top, right.bottom) for y in left.rights)
    touching += sum(y in (left.top, left.bottom) for y in right.lefts)
    return crossed + touching + _OVERLAP * len(left.rights & right.lefts)
