"""How much is too much: bounds of time and memory for input that nobody wrote by hand, far above any real topology.

Ten thousand hosts with eight instances each, every one spelled out, stay below them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from composegen.findings import Finding, Findings, Location, Severity

MAX_BYTES = 32 * 1024 * 1024
"""Size of the largest topology that is read."""

MAX_VALUES = 1_000_000
"""Values that a topology may hold once its aliases are expanded: scalars, lists and mappings, but no keys."""

MAX_DEPTH = 100
"""How deeply mappings and lists may be nested; the language itself needs less than ten levels."""

MAX_FINDINGS = 1000
"""Mistakes of form that are looked at in one run."""


def first(findings: Iterable[Finding]) -> Findings:
    """The first of many findings, and one that says so when there are more; the others are never made."""
    remaining = iter(findings)
    found = tuple(islice(remaining, MAX_FINDINGS))
    return found if next(remaining, None) is None else (*found, too_many(found[-1].where))


def too_many(where: Location) -> Finding:
    """The finding about a topology with more mistakes than anybody reads; `where` is that of the last one told."""
    return Finding(
        code="CG012",
        slug="too-many-findings",
        severity=Severity.ERROR,
        message=f"there are more than {MAX_FINDINGS:,} mistakes; the others are not shown",
        where=where,
        hint="many at a time often have one cause: begin with the first",
    )
