"""The arguments and options that several commands share, each declared once, and what commands do alike."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from composegen.cli import candidates, streams
from composegen.errors import ExitCode
from composegen.findings import Finding, Findings, Severity, has_errors, worst
from composegen.report import FORMATS, write

if TYPE_CHECKING:
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled, Source, World
    from composegen.report import Sources

Command = TypeVar("Command", bound=Callable[..., Any])


def _remember_colour(context: click.Context, _: click.Parameter, value: str | None) -> None:
    """Keep the choice where `streams.colour` looks for it."""
    if value is not None:
        context.meta[streams.COLOUR] = value


def colour(command: Command) -> Command:
    """`--color`."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        envvar="COMPOSEGEN_COLOR",
        expose_value=False,
        is_eager=True,
        callback=_remember_colour,
        help="When to colour what is printed; auto: on a terminal, unless NO_COLOR or FORCE_COLOR say otherwise.",
    )(command)


def topology(command: Command) -> Command:
    """`TOPOLOGY`."""
    return click.argument("topology", required=False, metavar="[TOPOLOGY]", shell_complete=candidates.files)(command)


def output(command: Command) -> Command:
    """`-o`."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(file_okay=False),
        metavar="DIR",
        help="Output folder. Default: `output:` of the topology, else deploy, beside the topology.",
    )(command)


def env_file(command: Command) -> Command:
    """`--env-file`."""
    return click.option(
        "--env-file",
        type=click.Path(),
        multiple=True,
        metavar="FILE",
        help="Read values of `variables:` from FILE instead of `.env` beside the topology. Repeatable, in order.",
    )(command)


def strict(command: Command) -> Command:
    """`--strict`."""
    return click.option("--strict", is_flag=True, help="Treat warnings as errors.")(command)


def report_format(command: Command) -> Command:
    """`--format`."""
    return click.option(
        "--format",
        type=click.Choice(FORMATS),
        default=FORMATS[0],
        show_default=True,
        help="How findings are printed; all but text are for programs: CI servers, code hosts, scripts.",
    )(command)


def blocks(findings: Findings, *, strict: bool) -> bool:
    """Whether these findings stop a render and make a command exit 1."""
    return has_errors(findings) or (strict and worst(findings) == Severity.WARNING)


def sources(source: Source, world: World, compiled: Compiled) -> Sources:
    """What a report quotes: the topology, Modelfiles and templates; env files never, they may hold secrets."""
    from composegen.report import Sources

    modelfiles = {path: data.decode("utf-8", "replace") for path, data in compiled.files.items()}
    texts = {**modelfiles, **world.templates, source.name: source.data.decode("utf-8", "replace")}
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


def root(opened: Opened, compiled: Compiled, output: str | None) -> Path:
    """The output folder: `-o`, else `output:` of the topology, relative to it."""
    from composegen.io.places import below

    if output is not None:
        return Path(output)
    if compiled.topology is None:
        raise AssertionError
    return below(opened.folder, compiled.topology.output)


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
    """The findings as text on standard error, in colour where that is wanted."""
    from composegen.report import text

    streams.complain(text.report(findings, about, ending=ending, colour=streams.colour(sys.stderr)))


def end(code: ExitCode) -> None:
    """End the command with this exit code."""
    click.get_current_context().exit(code)
