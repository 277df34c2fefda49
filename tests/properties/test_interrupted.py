"""Ctrl-C at any moment, and readers that go away: the right exit code, no traceback, no file half-written."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.properties.effort import SEED, examples
from tests.sampling import FOLDER

pytestmark = pytest.mark.slow

Tree = Callable[[Mapping[str, str | bytes]], Path]

COUNTING = """
import os, signal, sys
from composegen.__main__ import main
calls, stop = 0, int(sys.argv.pop(1))
def count(frame, event, argument):
    global calls
    calls += 1
    if calls == stop:
        os.kill(os.getpid(), signal.SIGINT)
sys.setprofile(count)
try:
    main()
finally:
    sys.setprofile(None)
    if not stop:
        print(calls, file=sys.stderr)
"""
"""Runs the program and interrupts it after some number of calls and returns: the same moment, however fast it runs."""

COMMANDS = (
    ("validate", "topology.yaml"),
    ("validate", "--format", "json", "broken.yaml"),
    ("render", "topology.yaml"),
    ("--help",),
)


def interrupted(folder: Path, calls: int, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run a command, interrupted after this many calls; 0 for never."""
    return subprocess.run(
        [sys.executable, "-c", COUNTING, str(calls), *command],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "0", "COMPOSEGEN_CACHE_DIR": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _empty(folder: Path) -> Path:
    """The folder without what a run has written."""
    shutil.rmtree(folder / "deploy", ignore_errors=True)
    return folder


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_ctrl_c_ends_with_130_and_without_traceback(command: tuple[str, ...], tree: Tree) -> None:
    good = (FOLDER / "minimal" / "topology.yaml").read_bytes()
    folder = tree({"topology.yaml": good, "broken.yaml": good.replace(b"box: 1", b"box: one")})
    interrupted(folder, 0, command)  # afterwards every module is compiled
    whole = int(interrupted(_empty(folder), 0, command).stderr.split()[-1])
    assert whole > 1000
    chance = random.Random(f"{SEED} {command}")  # noqa: S311 - the same moments for the same seed
    for calls in {5, *(chance.randrange(5, whole - 50) for _ in range(examples(60) // 10))}:
        done = interrupted(_empty(folder), calls, command)
        told = f"PROPERTY_SEED={SEED}: after {calls} of {whole} calls: {done.stdout[-500:]} {done.stderr[-3000:]}"
        assert done.returncode == 130, told
        assert "Traceback" not in done.stderr, told
        assert not list(folder.rglob("*.composegen")), told


@pytest.mark.parametrize("command", ["schema", "--help", "render --help", "explain CG101", "validate wrong.yaml"])
@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_reader_that_goes_away_is_no_failure(command: str, reader: str, tree: Tree) -> None:
    wrong = "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n" + "".join(
        f"  s{n}: {{x: 1}}\n" for n in range(3000)
    )
    folder = tree({"wrong.yaml": wrong})
    done = subprocess.run(
        ["sh", "-c", f'{{ "$0" -m composegen {command}; echo "$?" >ended; }} | {reader}', sys.executable],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert int((folder / "ended").read_text()) == (1 if "validate" in command else 0)
