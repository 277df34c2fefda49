"""Where output goes: results to standard output, everything else to standard error, colours only where wanted.

A reader that goes away (`| head`) ends neither the command nor prints anything.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from typing import IO

import click

from composegen.errors import ComposegenError

COLOUR = "composegen.colour"
"""Key of the `--color` choice in `click.Context.meta`."""


def result(text: str | bytes) -> None:
    """Print the result of a command, exactly. Raises ComposegenError when it cannot be written."""
    try:
        _write(sys.stdout, text)
    except OSError as error:
        raise ComposegenError(f"cannot write to standard output: {error.strerror}") from error


def say(text: str) -> None:
    """Print one line for the person at the terminal."""
    complain(text + "\n")


def complain(text: str) -> None:
    """Print several lines (a report) on standard error, if that can be written."""
    with contextlib.suppress(OSError):
        _write(sys.stderr, text)


def colour(stream: IO[str] | None) -> bool:
    """Whether to colour what goes to a stream: `--color`, else the environment and the kind of stream."""
    context = click.get_current_context(silent=True)
    choice = context.meta.get(COLOUR, "auto") if context else "auto"
    if choice != "auto":
        return bool(choice == "always")
    return wants_colour(os.environ, terminal=stream is not None and stream.isatty())


def wants_colour(environment: Mapping[str, str], *, terminal: bool) -> bool:
    """What the conventions NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and TERM=dumb say; else terminals get colours."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return terminal and environment.get("TERM") != "dumb"


def _write(stream: IO[str] | None, text: str | bytes) -> None:
    """Write and flush. When that fails the rest goes to nowhere; that the reader is gone is no failure."""
    if stream is None:  # closed by whoever started the program
        return
    data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    try:
        stream.flush()
        stream.buffer.write(data)  # type: ignore[attr-defined]  # text streams of a process have a buffer
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise
