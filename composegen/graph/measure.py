"""How large things are: text, the room around it, the steps between wires, in pixels or in cells of a terminal.

One layout serves both; only what stands here differs.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cache

from msgspec import Struct


class Style(Enum):
    """A kind of text."""

    TITLE = "title"
    DETAIL = "detail"
    HEADING = "heading"
    LABEL = "label"


class Sizes(Struct, frozen=True, kw_only=True):
    """All measures of a drawing, in its unit. Whatever is computed from them is passed through `snap`."""

    width: Callable[[str, Style], float]
    """How wide a text is, rather too wide than too narrow."""
    snap: Callable[[float], float]
    widest: float
    """Lines are broken that are wider."""
    title: float
    """Height of a line of that kind; so the next two."""
    detail: float
    heading: float
    pad_x: float
    """From the border of a box to its text; so the next one."""
    pad_y: float
    icon: float
    """Room for the icon, before the text of a box."""
    gap: float
    """Between boxes, one above the other."""
    frame_x: float
    """From the border of a frame to the boxes in it."""
    inset: float
    """From there to where a heading must end; on both sides together."""
    frame_top: float
    """Under the heading."""
    frame_bottom: float
    lane: float
    """Between frames."""
    track: float
    """Between wires that run side by side."""
    stub: float
    """The shortest piece of a wire between a box and where it turns."""


def pixels(widest: float = 230) -> Sizes:
    """For SVG."""
    return Sizes(
        width=pixel_width,
        snap=lambda value: round(value * 2) / 2,
        widest=widest,
        title=19,
        detail=16,
        heading=18,
        pad_x=12,
        pad_y=9,
        icon=32,
        gap=10,
        frame_x=16,
        inset=0,
        frame_top=12,
        frame_bottom=16,
        lane=20,
        track=14,
        stub=16,
    )


def cells(widest: float) -> Sizes:
    """For a terminal. A border takes one cell, and wires and boxes meet on it."""
    return Sizes(
        width=lambda text, _: cell_width(text),
        snap=math.floor,
        widest=widest,
        title=1,
        detail=1,
        heading=1,
        pad_x=2,
        pad_y=1,
        icon=0,
        gap=0,
        frame_x=2,
        inset=2,
        frame_top=0,
        frame_bottom=1,
        lane=1,
        track=2,
        stub=2,
    )


_WITHOUT_WIDTH = frozenset({"Mn", "Me", "Cf"})
"""Categories of characters that sit on the one before them, or cannot be seen."""


@cache
def cell_width(text: str) -> int:
    """Columns of a terminal: two for a wide character, none for one that sits on the character before it."""
    return sum(0 if unicodedata.category(one) in _WITHOUT_WIDTH else 1 + _is_wide(one) for one in text)


@cache
def pixel_width(text: str, style: Style) -> float:
    """Pixels, by the advance widths of a wide sans-serif font: whatever font is there, the text stays in its box."""
    size, weight = _FONT[style]
    return math.ceil(sum(_advance(one) for one in text) * size * weight)


_FONT = {Style.TITLE: (14, 1.07), Style.DETAIL: (12, 1.0), Style.HEADING: (13, 1.07), Style.LABEL: (11, 1.0)}
"""Size in pixels, and how much wider than regular."""


def _advance(character: str) -> float:
    """Width of a character as a share of the font's size."""
    if unicodedata.category(character) in _WITHOUT_WIDTH:
        return 0
    if _is_wide(character):
        return 1.1
    if ord(character) > ord("~"):
        return 0.8
    return next((width for width, members in _ADVANCES if character in members), 0.63)


_ADVANCES = (
    (0.32, "ijl.,:;'|!"),
    (0.42, '-/\\()[]{}frtI "`'),
    (0.72, "ABCEFKPRSTVXYZ&+<=>~#"),
    (0.82, "DGHNOQUw"),
    (1.0, "MWm%@"),
)
"""Wider than the letters of usual fonts, which are those of DejaVu Sans at most."""


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}


def wrapped(text: str, widest: float, width: Callable[[str], float]) -> tuple[str, ...]:
    """Lines no wider than that, broken at a blank or after a mark, in a word only where it has none."""
    lines: list[str] = []
    rest = text
    while rest and width(rest) > widest:
        fitting = _fitting(rest, widest, width)
        breaks = [number for number in range(1, fitting + 1) if rest[number - 1] in _BREAKS]
        end = breaks[-1] if breaks and breaks[-1] * 3 > fitting else fitting
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return (*lines, rest) if rest or not lines else tuple(lines)


_BREAKS = " /-_.:,@"


def _fitting(text: str, widest: float, width: Callable[[str], float]) -> int:
    """How many characters fit; at least one."""
    end = 1
    while end < len(text) and width(text[: end + 1]) <= widest:
        end += 1
    return end


def filled(parts: Iterable[str], widest: float, width: Callable[[str], float]) -> tuple[str, ...]:
    """Parts as lines: joined by a dot while they fit on one, each broken where it does not fit alone."""
    return tuple(line for part in _joined(parts, widest, width) for line in wrapped(part, widest, width))


def _joined(parts: Iterable[str], widest: float, width: Callable[[str], float]) -> Iterator[str]:
    line = ""
    for part in parts:
        longer = f"{line} · {part}" if line else part
        if line and width(longer) > widest:
            yield line
            longer = part
        line = longer
    if line:
        yield line
