"""Findings: what composegen has to say about an input, as data. How they look is the business of `report`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum
from typing import Literal

from msgspec import Struct

from composegen.keypath import KeyPath

Part = Literal["key", "value"]


class Severity(IntEnum):
    """How grave a finding is; only errors (and warnings under `--strict`) stop a render."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word printed before the code: note, warning or error."""
        return self.name.lower()


class Basis(Enum):
    """From what a finding follows: while all of that is sound, it stands, whatever else is wrong with the topology."""

    PLACES = "places"
    """The nodes that it points at."""
    ENTRIES = "entries"
    """The whole hosts, stores, services, apps and sections to which these belong, with the defaults of a service."""
    NAMED = "named"
    """These, and the entries that they name."""
    WHOLE = "whole"
    """All of the topology; above all what says that something is missing."""


class Span(Struct, frozen=True, kw_only=True):
    """A range of text in a file: 1-based lines and columns (in characters), the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Location(Struct, frozen=True, kw_only=True):
    """A symbolic place: which node of the topology, its key or its value, and what to say of it.

    `file` and `span` are set only by the stages that read text which has no key path (syntax errors, `.env`,
    templates); everything else leaves both unset and `Document.locate` finds the lines.
    """

    path: KeyPath = ()
    part: Part = "value"
    label: str = ""
    file: str | None = None
    span: Span | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One problem: a stable code, what is wrong, where, where else to look, and what to do."""

    code: str
    slug: str
    severity: Severity
    message: str
    where: Location
    expected: str = ""
    hint: str = ""
    related: tuple[Location, ...] = ()
    sensitive: bool = False
    """Whether the value at `where` must appear in no report."""
    basis: Basis = Basis.WHOLE


Findings = tuple[Finding, ...]


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The gravest severity among the findings; None when there are none."""
    return max((finding.severity for finding in findings), default=None)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding is an error."""
    return worst(findings) == Severity.ERROR
