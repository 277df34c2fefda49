"""Where output goes: results to standard output, everything else to standard error, colours only where wanted.

A reader that goes away (`| head`) ends neither the command nor prints anything.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import IO

import click

COLOUR = "composegen.colour"
"""Key of the `--color` choice in `click.Context.meta`."""


def result(text: str | bytes) -> None:
    """Print the result of a command, exactly."""
    _write(sys.stdout, text)


def say(text: str) -> None:
    """Print one line for the person at the terminal."""
    _write(sys.stderr, text + "\n")


def complain(text: str) -> None:
    """Print several lines (a report) on standard error."""
    _write(sys.stderr, text)


def colour(stream: IO[str]) -> bool:
    """Whether to colour what goes to a stream: `--color`, else the environment and the kind of stream."""
    context = click.get_current_context(silent=True)
    choice = context.meta.get(COLOUR, "auto") if context else "auto"
    if choice != "auto":
        return bool(choice == "always")
    return wants_colour(os.environ, terminal=stream.isatty())


def wants_colour(environment: Mapping[str, str], *, terminal: bool) -> bool:
    """What the conventions NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and TERM=dumb say; else terminals get colours."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return terminal and environment.get("TERM") != "dumb"


def _write(stream: IO[str], text: str | bytes) -> None:
    """Write and flush; when the reader is gone, send the rest to nowhere."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    try:
        stream.flush()
        stream.buffer.write(data)  # type: ignore[attr-defined]  # text streams of a process have a buffer
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
