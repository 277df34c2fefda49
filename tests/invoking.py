"""Commands from inside a test: what a command line ends with and prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from composegen import cli

if TYPE_CHECKING:
    import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
GOOD = (CHECKOUT / "samples" / "minimal" / "topology.yaml").read_text(encoding="utf-8")
BAD = "name: demo\nhosts:\n  box: {adress: 10.0.0.1}\nservices:\n  ollama: {hosts: {box: 1}}\n"
WARNS = "name: demo\nhosts:\n  box: {address: 10.0.0.1}\nservices:\n  ollama: {image: ollama/ollama, hosts: {box: 1}}\n"

Make = Callable[[Mapping[str, str | bytes]], Path]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


def runner(capture: pytest.CaptureFixture[bytes]) -> Run:
    """Runs command lines in the current folder."""

    def run(*arguments: str) -> Outcome:
        code = cli.run(list(arguments))
        sys.stdout.flush()
        captured = capture.readouterr()
        return Outcome(code=code, out=captured.out.decode(), err=captured.err.decode())

    return run
