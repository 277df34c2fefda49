"""A sheet of characters: boxes, lines that join where they meet, and text over them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import pairwise

from composegen.graph.drawing import Point
from composegen.graph.model import Mark

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_JOINTS = {
    _UP: "│",
    _DOWN: "│",
    _UP | _DOWN: "│",
    _LEFT: "─",
    _RIGHT: "─",
    _LEFT | _RIGHT: "─",
    _DOWN | _RIGHT: "┌",
    _DOWN | _LEFT: "┐",
    _UP | _RIGHT: "└",
    _UP | _LEFT: "┘",
    _UP | _DOWN | _RIGHT: "├",
    _UP | _DOWN | _LEFT: "┤",
    _DOWN | _LEFT | _RIGHT: "┬",
    _UP | _LEFT | _RIGHT: "┴",
    _UP | _DOWN | _LEFT | _RIGHT: "┼",
}
_DASHES = {"│": "┆", "─": "┄"}


class Line(Enum):
    """How a line is drawn."""

    PLAIN = "plain"
    DASHED = "dashed"


_Cell = tuple[int, int]
"""Row, column."""


class Canvas:
    """Characters by row and column; text stands over lines, lines over the borders of frames."""

    def __init__(self, colours: Mapping[Mark, str]) -> None:
        self._colours = colours
        self._borders: dict[_Cell, str] = {}
        self._sides: set[_Cell] = set()
        self._joints: dict[_Cell, int] = {}
        self._dashed: dict[_Cell, bool] = {}
        self._text: dict[_Cell, str] = {}
        self._marks: dict[_Cell, Mark] = {}

    def box(self, x: float, y: float, width: float, height: float, mark: Mark, *, joins: bool = False) -> None:
        """The border of a box, dashed for what is removed. `joins`: lines that end on it join it, none passes it."""
        left, top, right, bottom = int(x), int(y), int(x + width) - 1, int(y + height) - 1
        across, down = ("┄", "┆") if mark is Mark.REMOVED else ("─", "│")
        for column in range(left + 1, right):
            self._border(top, column, across, mark)
            self._border(bottom, column, across, mark)
        for row in range(top + 1, bottom):
            self._border(row, left, down, mark)
            self._border(row, right, down, mark)
            if joins:
                self._sides |= {(row, left), (row, right)}
        places = ((top, left), (top, right), (bottom, left), (bottom, right))
        for (row, column), corner in zip(places, "┌┐└┘" if joins else "╭╮╰╯", strict=True):
            self._border(row, column, corner, mark)

    def line(self, points: Sequence[Point], line: Line, mark: Mark) -> None:
        """A line of horizontal and vertical pieces from cell to cell; its ends join the borders of boxes."""
        for (x, y), (to_x, to_y) in pairwise(points):
            cells = list(_between(int(x), int(y), int(to_x), int(to_y)))
            for here, there in pairwise(cells):
                self._join(here, there, line, mark)
                self._join(there, here, line, mark)

    def write(self, x: float, y: float, text: str, mark: Mark) -> None:
        """Text from that cell on."""
        column = int(x)
        for character in text:
            width = 0 if _sits(character) else 1 + (unicodedata.east_asian_width(character) in {"W", "F"})
            if width == 0:
                self._text[int(y), column - 1] = self._text.get((int(y), column - 1), "") + character
                continue
            self._text[int(y), column] = character
            if width > 1:
                self._text[int(y), column + 1] = ""
            for covered in range(column, column + width):
                self._marks[int(y), covered] = mark
            column += width

    def lines(self) -> Iterator[str]:
        """Every row, without blanks at its end."""
        cells = {*self._borders, *self._joints, *self._text}
        rows = max((row for row, _ in cells), default=-1)
        ends: dict[int, int] = {}
        for row, column in cells:
            ends[row] = max(ends.get(row, 0), column)
        for row in range(rows + 1):
            yield self._row(row, ends.get(row, -1))

    def _row(self, row: int, end: int) -> str:
        parts: list[str] = []
        colour = ""
        for column in range(end + 1):
            wanted = self._colours.get(self._marks.get((row, column), Mark.NONE), "")
            if wanted != colour:
                parts.append(f"\x1b[{wanted or '0'}m")
                colour = wanted
            parts.append(self._character((row, column)))
        return "".join(parts).rstrip() + ("\x1b[0m" if colour else "")

    def _character(self, cell: _Cell) -> str:
        if cell in self._text:
            return self._text[cell]
        if cell in self._joints:
            found = _JOINTS[self._joints[cell] | (_UP | _DOWN if cell in self._sides else 0)]
            return _DASHES.get(found, found) if self._dashed.get(cell) else found
        return self._borders.get(cell, " ")

    def _border(self, row: int, column: int, character: str, mark: Mark) -> None:
        self._borders[row, column] = character
        self._marks[row, column] = mark

    def _join(self, cell: _Cell, other: _Cell, line: Line, mark: Mark) -> None:
        """Let a cell reach out to the one beside it; on a box it keeps its border."""
        row, column = cell
        bit = {(-1, 0): _UP, (1, 0): _DOWN, (0, -1): _LEFT, (0, 1): _RIGHT}[other[0] - row, other[1] - column]
        self._joints[cell] = self._joints.get(cell, 0) | bit
        self._dashed[cell] = self._dashed.get(cell, True) and line is Line.DASHED
        self._marks[cell] = mark


def _between(x: int, y: int, to_x: int, to_y: int) -> Iterator[_Cell]:
    """Every cell of a piece, both ends included."""
    step_x, step_y = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
    yield y, x
    while (x, y) != (to_x, to_y):
        x, y = x + step_x, y + step_y
        yield y, x


def _sits(character: str) -> bool:
    """Whether it takes no cell of its own."""
    return unicodedata.category(character) in {"Mn", "Me", "Cf"}
