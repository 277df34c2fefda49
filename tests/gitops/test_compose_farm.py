"""The real compose-farm takes `compose-farm.yaml`, and runs Compose in each host's own folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ruling import places

CF = Path(sys.executable).parent / "cf"
HOSTS = """\
name: demo
agents: [compose-farm]
hosts:
  far: {{address: 10.0.0.2, ssh: "{far}", directory: {root}/far}}
  here: {{address: 10.0.0.1, directory: {root}/here}}
services:
  chat:
    image: ollama/ollama:0.32.15
    models: [mistral:7b]
    hosts: {{far: 1, here: 1}}
"""
DOCKER = """\
#!/bin/sh
[ "$1 $2" != "compose up" ] || printf '%s\\n' "$PWD: $*" >>"$TOLD"
"""

pytestmark = pytest.mark.tool


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder to which the whole tree is brought, which is the output folder here."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(DOCKER)
    (tmp_path / "bin" / "docker").chmod(0o755)
    return tmp_path / "opt"


def render(root: Path, far: str = "ops@10.0.0.2") -> None:
    topology = root.parent / "topology.yaml"
    topology.write_text(HOSTS.format(root=root, far=far))
    done = run(root.parent, sys.executable, "-m", "composegen", "render", str(topology), "-o", str(root))
    assert done.returncode == 0, done.stderr


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """A program that finds no other configuration, and a `docker` that only writes down what it is asked."""
    return subprocess.run(
        command,
        cwd=folder,
        env={
            "HOME": os.environ["HOME"],
            "PATH": f"{folder.parent / 'bin'}:{folder / 'bin'}:{os.environ['PATH']}",
            "TOLD": str(folder.parent / "told"),
            "XDG_CONFIG_HOME": str(folder),
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_valid_and_matches_the_folders(root: Path) -> None:
    render(root)
    valid = run(root, CF, "config", "validate")
    assert valid.returncode == 0, valid.stdout + valid.stderr
    assert "Hosts: 2" in valid.stdout
    checked = run(root, CF, "check", "--local")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Config matches disk" in checked.stdout


def test_compose_runs_in_the_folder_of_the_host(root: Path) -> None:
    render(root)
    done = run(root, CF, "up", "here")
    assert done.returncode == 0, done.stdout + done.stderr
    (told,) = (root.parent / "told").read_text().splitlines()
    # Never with -f, which would switch compose.override.yaml off.
    assert told.startswith(f"{root}/here: compose up -d")
    assert " -f " not in told


@pytest.mark.parametrize(
    ("ssh", "address", "user", "port"),
    [
        ("ops@10.0.0.2", "10.0.0.2", "ops", 22),
        ("far.example", "far.example", None, 22),
        ("ssh://ops@far.example:2222", "far.example", "ops", 2222),
        ("ops@fd00::2", "fd00::2", "ops", 22),
    ],
)
def test_hosts_are_reached_as_the_topology_says(
    root: Path, ssh: str, address: str, user: str | None, port: int
) -> None:
    render(root, far=ssh)
    program = "from compose_farm.config import load_config as l; h = l().hosts['far']; print(h.address, h.user, h.port)"
    told = run(root, sys.executable, "-c", program)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [address, user or told.stdout.split()[1], str(port)]


def test_a_host_may_not_be_called_all() -> None:
    text = HOSTS.format(root="/opt/demo", far="ops@10.0.0.2").replace(" far", " all").replace("{far", "{all")
    assert places("CG207", text) == ["hosts.all.directory"]


def test_folders_in_two_places_are_told() -> None:
    text = HOSTS.format(root="/opt/demo", far="ops@10.0.0.2").replace("/opt/demo/here", "/srv/here")
    assert places("CG207", text) == ["hosts.here.directory"]
