"""Errors of the outside world and how commands end. Bad input is no error: it is a `findings.Finding`."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ends; the same in every command and every output format."""

    DONE = 0
    """Done, nothing to report."""

    FINDINGS = 1
    """The topology has errors (or warnings under `--strict`), or there are changes that were asked for."""

    FAILED = 2
    """composegen could not do it: wrong usage, a file that cannot be read or written."""

    BUG = 70
    """A mistake in composegen itself; the text printed is ready to paste into a report."""

    INTERRUPTED = 130
    """Stopped by Ctrl-C."""


class ComposegenError(Exception):
    """Something outside the topology stands in the way; the message says what, and what to do."""

    exit_code = ExitCode.FAILED
