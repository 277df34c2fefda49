"""What commands that compile a topology do alike with the findings: judge and print them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from composegen.cli import streams
from composegen.findings import Finding, Findings, Severity, has_errors, worst
from composegen.report import Sources, text, write

if TYPE_CHECKING:
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled


class Told(NamedTuple):
    """What was said of the findings, and whether they forbid to go on."""

    text: str
    blocks: bool


def blocks(findings: Findings, *, strict: bool) -> bool:
    """Whether these findings stop a render and make a command exit 1."""
    return has_errors(findings) or (strict and worst(findings) == Severity.WARNING)


def tell(opened: Opened, compiled: Compiled, ending: str, *, strict: bool = False) -> Told:
    """Print all findings on standard error; where they forbid to go on, the last line says so with `ending`."""
    blocked = blocks(compiled.findings, strict=strict)
    said = as_text(compiled.findings, sources(opened, compiled), ending=ending if blocked else "")
    streams.complain(said)
    return Told(text=said, blocks=blocked)


def sources(opened: Opened, compiled: Compiled) -> Sources:
    """What a report quotes: the topology, Modelfiles and templates; env files never, they may hold secrets."""
    source, world = opened.source, opened.world
    modelfiles = {path: data.decode("utf-8", "replace") for path, data in compiled.files.items()}
    texts = {**modelfiles, **world.templates, **compiled.texts, source.name: source.data.decode("utf-8", "replace")}
    return Sources(
        name=source.name,
        texts=texts,
        locate=compiled.document.locate if compiled.document is not None else None,
        allowed=compiled.allowed,
        sensitive=compiled.sensitive,
        folder=_folder(),
    )


def _folder() -> str:
    """The current folder; "" when it is gone."""
    try:
        return Path.cwd().as_posix()
    except OSError:
        return ""


def print_for_programs(format: str, findings: Findings, about: Sources, *, strict: bool) -> None:  # noqa: A002
    """The findings on standard output in one of the formats but text.

    Under `--strict` a warning fails the job, so what a CI server shows calls it an error; JSON keeps what rules say.
    """
    if strict and format != "json":
        findings = tuple(_as_error(finding) for finding in findings)
    streams.result(write(format, findings, about))


def _as_error(finding: Finding) -> Finding:
    return replace(finding, severity=Severity.ERROR) if finding.severity is Severity.WARNING else finding


def print_report(findings: Findings, about: Sources, *, ending: str = "") -> None:
    """The findings as text on standard error."""
    streams.complain(as_text(findings, about, ending=ending))


def as_text(findings: Findings, about: Sources, *, ending: str = "") -> str:
    """The findings as text for standard error, in colour where that is wanted."""
    return text.report(findings, about, ending=ending, colour=streams.colour(sys.stderr))
