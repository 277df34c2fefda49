"""The bar: only on a terminal, only after a second, and nothing is left of it."""

from __future__ import annotations

import io
import os
import pty
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from composegen import artifacts
from composegen.cli.progress import Bar, line
from tests.invoking import CHECKOUT, GOOD, Make


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def clock(*seconds: float) -> Iterator[float]:
    yield from seconds


def drawn(times: tuple[float, ...], stream: io.StringIO, total: int = 4) -> str:
    """What is drawn when steps are made at these times; the first is the start."""
    ticks = clock(*times)
    with Bar(stream, lambda: next(ticks)) as bar:
        step = bar.steps("rendering")
        if step is not None:
            for number in range(len(times) - 1):
                step(number, total)
    return stream.getvalue()


def test_nothing_within_a_second() -> None:
    assert drawn((0, 0.1, 0.5, 0.99), Terminal()) == ""


def test_after_a_second_it_is_drawn_and_erased() -> None:
    text = drawn((10, 10.5, 11.0, 11.05, 11.2), Terminal())
    assert text == f"\r\x1b[K{line('rendering', 1, 4)}\r\x1b[K{line('rendering', 3, 4)}\r\x1b[K"


def test_nothing_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn((0,), io.StringIO()) == ""
    assert Bar(io.StringIO()).steps("rendering") is None
    monkeypatch.setattr(sys, "stderr", None)
    assert Bar().steps("rendering") is None
    monkeypatch.setenv("TERM", "dumb")
    assert Bar(Terminal()).steps("rendering") is None


def test_an_error_finds_a_clean_line() -> None:
    stream = Terminal()
    ticks = clock(0, 2)
    with pytest.raises(KeyboardInterrupt), Bar(stream, lambda: next(ticks)) as bar:  # noqa: PT012
        step = bar.steps("rendering")
        assert step is not None
        step(0, 2)
        raise KeyboardInterrupt
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_terminal_that_goes_away_stops_nothing() -> None:
    stream = Terminal()
    ticks = clock(0, 2)
    with Bar(stream, lambda: next(ticks)) as bar:
        step = bar.steps("rendering")
        assert step is not None
        stream.close()
        step(0, 2)


def test_a_line_fits_and_tells_how_far() -> None:
    assert line("writing", 0, 8002) == f"writing    [{'-' * 30}]   0 % of 8002 files"
    assert "[###############---------------]  50 % of 2 files" in line("rendering", 1, 2)
    assert len(line("rendering", 99999, 100000)) < 80


def test_render_tells_of_each_file() -> None:
    told: list[tuple[int, int]] = []
    files = [artifacts.Literal(path=Path(str(number)), content=b"") for number in range(3)]  # type: ignore[arg-type]
    artifacts.render(files, None, lambda *step: told.append(step))  # type: ignore[arg-type]
    assert told == [(0, 3), (1, 3), (2, 3)]


SLOW = """
import sys
from composegen.cli import progress, run
progress.PATIENCE = 0.0
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.slow
def test_on_a_real_terminal_the_screen_is_left_as_it_was(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree({"topology.yaml": GOOD}))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", SLOW, "check"])  # noqa: S606 - it is this very Python
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    text = shown.decode()
    assert "\r\x1b[Krendering  [" in text
    after = text.rpartition("\x1b[K")[2]
    assert "rendering" not in after
    assert "missing" in after
