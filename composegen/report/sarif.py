"""Findings as SARIF 2.1.0 (OASIS, errata 01), within the part of it that GitHub's code scanning reads.

What comments allow is left out: GitHub shows results as open alerts even where they bear `suppressions`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from composegen import __version__, codes
from composegen.findings import Finding, Severity
from composegen.input_pages import Page
from composegen.keypath import show
from composegen.report import Located, Place, Sources, locate, sentences
from composegen.report.excerpt import visible
from composegen.report.identity import identities

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "composegen/v1"

_ROOT = "%SRCROOT%"
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}


def report(findings: Iterable[Finding], sources: Sources) -> str:
    """All findings as one SARIF log with one run; `results` is empty where there are none."""
    items = locate(findings, sources)
    used = {item.finding.code for item in items}
    pages = [page for page in codes.pages() if page.code in used]
    index = {page.code: number for number, page in enumerate(pages)}
    prints = [one.fingerprint for one in identities(items, sources)]
    run = {
        "tool": {"driver": _driver(pages)},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, index, mark, sources) for item, mark in zip(items, prints, strict=True)],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _driver(pages: Iterable[Page]) -> dict[str, Any]:
    """The tool, with the pages of the codes that occur."""
    return {
        "name": "composegen",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(page) for page in pages],
    }


def _rule(page: Page) -> dict[str, Any]:
    """A page as the description of a rule."""
    first, _, _ = page.doc.strip().partition("\n## ")
    help_text = f"{page.doc.strip()}\n\ncomposegen explain {page.code}"
    return {
        "id": page.code,
        "name": page.slug,
        "shortDescription": {"text": codes.summary(page)},
        "fullDescription": {"text": " ".join(first.split())},
        "help": {"text": help_text, "markdown": help_text},
        "defaultConfiguration": {"level": page.severity.label},
        "properties": {"problem.severity": _PROBLEM[page.severity]},
    }


def _result(item: Located, index: Mapping[str, int], fingerprint: str, sources: Sources) -> dict[str, Any]:
    """One finding."""
    finding = item.finding
    related = [
        {"id": number, **_location(place, sources), "message": {"text": visible(place.label) or "see also"}}
        for number, place in enumerate(item.related, start=1)
    ]
    return {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": finding.severity.label,
        "message": {"text": "; ".join(visible(part) for part in sentences(finding))},
        "locations": [_location(item.place, sources)],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }


def _location(place: Place, sources: Sources) -> dict[str, Any]:
    """A place in a file, and the node of the topology there."""
    physical = {"artifactLocation": _artifact(sources.relative(place.file)), "region": _region(place)}
    if not place.path:
        return {"physicalLocation": physical}
    return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": visible(show(place.path))}]}


def _artifact(file: str) -> dict[str, str]:
    """A file as a relative reference; as a `file:` URI where it lies outside of the current folder."""
    path = quote(file, safe="/", errors="surrogateescape")
    return {"uri": f"file://{path}"} if file.startswith("/") else {"uri": path, "uriBaseId": _ROOT}


def _region(place: Place) -> dict[str, int]:
    span = place.span
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
