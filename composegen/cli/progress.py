"""A bar on the terminal for work that takes longer than a second; nothing is left of it afterwards.

It is drawn on standard error, and only where that is a terminal that can erase a line.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import IO, Self

PATIENCE = 1.0
"""Seconds in which nothing is shown."""

_PAUSE = 0.1
"""Seconds between two drawings."""

_WIDTH = 30
_ERASE = "\r\x1b[K"


class Bar:
    """One bar for all the steps of a command; the second of patience begins when it is entered."""

    def __init__(self, stream: IO[str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`stream`: where to draw, standard error if left out; `clock`: seconds."""
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._due = clock() + PATIENCE
        self._drawn = False

    def __enter__(self) -> Self:
        """Begin to wait."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Erase what was drawn."""
        if self._drawn:
            self._write(_ERASE)
            self._drawn = False

    def steps(self, label: str) -> Callable[[int, int], None] | None:
        """What is to be called with how much is done and how much there is; None where no bar can be shown."""
        if self._stream is None or not self._stream.isatty() or os.environ.get("TERM") == "dumb":
            return None

        def step(done: int, total: int) -> None:
            """Draw the bar, if it is time."""
            now = self._clock()
            if now >= self._due and total:
                self._due = now + _PAUSE
                self._drawn = True
                self._write(_ERASE + line(label, done, total))

        return step

    def _write(self, text: str) -> None:
        """Draw, as far as the terminal is still there."""
        with contextlib.suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.write(text)
                self._stream.flush()


def line(label: str, done: int, total: int) -> str:
    """The bar: `rendering  [####------]  40 % of 8002 files`; fits into 80 columns."""
    filled = _WIDTH * done // total
    return f"{label:9}  [{'#' * filled}{'-' * (_WIDTH - filled)}] {100 * done // total:3} % of {total} files"
