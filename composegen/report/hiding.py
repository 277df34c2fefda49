"""Lines of somebody's file without the values that no report may show."""

from __future__ import annotations

from collections.abc import Iterable

from composegen.findings import Span

NOT_SHOWN = "<not shown>"

Columns = tuple[int, int]
"""First column of something hidden, from 1, and the column after its last."""

END = 1 << 30
"""A column after the end of every line."""


def by_line(span: Span) -> Iterable[tuple[int, Columns]]:
    """The lines that a value takes part in, each with the columns of its part."""
    for line in range(span.line, span.end_line + 1):
        first = span.column if line == span.line else 1
        yield line, (first, span.end_column if line == span.end_line else END)


def merged(columns: Iterable[Columns]) -> tuple[Columns, ...]:
    """The same, in order and without overlaps."""
    found: list[Columns] = []
    for first, last in sorted(columns):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        elif last > first:
            found.append((first, last))
    return tuple(found)


def text(line: str, hidden: Iterable[Columns]) -> str:
    """The line, with words in place of what is hidden; `hidden` is merged."""
    parts, end = [], 0
    for first, last in hidden:
        parts += [line[end : first - 1], NOT_SHOWN]
        end = last - 1
    return "".join(parts) + line[end:]


def column(number: int, hidden: Iterable[Columns]) -> int:
    """Where a column of the whole line is in `text`; for one inside of something hidden, where that begins."""
    shift = 0
    for first, last in hidden:
        if number >= last:
            shift += len(NOT_SHOWN) - (last - first)
        elif number > first:
            return first + shift
    return number + shift
