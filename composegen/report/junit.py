"""Findings as JUnit XML, the form of test reports that CI servers read: a failed test for each error.

Warnings and notes are skipped tests, for they fail nothing. Without findings there is one test, and it has passed, as
servers complain about a report without tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from composegen.findings import Finding, Severity
from composegen.report import Located, Sources, counts, locate, sentences
from composegen.report.excerpt import visible
from composegen.report.identity import identities

_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def report(findings: Iterable[Finding], sources: Sources) -> str:
    """All findings as one suite."""
    items = locate(findings, sources)
    count = counts(item.finding for item in items)
    failures = count[Severity.ERROR]
    numbers = f'tests="{max(len(items), 1)}" failures="{failures}" errors="0" skipped="{len(items) - failures}"'
    names = [one.name for one in identities(items, sources)]
    cases = [line for item, name in zip(items, names, strict=True) for line in _case(item, name, sources)]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="composegen" {numbers}>',
        f'  <testsuite name="{_quoted(sources.relative(sources.name))}" {numbers}>',
        *(cases or [f'    <testcase classname="{_quoted(sources.relative(sources.name))}" name="no findings"/>']),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _case(item: Located, name: str, sources: Sources) -> Iterator[str]:
    """One finding as a test."""
    finding, file = item.finding, sources.relative(item.place.file)
    place = f"{file}:{item.place.span.line}:{item.place.span.column}"
    text = "\n".join((*(visible(part) for part in sentences(finding)), visible(place)))
    opening = f'    <testcase classname="{_quoted(file)}" name="{_quoted(name)}"'
    yield f'{opening} file="{_quoted(file)}" line="{item.place.span.line}">'
    message = _quoted(finding.message)
    if finding.severity is Severity.ERROR:
        yield f'      <failure type="{finding.code}" message="{message}">{_quoted(text)}</failure>'
    else:
        yield f'      <skipped message="{finding.severity.label}: {message}"/>'
    yield "    </testcase>"


def _quoted(text: str) -> str:
    """Text as it may stand in an attribute or element; what XML cannot hold becomes visible or U+FFFD."""
    shown = "\n".join(visible(line) for line in text.split("\n"))
    return _NOT_XML.sub("\ufffd", shown).translate(_MARKUP)
