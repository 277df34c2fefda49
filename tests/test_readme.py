"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from composegen.cli import COMMANDS

pytestmark = pytest.mark.slow

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
TOPOLOGY = next(text for language, text in BLOCKS if language == "yaml")
SCREENS = [text for language, text in BLOCKS if not language]


def run(folder: Path, topology: str, *words: str) -> str:
    (folder / "topology.yaml").write_text(topology)
    command = [sys.executable, "-m", "composegen", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_the_first_screen(tmp_path: Path) -> None:
    shown = next(screen for screen in SCREENS if screen.startswith("$ composegen render\n"))
    assert run(tmp_path, TOPOLOGY, "render") == shown.partition("\n")[2]


def test_the_plan(tmp_path: Path) -> None:
    shown = next(screen for screen in SCREENS if screen.startswith("$ composegen diff\n"))
    run(tmp_path, TOPOLOGY, "render")
    changed = TOPOLOGY.replace("server84: 3}", "server84: 4}").replace("0.32.15", "0.32.16")
    assert run(tmp_path, changed, "diff") == shown.partition("\n")[2]


def test_the_error(tmp_path: Path) -> None:
    shown = next(screen for screen in SCREENS if screen.startswith("error["))
    told = run(tmp_path, TOPOLOGY.replace("server84: {address", "server84: {adress"), "validate")
    assert told.startswith(shown)


def test_every_command_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)[^|]*` \| ", README, re.MULTILINE)
    assert sorted(rows) == sorted(COMMANDS)
