"""`migrate-models.sh` on real Docker volumes with stores that real Ollamas have made, while old and new ones run."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engines.lab import Lab
from tests.engines.site import Site
from tests.engines.space import wait_until
from tests.migrating import Store, state

pytestmark = pytest.mark.engine

HOST = "server"
LICENCE = 200_000_000
"""Bytes of a blob that takes long enough to copy for a test to step in."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """A site with two instances on a new store, and two old instances with a volume each, all of them running."""

    site: Site
    old: tuple[str, str]
    """The old containers."""

    @property
    def lab(self) -> Lab:
        return self.site.lab

    @property
    def project(self) -> str:
        return f"{self.site.plan.topology.name}-{HOST}"

    def volume(self, name: str) -> Path:
        """Where the files of a volume lie."""
        return Path(self.lab.docker("volume", "inspect", "--format", "{{.Mountpoint}}", name).strip())

    @property
    def new(self) -> Store:
        return Store(self.volume(f"{self.project}_models"))

    def script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.lab.run("sh", "migrate-models.sh", *arguments, folder=self.site.folder / HOST, seconds=600)

    def ollama(self, container: str, *arguments: str) -> str:
        return self.lab.docker("exec", container, "ollama", *arguments)

    def listed(self) -> list[set[str]]:
        """What each new instance lists."""
        answers = [self.lab.ask(f"{self.site.url(one)}/api/tags").json for one in self.site.instances]
        return [{model["name"] for model in answer["models"]} for answer in answers]

    def started(self) -> list[str]:
        found = self.site.containers(HOST)
        return [found[name]["State"]["StartedAt"] for name in ("ollama-1", "ollama-2")]


def two_instances(topology: dict[str, Any]) -> None:
    service = topology["services"]["ollama"]
    service["hosts"] = {HOST: 2}
    service["models"] = []


@pytest.fixture
def move(lab: Lab, tmp_path: Path) -> Iterator[Move]:
    site = lab.site("shared-volume", tmp_path, change=two_instances)
    names = tuple(f"{site.plan.topology.name}-{HOST}_ollama_data_{number}" for number in (1, 2))
    containers = []
    try:
        for name in names:
            mount = ("-v", f"{name}:/root/.ollama")
            containers.append(lab.docker("run", "-d", *mount, lab.ollama_image or "").strip())
        yield Move(site=site, old=(containers[0], containers[1]))
    finally:
        lab.docker("rm", "--force", *containers)
        site.down()
        lab.docker("volume", "rm", "--force", *names)


def fill(move: Move) -> dict[str, str]:
    """A model of each old instance's own, and one that both have; their names, by what they are."""
    names = {name: move.lab.registry.push(f"team/{name}:1", seed) for seed, name in enumerate(("a", "b", "both"), 1)}
    for container, wanted in zip(move.old, (("a", "both"), ("b", "both")), strict=True):
        wait_until(lambda one=container: move.lab.run("docker", "exec", one, "ollama", "ps").returncode == 0, "Ollama")
        for name in wanted:
            move.ollama(container, "pull", "--insecure", names[name])
    return names


def contents(move: Move) -> list[dict[str, Any]]:
    return [state(move.volume(f"{move.project}_ollama_data_{number}") / "models") for number in (1, 2)]


@pytest.mark.proves(
    "migrate-models.sh moves the models of old volumes while old and new instances run; sources stay as they were",
    "Docker Engine",
    "Ollama",
)
def test_models_of_old_volumes_appear_on_all_instances_without_a_restart(move: Move) -> None:
    names = fill(move)
    move.site.up(HOST)
    before, started = contents(move), move.started()
    assert move.listed() == [set(), set()]

    dry = move.script("--dry-run")
    assert dry.returncode == 0, dry.stdout + dry.stderr
    assert move.listed() == [set(), set()]
    assert not (move.new.folder / ".migrate").exists()

    done = move.script()
    assert done.returncode == 0, done.stdout + done.stderr
    assert move.listed() == [set(names.values())] * 2
    for instance in move.site.instances:
        for name in names.values():
            # Bounded: Ollama breaks an answer off when a toy model repeats one token thirty times.
            wanted = {"model": name, "prompt": "a", "options": {"num_predict": 5}}
            answer = move.lab.ask(f"{move.site.url(instance)}/api/generate", wanted)
            assert answer.status == 200, answer.text
            assert json.loads(answer.text.splitlines()[-1])["done"]
    assert move.started() == started
    assert contents(move) == before
    assert f"docker volume rm {move.project}_ollama_data_1" in done.stdout

    again = move.script()
    assert again.returncode == 0
    assert "to copy: 0 blobs" in again.stdout


@pytest.mark.proves("migrate-models.sh, killed in the middle, goes on where it was", "Docker Engine", "Ollama")
def test_killed_in_the_middle_it_goes_on_where_it_was(move: Move) -> None:
    names = fill(move)
    body = {"model": "licensed", "from": names["a"], "license": "x" * LICENCE}
    address = move.lab.docker(
        "inspect",
        "--format",
        "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
        move.old[0],
    ).strip()
    assert move.lab.ask(f"http://{address}:11434/api/create", body).status == 200
    move.site.up(HOST)
    before = contents(move)

    log = move.site.folder / "first.log"
    running = move.lab.start("sh", "migrate-models.sh", log=log, folder=move.site.folder / HOST)
    parts = move.new.folder / ".migrate"

    while not any(_size(part) > 1_000_000 for part in parts.glob("sha256-*")):
        assert running.process.poll() is None, log.read_text()
    move.lab.docker("kill", f"{move.project}-models-migration")
    assert running.process.wait(60) == 2
    left = set(move.new.models())
    assert "licensed:latest" not in left
    assert any(parts.glob("sha256-*"))

    done = move.script()
    assert done.returncode == 0, done.stdout + done.stderr
    assert move.listed() == [{*names.values(), "licensed:latest"}] * 2
    assert len(move.new.models()) == 4
    assert not parts.exists()
    assert contents(move) == before


@pytest.mark.proves(
    "migrate-models.sh finds a damaged blob by its digest, and says which volume to keep", "Docker Engine", "Ollama"
)
def test_a_damaged_blob_is_found_and_a_folder_helps_out(move: Move, tmp_path: Path) -> None:
    names = fill(move)
    whole = tmp_path / "it's old, $HOME"
    shutil.copytree(move.volume(f"{move.project}_ollama_data_1") / "models", whole)
    damaged = max((move.volume(f"{move.project}_ollama_data_1") / "models" / "blobs").iterdir(), key=_only_in(move))
    damaged.write_bytes(b"x" * damaged.stat().st_size)

    done = move.script()
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{damaged.name}: DAMAGED in volume {move.project}_ollama_data_1" in done.stdout
    assert f"keep volume {move.project}_ollama_data_1" in done.stdout
    assert f"docker volume rm {move.project}_ollama_data_2" in done.stdout

    done = move.script(str(whole))
    assert done.returncode == 0, done.stdout + done.stderr
    move.site.up(HOST)
    assert move.listed() == [set(names.values())] * 2


def _size(path: Path) -> int:
    """0 for a file that is gone: each part is renamed as soon as it is verified."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _only_in(move: Move) -> Any:
    """Ranks the blobs of the first old volume: largest first, of those that the second one has not."""
    others = {path.name for path in (move.volume(f"{move.project}_ollama_data_2") / "models" / "blobs").iterdir()}
    return lambda path: (path.name not in others, path.stat().st_size)
