"""Findings to report: one of each severity, words that every format must quote, and places of all kinds."""

from __future__ import annotations

from composegen.findings import Finding, Location, Severity, Span
from composegen.report import Sources

HOSTILE = "a `<b>&\"'` 100%, x: y\r\n::error::z \x1b[31m \ufffe \u202e {0} [c](1) ü𝄞 \udc80"
NAME = "deploy/top, 1%: ü.yaml"


def locate(location: Location) -> Span:
    line = len(location.path) + 1
    end = line + 2 if location.path[-1:] == ("block",) else line
    return Span(line=line, column=1 if location.part == "key" else 7, end_line=end, end_column=12)


def finding(severity: Severity = Severity.ERROR, *path: str | int, message: str = "port `1` is taken") -> Finding:
    code, slug = {
        Severity.ERROR: ("CG201", "port-conflict"),
        Severity.WARNING: ("CG706", "floating-tag"),
        Severity.NOTE: ("CG708", "unknown-model"),
    }[severity]
    return Finding(
        code=code,
        slug=slug,
        severity=severity,
        message=message,
        where=Location(path=path or ("services", "chat", 2)),
        expected="another port",
        hint="port 2 is free",
    )


RELATED = Finding(
    code="CG201",
    slug="port-conflict",
    severity=Severity.ERROR,
    message=HOSTILE,
    where=Location(path=("services", HOSTILE, "block"), part="key"),
    related=(Location(path=("apps",), label=HOSTILE), Location(path=("hosts",))),
)
ELSEWHERE = Finding(
    code="CG007",
    slug="env-file-syntax",
    severity=Severity.ERROR,
    message="`x` is no line",
    where=Location(file="/etc/other.env", span=Span(line=3, column=1, end_line=3, end_column=1)),
)
ALL = (finding(Severity.NOTE), finding(Severity.WARNING), finding(), finding(), RELATED, ELSEWHERE)
SOURCES = Sources(name=f"/srv/repo/{NAME}", texts={}, locate=locate, folder="/srv/repo")
"""The topology lies in the current folder, and was named by its absolute path."""
