"""`composegen check`: whether the committed files are exactly what render would write. Nothing is written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from composegen.cli import compared, options, reporting, streams
from composegen.cli.request import Request
from composegen.errors import ExitCode

if TYPE_CHECKING:
    from composegen.cli.compared import Compared
    from composegen.findings import Findings


@click.command("check")
@options.topology
@options.output
@options.report_format
@options.strict
@options.env_file
@options.templates
@options.colour
def command(
    topology: str | None,
    output: str | None,
    format: str,  # noqa: A002 - the option's name
    env_file: tuple[str, ...],
    templates: str | None,
    *,
    strict: bool,
) -> None:
    """Say whether the files in the output folder are exactly what render would write; write nothing.

    Stale, edited, missing, orphaned and foreign files are told apart. Exits 1 when there is one, or when TOPOLOGY
    has errors.
    """
    request = Request(topology=topology, output=output, env_file=env_file, templates=templates)
    outcome = compared.compare(request)
    found = _findings(outcome, request)
    if format == "text":
        _print(outcome, found, request, strict=strict)
    else:
        about = reporting.sources(outcome.opened, outcome.compiled)
        reporting.print_for_programs(format, (*outcome.compiled.findings, *found), about, strict=strict)
    if found or reporting.blocks(outcome.compiled.findings, strict=strict):
        options.end(ExitCode.FINDINGS)


def _findings(outcome: Compared, request: Request) -> Findings:
    """What is wrong with the output folder; nothing when the topology has errors, for then nobody can say."""
    from composegen import standing

    if outcome.standings is None:
        return ()
    return standing.findings(outcome.standings, str(outcome.root), request.render(), force=outcome.removes_much)


def _print(outcome: Compared, found: Findings, request: Request, *, strict: bool) -> None:
    """For people: a line per file, the counts, and the command that mends it."""
    findings = outcome.compiled.findings
    if findings:
        reporting.tell(outcome.opened, outcome.compiled, "nothing was compared")
    if outcome.standings is None:
        return
    streams.result(_rows(found) + _verdict(outcome, found))
    if found and not reporting.blocks(findings, strict=strict):
        streams.say(_next(outcome, request))


def _rows(found: Findings) -> str:
    """A line per file: what it is, and where it differs first."""
    from composegen.report.text import Paint, Style

    paint = Paint(colour=streams.colour(sys.stdout))
    width = max((len(finding.slug) for finding in found), default=0)
    lines = []
    for finding in found:
        file, span = finding.where.file, finding.where.span
        number = f":{span.line}" if span is not None and finding.slug not in {"missing", "orphaned"} else ""
        lines.append(f"  {paint(Style.ERROR, finding.slug.ljust(width))}  {file}{number}\n")
    return "".join(lines)


def _verdict(outcome: Compared, found: Findings) -> str:
    """The last line of the result."""
    right = len(outcome.compiled.tree or ()) - sum(finding.slug != "orphaned" for finding in found)
    if not found:
        return f"{outcome.root}: all {right} files are exactly what render would write.\n"
    slugs = [finding.slug for finding in found]
    counts = ", ".join(f"{slugs.count(slug)} {slug}" for slug in dict.fromkeys(slugs))
    return f"{outcome.root}: {counts}; {right} as render would write them.\n"


def _next(outcome: Compared, request: Request) -> str:
    """The mending command."""
    conflicts = sum(one.conflict for one in outcome.standings or ())
    if not conflicts and outcome.removes_much:
        return f"More than a third of the files would be removed. Next, if that is meant: {request.render()} --force"
    if not conflicts:
        return f"Next: {request.render()}"
    some = "1 of these files" if conflicts == 1 else f"{conflicts} of these files"
    return (
        f"{some} would lose what somebody wrote. Keep it in the topology or in a compose.override.yaml\n"
        f"beside compose.yaml (composegen explain edited). Next: {request.render()} --force"
    )
