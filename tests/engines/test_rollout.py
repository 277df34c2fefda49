"""rollout.sh on a real engine and a real Traefik, under steady load: what it loses, and what a broken image does.

Two hosts are two Compose projects on one engine; `ssh` between them runs a shell on this machine, so that the script
goes the same way as between machines: it sends itself.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engines.lab import Lab
from tests.engines.moved import Topology
from tests.engines.site import Site

pytestmark = pytest.mark.engine

CLIENTS = 8
LONGEST = 900
HOSTS = ("server80", "server84")
QUICK = {"start_period": "5s", "interval": "2s", "retries": 3}
SSH = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift 2
exec sh -c "$*"
"""
FINDMNT = """#!/bin/sh
for folder; do :; done
echo "10.0.0.80:$folder"
"""


@dataclass(kw_only=True)
class Load:
    """What clients have seen while something else went on."""

    sent: int = 0
    streams: int = 0
    lost: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.sent} requests by {CLIENTS} clients, {self.streams} of them streams: {len(self.lost)} lost"


@dataclass(frozen=True, kw_only=True)
class Farm:
    """A writer and Traefik on server80, three readers on server84; their folders are below `hosts`."""

    site: Site
    folder: Path

    @property
    def lab(self) -> Lab:
        return self.site.lab

    @property
    def dynamic(self) -> Path:
        return self.folder / "hosts" / "server80" / "traefik" / "dynamic" / "ollama.yaml"

    def host(self, name: str) -> Path:
        return self.folder / "hosts" / name

    def change(self, **changed: str) -> None:
        """Render again with another image or another version of Traefik."""
        told = yaml.safe_load(self.site.moved.text)
        if "image" in changed:
            told["defaults"]["image"] = changed["image"]
        if "traefik" in changed:
            told["gateway"]["traefik"]["version"] = changed["traefik"]
        self.site.moved.text = yaml.safe_dump(told, sort_keys=False)
        self.site.render()

    def rollout(self, *arguments: str) -> tuple[int, str]:
        """Its exit code and all that it said."""
        command = 'bin=$1; shift; PATH=$bin:$PATH exec dash rollout.sh "$@" 2>&1'
        called = ("sh", "-c", command, "rollout", str(self.folder / "bin"), *arguments)
        done = self.lab.run(*called, folder=self.folder, seconds=LONGEST)
        return done.returncode, done.stdout

    def images(self) -> set[str]:
        """The images of all instances, healthy ones only."""
        found = set()
        for host in HOSTS:
            identities = self.lab.compose(self.host(host), "ps", "--quiet").stdout.split()
            for seen in json.loads(self.lab.docker("inspect", *identities)):
                if seen["Config"]["Labels"]["com.docker.compose.service"] != "traefik":
                    assert seen["State"]["Health"]["Status"] == "healthy", seen["Name"]
                    found.add(seen["Config"]["Image"])
        return found

    @contextmanager
    def under_load(self) -> Iterator[Load]:
        """Clients that ask steadily from the beginning to the end; what they saw is there afterwards."""
        model = next(iter(self.site.moved.models.values()))
        ends, said, seen = self.folder / "ends", self.folder / "load.json", Load()
        ends.unlink(missing_ok=True)
        said.unlink(missing_ok=True)
        program = (sys.executable, "-I", Path(__file__).with_name("steady_load.py"))
        running = self.lab.start(*program, "10.0.0.80", "11400", model, str(CLIENTS), ends, str(LONGEST), log=said)
        try:
            yield seen
        finally:
            ends.touch()
            running.process.wait(200)
        told = json.loads(said.read_text())
        seen.sent, seen.streams, seen.lost = told["sent"], told["streams"], told["lost"]


@pytest.fixture(scope="module")
def farm(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    folder = tmp_path_factory.mktemp("rollout")
    site = lab.site("nfs-replicas", folder, _small)
    told = yaml.safe_load(site.moved.text)
    for name, host in told["hosts"].items():
        host |= {"ssh": f"ops@{name}", "directory": str(folder / "hosts" / name)}
    site.moved.text = yaml.safe_dump(told, sort_keys=False)
    site.render()
    found = Farm(site=site, folder=folder)
    (folder / "bin").mkdir()
    for name, text in (("ssh", SSH), ("findmnt", FINDMNT)):
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    for host in HOSTS:
        shutil.copytree(folder / host, found.host(host))
    quick = {"services": {f"ollama-{number}": {"healthcheck": QUICK} for number in (1, 2, 3)}}
    (found.host("server84") / "compose.override.yaml").write_text(yaml.safe_dump(quick))
    try:
        for host in HOSTS:
            done = lab.compose(found.host(host), "up", "-d", "--wait")
            assert done.returncode == 0, done.stderr
        yield found
    finally:
        for host in HOSTS:
            lab.compose(found.host(host), "down", "--volumes", "--remove-orphans", "--timeout", "2")


def _small(topology: Topology) -> None:
    """One model, any host name, and engines whose health checks are dense during the start."""
    topology["services"]["ollama"]["models"] = ["mistral:7b"]
    del topology["gateway"]["hostname"]
    for host in topology["hosts"].values():
        host["docker"] = {"engine": "29.2", "compose": "5.6"}


def _report(capsys: pytest.CaptureFixture[str], what: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n    {what}\n")


def test_a_full_roll_and_the_way_back_lose_no_request(farm: Farm, capsys: pytest.CaptureFixture[str]) -> None:
    (old,) = farm.images()
    file = farm.dynamic.read_bytes()
    with farm.under_load() as quiet:
        farm.lab.run("sleep", "10")
    _report(capsys, f"without a roll: {quiet}")
    assert quiet.lost == []
    farm.change(image="ollama/ollama:next")
    with farm.under_load() as rolling:
        code, said = farm.rollout("--copy")
    assert code == 0, said
    assert farm.images() == {"ollama/ollama:next"}
    _report(capsys, f"a roll of 4 instances on 2 hosts: {rolling}")
    assert rolling.lost == []
    assert farm.dynamic.read_bytes() == file
    with farm.under_load() as back:
        code, said = farm.rollout("--rollback")
    assert code == 0, said
    assert farm.images() == {old}
    _report(capsys, f"the way back: {back}")
    assert back.lost == []


def test_an_image_that_never_turns_healthy_leaves_the_others_serving(
    farm: Farm, capsys: pytest.CaptureFixture[str]
) -> None:
    old = farm.images()
    file = farm.dynamic.read_bytes()
    broken = farm.lab.image("broken", 'ENTRYPOINT ["/bin/sleep"]', 'CMD ["infinity"]')
    farm.change(image=broken)
    with farm.under_load() as failing:
        code, said = farm.rollout("--copy")
        farm.lab.run("sleep", "10")
    assert code == 1, said
    assert "server84 ollama-1: did not turn healthy" in said
    assert farm.images() == old, "what runs and is healthy"
    assert farm.dynamic.read_bytes() == file
    _report(capsys, f"a broken image, one of four instances down: {failing}")
    # Traefik knows that the stopped instance is down only when it has asked it once.
    assert all("Bad Gateway" in lost["fault"] for lost in failing.lost), failing.lost
    with farm.under_load() as back:
        code, said = farm.rollout("--rollback")
    assert code == 0, said
    assert farm.images() == old
    _report(capsys, f"the way back from it: {back}")
    assert back.lost == []


def test_the_restart_of_traefik_refuses_requests_and_cuts_none(farm: Farm, capsys: pytest.CaptureFixture[str]) -> None:
    version = yaml.safe_load(farm.site.moved.text)["gateway"]["traefik"]["version"]
    major, minor, patch = version.split(".")
    other = f"{major}.{minor}.{int(patch) + 1}"
    farm.lab.docker("tag", f"traefik:v{version}", f"traefik:v{other}")
    farm.change(image=farm.lab.ollama_image or "ollama/ollama:next", traefik=other)
    with farm.under_load() as rolling:
        code, said = farm.rollout("--copy")
    assert code == 0, said
    assert "server80 traefik: restarted" in said
    gap = max(lost["ended"] for lost in rolling.lost) - min(lost["begun"] for lost in rolling.lost)
    _report(capsys, f"Traefik restarted: {rolling}, within {gap:.1f} s")
    # It listens a moment before it has read its routes. No answer that had begun is cut.
    early = ("ConnectionRefusedError", "HTTP/1.1 404 ")
    assert all(lost["fault"].startswith(early) for lost in rolling.lost), rolling.lost
