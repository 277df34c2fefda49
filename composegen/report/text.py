"""Findings as text: code, message, place, excerpt with marker, what was expected, what to do. Colour only if asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from composegen.findings import Finding, Severity
from composegen.report import Located, Place, Sources, counts, locate
from composegen.report.excerpt import WIDTH, excerpt, visible, width

_GAP = 9


class Style(Enum):
    """What a piece of text is; the value is its escape sequence (ECMA-48 SGR)."""

    ERROR = "\x1b[1;31m"
    WARNING = "\x1b[1;33m"
    NOTE = "\x1b[1;36m"
    GOOD = "\x1b[1;32m"
    FRAME = "\x1b[34m"
    STRONG = "\x1b[1m"


_STYLES = {Severity.ERROR: Style.ERROR, Severity.WARNING: Style.WARNING, Severity.NOTE: Style.NOTE}
_RESET = "\x1b[0m"


class Paint:
    """Colours text, or leaves it as it is."""

    def __init__(self, *, colour: bool) -> None:
        """`colour`: whether whoever reads this shows escape sequences as colours."""
        self._colour = colour

    def __call__(self, style: Style, text: str) -> str:
        """The text in a style."""
        return f"{style.value}{text}{_RESET}" if self._colour and text else text


def report(findings: Iterable[Finding], sources: Sources, *, ending: str = "", colour: bool = False) -> str:
    """All findings, one block each, and the line of counts; `ending` is what that line says of the consequence."""
    findings = tuple(findings)
    sources = sources.hiding(findings)
    paint = Paint(colour=colour)
    blocks = ["\n".join(_block(item, sources, paint)) + "\n\n" for item in locate(findings, sources)]
    return (
        "".join(blocks)
        + paint(Style.STRONG, summary(findings, len(sources.allowed)) + (f"; {ending}" if ending else ""))
        + "\n"
    )


def summary(findings: Iterable[Finding], allowed: int = 0) -> str:
    """How many there are of each kind: `2 errors, 1 warning, 1 allowed`."""
    parts = [f"{count} {severity.label}{'s' * (count > 1)}" for severity, count in counts(findings).items() if count]
    return ", ".join([*(parts or ["no findings"]), *([f"{allowed} allowed"] if allowed else [])])


def _block(item: Located, sources: Sources, paint: Paint) -> Iterator[str]:
    """The lines of one finding."""
    finding = item.finding
    style = _STYLES[finding.severity]
    places = (item.place, *item.related)
    gutter = max(2, *(len(str(place.span.line)) for place in places))
    yield paint(style, f"{finding.severity.label}[{finding.code}]") + paint(
        Style.STRONG, f": {visible(finding.message)}"
    )
    for number, place in enumerate(places):
        arrow, mark, tint = (":::", "-", Style.FRAME) if number else ("-->", "^", style)
        span = place.span
        yield " " * gutter + paint(Style.FRAME, arrow) + f" {visible(place.file)}:{span.line}:{span.column}"
        yield from _excerpt(place, sources, gutter, mark, tint, paint)
    yield from _advice(finding, gutter, paint)


def _excerpt(place: Place, sources: Sources, gutter: int, mark: str, tint: Style, paint: Paint) -> Iterator[str]:
    """The line of the place with its marker, after the line above it for context."""
    span = place.span
    line = sources.line(place.file, span.line)
    if line is None:
        if place.label:
            yield " " * gutter + f"    {paint(tint, visible(place.label))}"
        return
    bar = paint(Style.FRAME, "|")
    yield " " * gutter + f" {bar}"
    above = sources.line(place.file, span.line - 1)
    if above and above.strip():
        yield _numbered(span.line - 1, gutter, excerpt(above, 1, 1)[0], bar, paint)
    first = sources.column(place.file, span.line, span.column)
    last = sources.column(place.file, span.line, span.end_column)
    shown, marker = excerpt(line, first, last if span.end_line == span.line else len(line.rstrip()) + 1, mark)
    yield _numbered(span.line, gutter, shown, bar, paint)
    label = f" {visible(place.label)}" if place.label else ""
    indent = len(marker) - len(marker.lstrip(" "))
    yield " " * gutter + f" {bar} " + " " * indent + paint(tint, marker.lstrip(" ") + label)


def _numbered(number: int, gutter: int, shown: str, bar: str, paint: Paint) -> str:
    """A line of the file with its number."""
    return f"{paint(Style.FRAME, str(number).rjust(gutter))} {bar} {shown}".rstrip()


def _advice(finding: Finding, gutter: int, paint: Paint) -> Iterator[str]:
    """What was expected, what to do, and where to read more."""
    sign = " " * gutter + " " + paint(Style.FRAME, "=")
    if finding.expected:
        yield f"{sign} expected {visible(finding.expected)}"
    explain = f"composegen explain {finding.code}"
    help_text = f"help: {visible(finding.hint)}" if finding.hint else "help:"
    if not finding.hint:
        yield f"{sign} help: {explain}"
    elif gutter + 3 + width(help_text) + _GAP + len(explain) <= WIDTH:
        yield f"{sign} {help_text}{' ' * _GAP}{explain}"
    else:
        yield f"{sign} {help_text}"
        yield f"{sign} help: {explain}"
