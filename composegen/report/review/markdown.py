"""A review as Markdown for a pull request: what must not be missed, a table, and the detail in folds.

It never grows beyond a number of bytes, because code hosts refuse longer comments. What does not fit is left out in
whole parts, the text of files first, and each part that is missing says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from composegen.counting import counted
from composegen.impact.model import Review
from composegen.quoting import md, mdcode
from composegen.report.review import About, remarks
from composegen.report.review.rows import Block, blocks

_BACK_TICKS = re.compile("`+")


class Detail(Struct, frozen=True, kw_only=True):
    """What goes into the folds: the patch of each file by its name, and a Mermaid diagram ("" for none)."""

    patches: Sequence[tuple[str, str]] = ()
    diagram: str = ""


def report(review: Review, about: About, detail: Detail | None, budget: int) -> str:
    """The comment, of at most `budget` bytes."""
    parts = _Parts(budget)
    parts.must(_head(review, about))
    parts.list(_warnings(review, about), "warnings")
    if not review.is_empty:
        then = mdcode(about.next) if about.next else "merge, and roll it out as `README.md`, the run book, says"
        parts.must(f"\nNext: {then}\n")
        parts.list(_table(blocks(review, about)), "rows")
        steps = tuple(_steps(review))
        parts.fold(f"On the hosts: {counted(len(steps), 'step')}", steps, "steps")
        if detail is not None and detail.diagram:
            parts.whole(_folded("The change as a diagram", _fence(detail.diagram, "mermaid")), "The diagram is")
        if detail is not None:
            parts.fold(counted(len(detail.patches), "file"), (_patch(*one) for one in detail.patches), "files")
    return parts.text


class _Parts:
    """The comment as it grows, never beyond its budget."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._parts: list[str] = []
        self._used = 0

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def must(self, part: str) -> None:
        """A part that is short, and always there."""
        self._parts.append(part)
        self._used += _size(part)

    def whole(self, part: str, name: str) -> None:
        """A part that is there as a whole or not at all."""
        left_out = f"\n*{name} left out: too long for a comment.*\n"
        self.must(part if self._fits(part) else left_out if self._fits(left_out, spare=0) else "")

    def list(self, items: Iterable[str], name: str) -> None:
        """Items as far as they fit; how many are left out is said."""
        items_ = tuple(items)
        taken = self._taken(items_)
        self.must("".join(items_[:taken]))
        self._leave_out(len(items_) - taken, name)

    def fold(self, title: str, items: Iterable[str], name: str) -> None:
        """The same in a fold; nothing where there are no items."""
        items_ = tuple(items)
        opening, closing = f"\n<details><summary>{md(title)}</summary>\n\n", "\n</details>\n"
        taken = self._taken(items_, _size(opening + closing))
        if taken:
            self.must(opening + "".join(items_[:taken]) + closing)
        self._leave_out(len(items_) - taken, name)

    def _taken(self, items: Sequence[str], beside: int = 0) -> int:
        room = self._budget - self._used - beside - _SPARE
        for number, item in enumerate(items):
            room -= _size(item)
            if room < 0:
                return number
        return len(items)

    def _leave_out(self, number: int, name: str) -> None:
        if number:
            self.must(f"\n*{number} more {name} left out: too long for a comment.*\n")

    def _fits(self, part: str, spare: int | None = None) -> bool:
        return self._used + _size(part) + (_SPARE if spare is None else spare) <= self._budget


_SPARE = 400
"""Bytes kept for the words about what is left out."""


def _head(review: Review, about: About) -> str:
    said = "nothing changes" if review.is_empty else f"**{md(remarks.counts(review))}**"
    return f"### Plan of {mdcode(about.name)}: {said}\n\nCompared with {mdcode(about.after)}.\n"


def _warnings(review: Review, about: About) -> Iterator[str]:
    """Data at risk, hand edits, names, and how many serve meanwhile."""
    for alarm in remarks.alarms(review, about):
        mark, word = ("CAUTION", "**Data:** ") if alarm.grave else ("NOTE", "")
        command = f" {mdcode(alarm.command)}" if alarm.command else ""
        place = f" ({mdcode(alarm.place)})" if alarm.place else ""
        yield f"\n> [!{mark}]\n> {word}{md(alarm.hosts)}: {md(alarm.message)}{command}{place}\n"
    for path, why in remarks.conflicts(review):
        yield f"\n> [!WARNING]\n> {mdcode(path)} {md(why)}.\n"
    for name in remarks.renames(review):
        yield f"\n{mdcode(name.before)} {md(name.words)} {mdcode(name.after)} now.\n"
    for one in remarks.serving(review):
        yield f"\n{mdcode(one.services)}: {md(one.words)}.\n"


def _table(found: Sequence[Block]) -> Iterator[str]:
    """The head and the rows; hosts to which the same happens share their rows."""
    yield "\n| host | file | | service | effect | what | cause |\n|---|---|---|---|---|---|---|\n"
    for block in found:
        for number, row in enumerate(block.rows):
            cells = (
                md(block.hosts) if number == 0 else "",
                mdcode(row.file),
                row.sign.strip(),
                md(row.subject),
                f"**{row.effect.value}**",
                md(row.summary),
                mdcode(row.place) if row.place else "",
            )
            yield f"| {' | '.join(cells)} |\n"
            for told in row.more:
                yield f"| | | | | | {md(told.summary)} | {mdcode(told.place) if told.place else ''} |\n"


def _steps(review: Review) -> Iterator[str]:
    """The commands in order, under when they are to be run."""
    for when, steps in remarks.on_hosts(review):
        head = f"\n{when.value[:1].upper()}{when.value[1:]}:\n\n"
        for step in steps:
            yield f"{head}{step.number}. {md(step.hosts)}: {mdcode(step.command)} ({md(step.reason)})\n"
            head = ""


def _patch(name: str, text: str) -> str:
    return f"{mdcode(name)}\n\n{_fence(text, 'diff')}\n"


def _folded(title: str, text: str) -> str:
    return f"\n<details><summary>{md(title)}</summary>\n\n{text}\n</details>\n"


def _fence(text: str, language: str) -> str:
    """Text in a fence that nothing in it can close."""
    longest = max((len(run) for run in _BACK_TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
