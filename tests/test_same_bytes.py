"""One topology, the same bytes: under any hash seed, locale, time zone, folder and Python, in any order of keys."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from composegen import document
from tests.sampling import FOLDER, SAMPLES, SMALLER, compile_text, compiled

CHECKOUT = Path(__file__).resolve().parent.parent
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


def rendered(python: str, sample: str, out: Path, environment: Mapping[str, str], cwd: Path) -> dict[str, bytes]:
    """What a process of its own writes."""
    command = [python, "-m", "composegen", "render", str(FOLDER / sample / "topology.yaml"), "-o", str(out)]
    ended = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def expected(sample: str) -> dict[str, bytes]:
    folder = FOLDER / sample / "expected"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati"},
        {"PYTHONHASHSEED": "7", "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns", "COLUMNS": "40"},
        {"PYTHONOPTIMIZE": "2", "PYTHONDONTWRITEBYTECODE": "1", "COMPOSEGEN_CACHE_DIR": ""},
    ],
    ids=lambda environment: " ".join(f"{name}={value}" for name, value in environment.items()),
)
def test_under_any_environment(environment: dict[str, str], tmp_path: Path) -> None:
    there = {"PYTHONPATH": str(CHECKOUT), **environment}
    for sample in ("kitchen-sink", "nfs-replicas"):
        assert rendered(sys.executable, sample, tmp_path / sample, there, tmp_path) == expected(sample)


def pythons() -> Iterator[tuple[str, str]]:
    """Other versions of Python that this machine has."""
    for version in ("3.12", "3.13", "3.14"):
        found = [*PYENV.glob(f"{version}.*/bin/python"), *filter(None, [shutil.which(f"python{version}")])]
        for path in found:
            if (
                subprocess.run([str(path), "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode
                == 0
            ):
                yield version, str(path)
                break


@pytest.mark.slow
def test_under_every_other_python(tmp_path: Path) -> None:
    for version, python in pythons():
        inside = _installed(python, tmp_path / version)
        told = subprocess.run([inside, "--version"], capture_output=True, text=True, check=True).stdout
        assert told.startswith(f"Python {version}.")
        for sample in SAMPLES:
            assert rendered(inside, sample, tmp_path / version / sample, {}, tmp_path) == expected(sample)


def _installed(python: str, folder: Path) -> str:
    """A Python of that version with composegen in it."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True, capture_output=True)
    inside = str(folder / "bin" / "python")
    install = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(CHECKOUT)]
    ended = subprocess.run(install, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return inside


@pytest.mark.parametrize("sample", SMALLER)
def test_in_any_order_of_keys(sample: str) -> None:
    text = (FOLDER / sample / "topology.yaml").read_bytes()
    parsed, _ = document.parse(sample, text)
    assert parsed is not None
    seed = random.SystemRandom().randrange(10**9)
    shuffled = json.dumps(_shuffled(parsed.data, random.Random(seed), parsed, ()))  # noqa: S311 - no secret
    again = compile_text(shuffled, folder=FOLDER / sample)
    assert again.tree == compiled(sample).tree, f"seed {seed}"


def _shuffled(value: Any, chance: random.Random, parsed: document.Document, path: tuple[str | int, ...]) -> Any:
    """The same data with the keys of every mapping in another order; a fraction as the text that it was."""
    match value:
        case dict():
            keys = chance.sample(list(value), len(value))
            return {key: _shuffled(value[key], chance, parsed, (*path, key)) for key in keys}
        case list():
            return [_shuffled(one, chance, parsed, (*path, index)) for index, one in enumerate(value)]
        case float():
            return parsed.texts[path]
    return value
