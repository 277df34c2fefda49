"""A line of somebody's file, made fit for a terminal, with a marker under the part that matters.

Tabs, wide and combining characters keep the marker aligned; control characters become visible instead of steering the
terminal; a long line is cut around the marked part.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

WIDTH = 100
"""Terminal cells that an excerpt may take."""

_BEFORE = 24
_REACH = 10 * WIDTH
_TAB = "    "
_CUT = "…"
_FIRST_PRINTABLE = 0x20
_PICTURES = 0x2400
"""Unicode's block of pictures of the C0 control characters; delete has one of its own, U+2421."""


def visible(text: str) -> str:
    """The text with every character that would steer a terminal or hide itself replaced by a visible one."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_cell(character) for character in text)


def width(text: str) -> int:
    """Terminal cells that a visible text takes."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def excerpt(line: str, start: int, end: int, mark: str = "^") -> tuple[str, str]:
    """The line and the marker line below it; `start` and `end` are columns from 1, the end exclusive.

    At least one cell is marked, even past the end of the line.
    """
    first = min(max(start - 1, 0), len(line))
    last = min(max(end - 1, first), len(line))
    # Of a line that is longer than any terminal only what lies around the mark is looked at.
    skipped, rest = max(0, first - _REACH), line[first + _REACH :]
    cells = [_cell(character) for character in line[skipped : first + _REACH]]
    first, last = first - skipped, min(last - skipped, len(cells))
    left, right = _window([width(cell) for cell in cells], first)
    last = min(last, right)
    head = _CUT if left or skipped else ""
    tail = _CUT if right < len(cells) or rest else ""
    before = head + "".join(cells[left:first])
    marked = "".join(cells[first:last])
    shown = before + marked + "".join(cells[last:right]) + tail
    return shown, " " * width(before) + mark * max(width(marked), 1)


def _window(widths: Sequence[int], first: int) -> tuple[int, int]:
    """Which characters to show, as a range: all when they fit, else some before `first` and as many after as fit."""
    if sum(widths) <= WIDTH:
        return 0, len(widths)
    left = 0
    if sum(widths[:first]) > WIDTH - 2 * _BEFORE:
        left = first
        while left > 0 and sum(widths[left - 1 : first]) <= _BEFORE:
            left -= 1
    right, room = left, WIDTH - 2
    while right < len(widths) and widths[right] <= room:
        room -= widths[right]
        right += 1
    return left, right


def _cell(character: str) -> str:
    """What is shown for one character."""
    number = ord(character)
    if character == "\t":
        return _TAB
    if character == "\x7f":
        return "\u2421"
    if number < _FIRST_PRINTABLE:
        return chr(_PICTURES + number)
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"<U+{number:04X}>"
    return character


def _width(character: str) -> int:
    """Terminal cells of one visible character."""
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
