"""The arguments and options that several commands share, each declared once, and what commands do alike."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from composegen.cli import streams
from composegen.errors import ExitCode
from composegen.findings import Findings, Severity, has_errors, worst

if TYPE_CHECKING:
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
    return click.argument("topology", required=False, metavar="[TOPOLOGY]")(command)


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


def blocks(findings: Findings, *, strict: bool) -> bool:
    """Whether these findings stop a render and make a command exit 1."""
    return has_errors(findings) or (strict and worst(findings) == Severity.WARNING)


def sources(source: Source, world: World, compiled: Compiled) -> Sources:
    """What a report quotes: the topology and templates, never env files, which may hold what a log must not."""
    from composegen.report import Sources

    texts = {**world.templates, source.name: source.data.decode("utf-8", "replace")}
    return Sources(
        name=source.name, texts=texts, locate=compiled.document.locate if compiled.document is not None else None
    )


def print_report(findings: Findings, about: Sources, *, ending: str = "") -> None:
    """The findings as text on standard error, in colour where that is wanted."""
    from composegen.report import text

    streams.complain(text.report(findings, about, ending=ending, colour=streams.colour(sys.stderr)))


def end(code: ExitCode) -> None:
    """End the command with this exit code."""
    click.get_current_context().exit(code)
