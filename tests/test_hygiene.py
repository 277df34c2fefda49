"""Style, format and types are tests, so that `pytest` is the one command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("ruff", "check"), ("ruff", "format", "--check")])
def test_style(arguments: tuple[str, ...]) -> None:
    _passes(*arguments)


@pytest.mark.slow
def test_types() -> None:
    _passes("mypy")


def _passes(*arguments: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
