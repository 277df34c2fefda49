"""rollout.sh as a dry run and for one host, on a real engine without load; verify.sh while hosts run other versions.

Each test goes on from where the one before it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines import engine_versions, pulled
from tests.engines import farm as farms
from tests.engines.farm import HOSTS, Farm
from tests.engines.lab import Lab

pytestmark = pytest.mark.engine

INSTANCES = ("server84 ollama-1", "server84 ollama-2", "server84 ollama-3", "server80 ollama-1")
"""In the order in which they are rolled."""


@pytest.fixture(scope="module")
def farm(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with farms.opened(lab, tmp_path_factory.mktemp("by-host")) as found:
        yield found


@pytest.fixture(scope="module")
def version() -> str:
    """The version of Ollama that runs before."""
    return engine_versions.of(["Ollama"])["Ollama"]


@pytest.fixture(scope="module")
def newer_version(version: str) -> str:
    """One that is as long: the program only calls itself so."""
    return f"{version[:-1]}{(int(version[-1]) + 1) % 10}"


@pytest.fixture(scope="module")
def newer(lab: Lab, version: str, newer_version: str) -> str:
    """An image whose Ollama says that it is of another version."""
    image, name = lab.ollama_image or f"ollama/ollama:{pulled.OLLAMA_TAG}", "ollama/ollama:newer"
    edit = f"s/{version.replace('.', '[.]')}/{newer_version}/g"
    lab.docker("run", "--name", "newer", "--entrypoint", "sed", image, "-i", edit, "/bin/ollama")
    lab.docker("commit", "-c", 'ENTRYPOINT ["/bin/ollama"]', "-c", 'CMD ["serve"]', "newer", name)
    lab.docker("rm", "newer")
    return name


def running(farm: Farm) -> dict[str, Any]:
    """Every container with its image, by `host service`."""
    found: dict[str, Any] = {}
    for host in HOSTS:
        identities = farm.lab.compose(farm.host(host), "ps", "--quiet").stdout.split()
        for seen in json.loads(farm.lab.docker("inspect", *identities)):
            service = seen["Config"]["Labels"]["com.docker.compose.service"]
            found[f"{host} {service}"] = (seen["Config"]["Image"], seen["Id"], seen["State"]["StartedAt"])
    return found


def files(farm: Farm, host: str) -> dict[Path, bytes]:
    """What is in a host's folder."""
    return {path: path.read_bytes() for path in sorted(farm.host(host).rglob("*")) if path.is_file()}


def failures(farm: Farm) -> list[str]:
    """What verify.sh finds wrong."""
    command = ("sh", "-c", "PATH=$1:$PATH exec sh verify.sh", "verify", str(farm.folder / "bin"))
    said = farm.lab.run(*command, folder=farm.folder).stdout
    assert "answers, version" in said, said
    return [line for line in said.splitlines() if line.startswith("FAIL")]


@pytest.mark.proves("rollout.sh --dry-run says every step and changes nothing", "Docker Engine")
def test_a_dry_run_says_every_step_and_changes_nothing(farm: Farm, newer: str) -> None:
    before, there = running(farm), {host: files(farm, host) for host in HOSTS}
    farm.change(image=newer)
    code, said = farm.rollout("--copy", "--dry-run")
    assert code == 0, said
    steps = [f"{one}: docker compose up -d --no-deps --wait {one.split()[1]}" for one in INSTANCES]
    assert [said.index(step) for step in steps] == sorted(said.index(step) for step in steps)
    assert running(farm) == before
    assert {host: files(farm, host) for host in HOSTS} == there


@pytest.mark.proves("rollout.sh --host replaces what runs on that host, and nothing on another", "Docker Engine")
def test_one_host_is_rolled_and_the_other_is_not(farm: Farm, newer: str) -> None:
    before, gateway = running(farm), files(farm, "server80")
    code, said = farm.rollout("--copy", "--host", "server84")
    assert code == 0, said
    after = running(farm)
    assert {one: after[one][0] for one in INSTANCES[:3]} == dict.fromkeys(INSTANCES[:3], newer)
    assert {one: seen for one, seen in after.items() if one.startswith("server80")} == {
        one: seen for one, seen in before.items() if one.startswith("server80")
    }
    assert {path: text for path, text in files(farm, "server80").items() if path in gateway} == gateway


@pytest.mark.proves(
    "verify.sh names the instances of each version while hosts run several, and is content when the rest was rolled",
    "Docker Engine",
    "Ollama",
)
def test_several_versions_are_told_until_the_rest_is_rolled(farm: Farm, version: str, newer_version: str) -> None:
    (line,) = failures(farm)
    on = f"{version} on {INSTANCES[3]}; {newer_version} on {', '.join(INSTANCES[:3])}"
    assert f"service ollama: several versions at once: {on}" in line
    before = running(farm)
    code, said = farm.rollout("--copy")
    assert code == 0, said
    after = running(farm)
    assert {one for one in INSTANCES if after[one] != before[one]} == {INSTANCES[3]}
    assert failures(farm) == []
