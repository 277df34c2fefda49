"""A review for a terminal: a line per service and file that changes, then what to do, what to mind, and the counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from composegen.impact.model import Effect, Review
from composegen.report.excerpt import WIDTH, visible, width
from composegen.report.review import About, remarks
from composegen.report.review.rows import Row, Told, blocks
from composegen.report.text import Paint, Style

_STYLES = {
    Effect.CREATE: Style.GOOD,
    Effect.RECREATE: Style.WARNING,
    Effect.RESTART: Style.WARNING,
    Effect.REMOVE: Style.ERROR,
    Effect.HOT_RELOAD: Style.NOTE,
    Effect.HOST_ACTION: Style.NOTE,
}
_INDENT = 7
"""Of what goes on below a line that begins with DATA."""
_WORD = re.compile(r"(?:[+-] )?(?:`[^`]*`|[^ ])+")
"""What stays on one line: a word, or what is quoted, with the sign before it."""
_WIDEST = (24, 36, 34, 11)
"""Columns of host, file, subject and effect, where there is something that long."""
_NARROWEST = 28
"""Columns of the summary, however little the others leave of a line."""


def report(review: Review, about: About, *, colour: bool = False) -> str:
    """The whole screen."""
    paint = Paint(colour=colour)
    lines = [_title(about), *_rows(review, about, paint)] if review.impacts else []
    return "".join(f"{line}\n" for line in [*lines, *_remarks(review, about, paint), *_verdict(review, about, paint)])


def summary(review: Review, about: About, *, colour: bool = False) -> str:
    """What must not be missed, and the counts."""
    paint = Paint(colour=colour)
    return "".join(f"{line}\n" for line in [*_told_aside(review, about, paint), *_verdict(review, about, paint)])


def _title(about: About) -> str:
    name = f"composegen diff{' ' * 35}"
    return f"{name}{visible(about.name)} -> {visible(about.after)}"


def _rows(review: Review, about: About, paint: Paint) -> Iterator[str]:
    """The table."""
    table = [
        (block.hosts if number == 0 else "", row)
        for block in blocks(review, about)
        for number, row in enumerate(block.rows)
    ]
    widths = _widths(table)
    previous = ""
    for host, row in table:
        file = row.file if host or row.file != previous else ""
        previous = row.file
        style = _STYLES.get(row.effect, Style.FRAME)
        first = (host, file, f"{row.sign} {row.subject}", row.effect.value)
        for told in _told(row):
            place = told.place
            for part in _wrapped(told.summary, widths[-1]):
                yield _line((*first, part), place, widths, style, paint)
                first, place = ("", "", "", ""), ""


def _told(row: Row) -> Sequence[Told]:
    """Everything that is said of a row, in order."""
    return (Told(summary=row.summary, place=row.place), *row.more)


def _widths(table: Sequence[tuple[str, Row]]) -> tuple[int, ...]:
    """Of the columns; that of what is said takes what the others leave of a line."""
    columns = [(host, row.file, f"  {row.subject}", row.effect.value) for host, row in table]
    longest = [max((width(visible(cell)) for cell in column), default=0) for column in zip(*columns, strict=True)]
    widths = tuple(min(one, most) for one, most in zip(longest, _WIDEST, strict=True))
    told = [one for _, row in table for one in _told(row)]
    place = max(width(visible(one.place)) for one in told)
    left = max(_NARROWEST, WIDTH - sum(widths) - place - 2 * (len(widths) + 2))
    return (*widths, min(left, max(width(visible(one.summary)) for one in told)))


def _wrapped(text: str, most: int) -> list[str]:
    """The text in lines of so many cells, broken between words; a word that is longer stays whole."""
    lines = [""]
    for word in _WORD.findall(visible(text)):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width(longer) > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _line(cells: Sequence[str], place: str, widths: Sequence[int], style: Style, paint: Paint) -> str:
    """One line of the table, from its cells."""
    host, file, subject, effect, said = (_padded(cell, most) for cell, most in zip(cells, widths, strict=True))
    shown = (paint(Style.STRONG, host), file, paint(style, subject), paint(style, effect), said)
    return f"  {'  '.join(shown)}  {paint(Style.FRAME, visible(place))}".rstrip()


def _padded(text: str, cells: int) -> str:
    text = visible(text)
    return text + " " * (cells - width(text))


def _remarks(review: Review, about: About, paint: Paint) -> Iterator[str]:
    """What to do on the hosts, in order, and what to mind."""
    for when, steps in remarks.on_hosts(review):
        yield ""
        yield paint(Style.STRONG, f"On the hosts, {when.value}:")
        for step in steps:
            yield f"{step.number:3}. {paint(Style.STRONG, visible(step.hosts))}: {visible(step.command)}"
            yield from (" " * 5 + paint(Style.FRAME, part) for part in _wrapped(step.reason, WIDTH - 5))
    if found := _told_aside(review, about, paint):
        yield from ("", *found)


def _told_aside(review: Review, about: About, paint: Paint) -> Sequence[str]:
    """What to mind."""
    return [*_alarms(review, about, paint), *_notes(review, about, paint)]


def _alarms(review: Review, about: About, paint: Paint) -> Iterator[str]:
    """What may happen to data; the place stands before the command, which can be copied from a line of its own."""
    for alarm in remarks.alarms(review, about):
        mark = paint(Style.ERROR, "DATA ") if alarm.grave else ""
        indent = " " * (_INDENT if alarm.grave else _INDENT - 3)
        sentence = f"{alarm.hosts}: {alarm.message}"
        first, *more = _wrapped(f"{sentence} ({alarm.place})" if alarm.place else sentence, WIDTH - _INDENT)
        yield f"  {mark}{first}"
        yield from (indent + part for part in more)
        if alarm.command:
            yield indent + paint(Style.STRONG, visible(alarm.command))


def _notes(review: Review, about: About, paint: Paint) -> Iterator[str]:
    for name in remarks.renames(review):
        yield visible(f"  {name.before} {name.words} {name.after} now")
    for one in remarks.serving(review):
        first, *more = _wrapped(f"{one.services}: {one.words}", WIDTH - 4)
        lines = (f"  {first}", *(f"    {part}" for part in more))
        yield from (paint(Style.WARNING, line) if one.silent else line for line in lines)
    for path, why in remarks.conflicts(review):
        yield paint(Style.WARNING, visible(f"  ! {about.after}/{path} {why}"))


def _verdict(review: Review, about: About, paint: Paint) -> Iterator[str]:
    """The last line: the counts, and what to do next."""
    if review.is_empty:
        yield paint(Style.STRONG, f"Plan: nothing changes, {review.unchanged} unchanged.")
        return
    then = visible(about.next) or "roll it out as README.md, the run book, says"
    yield f"{paint(Style.STRONG, f'Plan: {remarks.counts(review)}.')}      Next: {then}"
