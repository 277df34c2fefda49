"""Findings as JSON, for programs: a versioned envelope, described by `schemas/findings.schema.json`.

Later versions only add keys; what is here keeps its name and meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from composegen import __version__
from composegen.findings import Finding
from composegen.keypath import show
from composegen.report import Located, Place, Sources, counts, locate

VERSION = 1


def report(findings: Iterable[Finding], sources: Sources) -> str:
    """All findings with the counts, as one JSON document."""
    findings = tuple(findings)
    document = {
        "version": VERSION,
        "tool": {"name": "composegen", "version": __version__},
        "findings": [_finding(item) for item in locate(findings, sources)],
        "allowed": _allowed(sources),
        "summary": {
            **{f"{severity.label}s": count for severity, count in counts(findings).items()},
            "allowed": len(sources.allowed),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _allowed(sources: Sources) -> list[dict[str, Any]]:
    """What comments of the topology allow, each with the reason that stands there."""
    reasons = {one.finding: one.reason for one in sources.allowed}
    located = locate((one.finding for one in sources.allowed), sources)
    return [{**_finding(item), "reason": reasons[item.finding]} for item in located]


def _finding(item: Located) -> dict[str, Any]:
    """One finding, its place in the same object."""
    finding = item.finding
    return {
        "code": finding.code,
        "slug": finding.slug,
        "severity": finding.severity.label,
        "message": finding.message,
        **_place(item.place),
        "expected": finding.expected,
        "hint": finding.hint,
        "related": [_place(place) for place in item.related],
    }


def _place(place: Place) -> dict[str, Any]:
    """A place: lines and columns from 1, the end exclusive."""
    span = place.span
    return {
        "file": place.file,
        "line": span.line,
        "column": span.column,
        "end": {"line": span.end_line, "column": span.end_column},
        "path": show(place.path),
        "label": place.label,
    }
