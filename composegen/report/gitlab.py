"""Findings as GitLab's Code Quality report: a JSON array, shown in merge requests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from composegen.findings import Finding, Severity
from composegen.report import Located, Sources, locate, sentences
from composegen.report.excerpt import visible
from composegen.report.identity import identities

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def report(findings: Iterable[Finding], sources: Sources) -> str:
    """All findings as one array; it is empty where there are none."""
    items = locate(findings, sources)
    prints = [one.fingerprint for one in identities(items, sources)]
    document = [_issue(item, mark, sources) for item, mark in zip(items, prints, strict=True)]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _issue(item: Located, fingerprint: str, sources: Sources) -> dict[str, Any]:
    finding, span = item.finding, item.place.span
    return {
        "description": "; ".join(visible(part) for part in sentences(finding)),
        "check_name": f"{finding.code} {finding.slug}",
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": sources.relative(item.place.file),
            "lines": {"begin": span.line, "end": span.end_line},
        },
    }
