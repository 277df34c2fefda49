"""What goes wrong while models are brought makes `docker-compose up --wait` fail, and a message says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.lab import Lab
from tests.engines.moved import Topology
from tests.engines.site import Site

pytestmark = pytest.mark.engine

Make = Callable[[Callable[[Topology], None]], Site]


@pytest.fixture
def make(lab: Lab, tmp_path: Path) -> Iterator[Make]:
    """Makes a site of the sample minimal, changed; takes it down at the end."""
    made: list[Site] = []

    def one(change: Callable[[Topology], None]) -> Site:
        made.append(lab.site("minimal", tmp_path, change))
        return made[-1]

    yield one
    for site in made:
        site.down()


def quickly(topology: Topology) -> None:
    """Gives up after two attempts."""
    topology["services"]["ollama"]["init"] = {"attempts": 2}


def fails(site: Site) -> str:
    """What model-init says when `up` has failed because of it."""
    done = site.compose("box", "up", "-d", "--wait")
    assert done.returncode == 1, done
    assert "ollama-init" in done.stderr, done.stderr
    seen: Any = site.containers("box")
    assert seen["ollama-init"]["State"]["ExitCode"] == 1
    assert seen["ollama-1"]["State"]["Health"]["Status"] == "healthy"
    return site.logs("box", "ollama-init")


@pytest.mark.proves(
    "A registry that is down ends `up --wait` with a message that says so; the next `up` succeeds",
    "Docker Compose",
    "Ollama",
    "registry",
)
def test_a_registry_that_is_down_is_said_and_the_next_up_succeeds(lab: Lab, make: Make) -> None:
    site = make(quickly)
    lab.registry.stop()
    try:
        said = fails(site)
    finally:
        lab.registry.start()
    assert "the server cannot reach the registry: check its network, DNS and HTTPS_PROXY" in said
    assert "given up after 2 of 2 attempts" in said
    site.up("box")


@pytest.mark.proves(
    "A model that the registry does not know ends `up --wait` at once, with its name",
    "Docker Compose",
    "Ollama",
    "registry",
)
def test_a_name_that_the_registry_does_not_know_is_said_at_once(lab: Lab, make: Make) -> None:
    name = f"{lab.registry.host}/team/misspelt:1"

    def change(topology: Topology) -> None:
        quickly(topology)
        topology["services"]["ollama"]["models"].append({"name": name, "insecure": True})

    said = fails(make(change))
    assert f"{name}: the registry knows no such model: check its name and tag" in said
    assert "given up after 1 of 2 attempts" in said
    assert "1 of 2 model(s) missing" in said


@pytest.mark.proves("A full disk ends `up --wait` at once, with a message that says so", "Docker Compose", "Ollama")
def test_a_full_disk_is_said_at_once(lab: Lab, make: Make) -> None:
    def change(topology: Topology) -> None:
        quickly(topology)
        topology["stores"] = {"models": {"kind": "directory", "path": "/srv/models"}}
        topology["services"]["ollama"]["store"] = "models"

    site = make(change)
    store = site.folder / "stores" / "models"
    lab.must("mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", store)
    try:
        said = fails(site)
    finally:
        site.down()
        lab.must("umount", store)
    assert "the disk of the model store is full: remove models (ollama rm) or give the store more room" in said
    assert "given up after 1 of 2 attempts" in said
