"""Reports: findings as people or programs read them. A report turns symbolic places into lines, and prints nothing."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from composegen.findings import Finding, Findings, Location, Severity, Span
from composegen.keypath import KeyPath
from composegen.report import hiding
from composegen.report.hiding import Columns

if TYPE_CHECKING:
    from composegen.suppressions import Allowed

_LINE_BREAK = re.compile("\r\n|\r|\n")
_START = Span(line=1, column=1, end_line=1, end_column=1)


class Place(Struct, frozen=True, kw_only=True):
    """A place that a reader can go to: file, lines and columns."""

    file: str
    span: Span
    path: KeyPath
    label: str


class Located(Struct, frozen=True, kw_only=True):
    """A finding with its places worked out."""

    finding: Finding
    place: Place
    related: tuple[Place, ...]


class Sources(Struct, frozen=True, kw_only=True):
    """What findings are about: the topology's name, the texts of all files by name, and who finds its nodes.

    `locate` is that of the document; None when the topology could not be read at all.
    """

    name: str
    texts: Mapping[str, str] = field(default_factory=dict)
    locate: Callable[[Location], Span] | None = None
    hidden: Mapping[tuple[str, int], tuple[Columns, ...]] = field(default_factory=dict)
    """Columns that must not be shown, by file and line."""
    allowed: tuple[Allowed, ...] = ()
    """What comments of the topology allow."""
    sensitive: Findings = ()
    """Findings about values that must not be shown, whether they are reported or not."""
    folder: str = ""
    """The current folder, absolute; "" where that is not known."""

    def relative(self, file: str) -> str:
        """A file as seen from the current folder, with `/`; absolute where it lies outside."""
        path = PurePosixPath(file)
        inside = bool(self.folder) and path.is_relative_to(self.folder)
        return (path.relative_to(self.folder) if inside else path).as_posix()

    def hiding(self, findings: Iterable[Finding]) -> Sources:
        """The same, but no line shows a value that a finding calls sensitive."""
        hidden: dict[tuple[str, int], list[Columns]] = {}
        for finding in (*findings, *self.sensitive):
            if finding.sensitive:
                value = self.place(replace(finding.where, part="value"))
                for line, columns in hiding.by_line(value.span):
                    hidden.setdefault((value.file, line), []).append(columns)
        return replace(self, hidden={place: hiding.merged(columns) for place, columns in hidden.items()})

    def place(self, location: Location) -> Place:
        """Where a symbolic place is."""
        span = location.span
        if span is None:
            span = self.locate(location) if self.locate else _START
        return Place(file=location.file or self.name, span=span, path=location.path, label=location.label)

    def line(self, file: str, number: int) -> str | None:
        """Line `number` (from 1) of a file, without its line break; None when it is not known."""
        lines = _lines(self.texts[file]) if file in self.texts else ()
        if not 0 < number <= len(lines):
            return None
        return hiding.text(lines[number - 1], self.hidden.get((file, number), ()))

    def column(self, file: str, number: int, column: int) -> int:
        """Where a column of line `number` is in what `line` gives."""
        return hiding.column(column, self.hidden.get((file, number), ()))


@lru_cache(maxsize=16)
def _lines(text: str) -> tuple[str, ...]:
    """The lines of a text; kept, because a report asks for a line or two of each finding."""
    return tuple(_LINE_BREAK.split(text.removeprefix("\ufeff")))


def locate(findings: Iterable[Finding], sources: Sources) -> tuple[Located, ...]:
    """Every finding with its places, by file, line and column, the gravest first."""
    located = (
        Located(
            finding=finding,
            place=sources.place(finding.where),
            related=tuple(sources.place(location) for location in finding.related),
        )
        for finding in findings
    )
    return tuple(sorted(located, key=_order))


def write(name: str, findings: Iterable[Finding], sources: Sources) -> str:
    """The findings in the format of that name, without colours."""
    text: str = importlib.import_module(f"{__name__}.{name}").report(findings, sources)
    return text


def sentences(finding: Finding) -> tuple[str, ...]:
    """What a finding says, without its place: what is wrong, what was expected, what to do."""
    expected = f"expected {finding.expected}" if finding.expected else ""
    return tuple(part for part in (finding.message, expected, finding.hint) if part)


def counts(findings: Iterable[Finding]) -> Mapping[Severity, int]:
    """How many findings there are of each severity, the gravest first."""
    severities = [finding.severity for finding in findings]
    return {severity: severities.count(severity) for severity in sorted(Severity, reverse=True)}


def _order(item: Located) -> tuple[str, int, int, int, str, str]:
    span = item.place.span
    finding = item.finding
    return item.place.file, span.line, span.column, -finding.severity, finding.code, finding.message
