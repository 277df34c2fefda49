"""Comments of a topology that allow what a rule finds there: `# composegen: allow[slug] reason`.

Only lines that hold the marker are looked at, so a topology without such comments costs nothing. What is wrong with a
comment is a warning: it is no part of the set-up, and what it fails to allow is still reported.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from composegen import rules
from composegen import suppressionfaults as faults
from composegen.findings import Finding, Findings, Part, Span
from composegen.limits import MAX_FINDINGS, first, too_many
from composegen.suggestion import cut

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.keypath import KeyPath

MARKER = "composegen:"

_COMMENT = re.compile(rf"(?:^|(?<=[ \t]))#[ \t]*{MARKER}[ \t]*")
_MEANT = re.compile(r"[A-Za-z-]+[ \t]*\[|(allow|ignore|disable)\b")
_ALLOW = re.compile(r"allow\[([^\]]*)\]((?:(?![ \t]#[ \t]).)*)")
_NAME = re.compile(r"[^,\s][^,]*(?<!\s)")
_BEFORE_REASON = " \t:-\u2013\u2014"
_BLOCK_SCALAR = re.compile(r"(?:[&!]\S*[ \t]+)*[|>]")
_PARTS: tuple[Part, Part] = ("key", "value")


class Suppression(Struct, frozen=True, kw_only=True):
    """One rule that one comment allows: on which line (from 1), why, and where its name stands."""

    slug: str
    reason: str
    line: int
    span: Span


class Allowed(Struct, frozen=True, kw_only=True):
    """A finding that a comment allows, with the reason that stands there."""

    finding: Finding
    reason: str


class Suppressions(Struct, frozen=True, kw_only=True):
    """The comments of a document, and what is wrong with them."""

    document: Document
    items: tuple[Suppression, ...]
    findings: Findings

    def apply(self, findings: Findings, *, whole: bool = True) -> tuple[Findings, tuple[Allowed, ...]]:
        """What is not allowed, with a warning for each comment that allows nothing; and what is allowed.

        `whole`: whether these are all findings, so that it is known which comments allow nothing.
        """
        if not self.items:
            return findings, ()
        by_line = {(one.slug, one.line): one for one in reversed(self.items)}
        kept: list[Finding] = []
        allowed: list[Allowed] = []
        used: set[tuple[str, int]] = set()
        for finding in findings:
            matching = [key for line in self._lines(finding) if (key := (finding.slug, line)) in by_line]
            used.update(matching)
            if matching:
                allowed.append(Allowed(finding=finding, reason=by_line[matching[0]].reason))
            else:
                kept.append(finding)
        unused = first(faults.unused(one) for one in self.items if (one.slug, one.line) not in used)
        return (*kept, *(unused if whole else ())), tuple(allowed)

    def _lines(self, finding: Finding) -> tuple[int, ...]:
        """The line of the place, and that of its key: the two differ where a block begins.

        A finding in another file is allowed where the topology names that file.
        """
        places = (finding.where,) if finding.where.file is None else finding.related
        own = [place for place in places if place.file is None]
        return tuple(self.document.locate(replace(place, part=part)).line for place in own for part in _PARTS)


def read(document: Document) -> Suppressions:
    """Every suppression of a document, and a finding for each comment that is meant as one but is not."""
    items: list[Suppression] = []
    findings: list[Finding] = []
    for found in _all(document):
        if isinstance(found, Suppression):
            items.append(found)
        elif len(findings) == MAX_FINDINGS:
            findings.append(too_many(found.where))
            break
        else:
            findings.append(found)
    return Suppressions(document=document, items=tuple(items), findings=tuple(findings))


def _all(document: Document) -> Iterator[Suppression | Finding]:
    """What the comments say, line by line; a comment goes to the end of its line, so there is one on each."""
    candidates = [number for number, line in enumerate(document.lines, start=1) if MARKER in line]
    if not candidates:
        return
    covered, targets = _covered(document, frozenset(candidates)), _targets(document, candidates)
    for number in candidates:
        for match in _COMMENT.finditer(document.line(number)):
            if not _inside(covered[number], match.start() + 1):
                yield from _comment(document.line(number), match, number, targets[number])
                break


def _inside(ranges: Sequence[tuple[float, float]], column: int) -> bool:
    """Whether a column is in one of some ranges, which are sorted and do not overlap."""
    before = bisect_right(ranges, (column, float("inf")))
    return before > 0 and column < ranges[before - 1][1]


def _comment(line: str, match: re.Match[str], number: int, about: int) -> Iterator[Suppression | Finding]:
    """What one comment on line `number` says; nothing when it is one for people only."""
    text = line[match.end() :]
    if not _MEANT.match(text):
        return
    whole = _span(number, match.start(), len(line.rstrip()))
    allow = _ALLOW.match(text)
    names = list(_NAME.finditer(allow[1])) if allow else []
    if allow is None or not names:
        yield faults.malformed(f"`{cut(line[match.start() :].rstrip())}` is no suppression", whole)
        return
    reason = allow[2].strip(_BEFORE_REASON)
    if not reason:
        yield faults.malformed(f"`{cut(allow[0].rstrip())}` gives no reason", whole)
        return
    begin = match.end() + allow.start(1)
    for name in names:
        yield _named(name[0], reason, about, _span(number, begin + name.start(), begin + name.end()))


def _named(name: str, reason: str, line: int, span: Span) -> Suppression | Finding:
    """One name in the brackets: the slug or the code of a rule."""
    rule = next((rule for rule in rules.rules() if name in (rule.slug, rule.code)), None)
    if rule is None:
        return faults.unknown(name, span)
    if rule.essential:
        return faults.not_allowable(f"`{name}` cannot be allowed: what would be rendered could not work", span)
    return Suppression(slug=rule.slug, reason=reason, line=line, span=span)


def _targets(document: Document, numbers: Sequence[int]) -> dict[int, int]:
    """The line that each comment is about: its own, or where it stands alone, the first below that is no comment."""
    targets: dict[int, int] = {}
    for number in reversed(numbers):  # from the end, so that a block of comments is walked through once
        line = number
        while line not in targets and document.line(line).lstrip().startswith("#"):
            line += 1
        targets[number] = targets.get(line, line)
    return targets


def _covered(document: Document, lines: frozenset[int]) -> dict[int, list[tuple[float, float]]]:
    """Columns of these lines that are inside of a scalar, where `#` begins no comment."""
    covered: dict[int, list[tuple[float, float]]] = {number: [] for number in lines}
    leaves = (document.values[path] for path in _leaves(document.data, ()))
    for span in {*document.keys.values(), *leaves}:
        if span.end_line - span.line > len(lines):
            touched: Iterator[int] = (number for number in lines if span.line <= number <= span.end_line)
        else:
            touched = (number for number in range(span.line, span.end_line + 1) if number in lines)
        for number in touched:
            covered[number].append(_columns(document, span, number))
    return {number: sorted(ranges) for number, ranges in covered.items()}


def _columns(document: Document, span: Span, number: int) -> tuple[float, float]:
    """The columns of one line that a scalar takes; a comment may follow the `|` of a block scalar."""
    first = document.line(span.line)[span.column - 1 :]
    if number == span.line != span.end_line and _BLOCK_SCALAR.match(first):
        return span.column, span.column + 1
    start = span.column if number == span.line else 0
    return start, span.end_column if number == span.end_line else float("inf")


def _leaves(data: Any, path: KeyPath) -> Iterator[KeyPath]:
    """The key paths of all scalars."""
    match data:
        case dict():
            for key, value in data.items():
                yield from _leaves(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from _leaves(value, (*path, index))
        case _:
            yield path


def _span(line: int, start: int, end: int) -> Span:
    """Part of one line, by indexes from 0, the end exclusive."""
    return Span(line=line, column=start + 1, end_line=line, end_column=end + 1)
