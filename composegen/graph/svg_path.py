"""Lines and numbers as SVG writes them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from composegen.graph.drawing import Point

_ROUND = 9.0
"""Radius of a corner, in pixels."""


def path(points: Sequence[Point]) -> str:
    """A line through these points with round corners."""
    (x, y), *rest = points
    parts = [f"M{number(x)} {number(y)}"]
    for here, there in pairwise(rest):
        turn = min(_ROUND, _length((x, y), here) / 2, _length(here, there) / 2)
        parts.append(f"L{_at(here, (x, y), turn)}Q{number(here[0])} {number(here[1])} {_at(here, there, turn)}")
        x, y = here
    return "".join([*parts, f"L{number(rest[-1][0])} {number(rest[-1][1])}"])


def _at(here: Point, there: Point, distance: float) -> str:
    """The point so far from here on the way there."""
    length = _length(here, there) or 1
    return " ".join(number(a + (b - a) * distance / length) for a, b in zip(here, there, strict=True))


def _length(here: Point, there: Point) -> float:
    return abs(here[0] - there[0]) + abs(here[1] - there[1])


def number(value: float) -> str:
    """A number in as few characters as it needs."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
