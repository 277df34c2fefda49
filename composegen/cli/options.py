"""The arguments and options that several commands share, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from composegen.cli import candidates, streams
from composegen.errors import ExitCode

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")
"""Every format of findings, in the order of `--help`; each is a module of `report` with a `report`."""


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


def templates(command: Command) -> Command:
    """`--templates`."""
    return click.option(
        "--templates",
        type=click.Path(file_okay=False),
        metavar="DIR",
        help="Templates of yours, each in place of the shipped one of the same path. Default: `templates:` of the "
        "topology.",
    )(command)


def against(command: Command) -> Command:
    """`--against`."""
    return click.option(
        "--against",
        metavar="REF|DIR|FILE",
        help="Compare with the output folder as it is in a commit (origin/main), with another folder, or with what "
        "another topology renders to.",
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


def end(code: ExitCode) -> None:
    """End the command with this exit code."""
    click.get_current_context().exit(code)
