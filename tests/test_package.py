"""Wheel and sdist carry what the program needs: installed into an empty environment, it renders a sample."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # The wheel is built from the sdist, so this proves the sdist too.
    run(sys.executable, "-m", "build", "--outdir", str(folder), str(CHECKOUT))
    return folder


def run(*arguments: str, cwd: Path | None = None) -> str:
    ended = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_sdist_carries_the_repository(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    for name in ("Makefile", "LICENSE", "README.md", "samples/minimal/topology.yaml", "tests/conftest.py", ".ci/run"):
        assert name in names
    for path in (*CHECKOUT.glob("templates/**/*.j2"), *CHECKOUT.glob("schemas/*"), *CHECKOUT.glob("docs/decisions/*")):
        assert path.relative_to(CHECKOUT).as_posix() in names
    assert not [
        name for name in names if name.startswith((".venv", "dist", "deploy/", "demo/")) or "__pycache__" in name
    ]


def test_the_wheel_carries_the_data_and_nothing_else(dist: Path) -> None:
    (archive,) = dist.glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        names = set(opened.namelist())
    assert {"composegen/py.typed", "composegen/_data/schemas/topology.schema.json"} <= names
    for path in (*CHECKOUT.glob("templates/**/*.j2"), *CHECKOUT.glob("samples/*/topology.yaml")):
        assert f"composegen/_data/{path.relative_to(CHECKOUT).as_posix()}" in names
    assert not [name for name in names if "/expected/" in name or name.startswith("tests/")]


def test_installed_alone_it_renders_a_sample(dist: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    (wheel,) = dist.glob("*.whl")
    run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    composegen = str(tmp_path / "venv" / "bin" / "composegen")
    run(composegen, "init", "--sample", "nfs-replicas", str(tmp_path / "new"))
    run(composegen, "render", "-o", "out", cwd=tmp_path / "new")
    expected = CHECKOUT / "samples" / "nfs-replicas" / "expected"
    for path in expected.rglob("*"):
        if path.is_file():
            assert (tmp_path / "new" / "out" / path.relative_to(expected)).read_bytes() == path.read_bytes()
    assert "CG201 port-conflict" in run(composegen, "explain", "CG201", cwd=tmp_path)
