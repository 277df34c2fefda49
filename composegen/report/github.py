"""Findings as workflow commands of GitHub Actions: a runner turns each line into an annotation of its place.

A step shows ten annotations of each severity, so the gravest come first. Without findings nothing is printed.
"""

from __future__ import annotations

from collections.abc import Iterable

from composegen.findings import Finding, Severity
from composegen.report import Located, Sources, locate, sentences
from composegen.report.excerpt import visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_IN_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def report(findings: Iterable[Finding], sources: Sources) -> str:
    """One line for each finding, the gravest first."""
    items = sorted(locate(findings, sources), key=lambda item: -item.finding.severity)
    return "".join(f"{_command(item, sources)}\n" for item in items)


def _command(item: Located, sources: Sources) -> str:
    finding, span = item.finding, item.place.span
    properties: dict[str, str | int] = {"file": sources.relative(item.place.file), "line": span.line}
    if span.end_line == span.line:  # columns are for places on one line only
        properties |= {"endLine": span.end_line, "col": span.column, "endColumn": max(span.column, span.end_column)}
    else:
        properties |= {"endLine": span.end_line}
    properties["title"] = f"{finding.code} {finding.slug}"
    stated = ",".join(f"{key}={str(value).translate(_IN_PROPERTY)}" for key, value in properties.items())
    message = "\n".join(visible(part) for part in sentences(finding))
    return f"::{_COMMANDS[finding.severity]} {stated}::{message.translate(_IN_MESSAGE)}"
