"""A farm for tests under load: a writer and Traefik on server80, three readers on server84, clients that ask steadily.

Two hosts are two Compose projects on one engine; `ssh` between them runs a shell on this machine, so that a script
goes the same way as between machines: it sends itself.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.engines.lab import Lab
from tests.engines.moved import Topology
from tests.engines.site import Site
from tests.engines.space import wait_until

CLIENTS = 8
LONGEST = 900
HOSTS = ("server80", "server84")
QUICK = {"start_period": "3s", "interval": "1s", "retries": 3}
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

    clients: int
    sent: int = 0
    streams: int = 0
    slowest: float = 0
    """Seconds that the slowest whole answer took."""
    lost: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        told = f"{self.sent} requests by {self.clients} clients, {self.streams} of them streams"
        return f"{told}: {len(self.lost)} lost, the slowest took {self.slowest:.1f} s"


@dataclass(frozen=True, kw_only=True)
class Farm:
    """A writer and Traefik on server80, three readers on server84; their folders are below `hosts`."""

    site: Site
    folder: Path

    @property
    def lab(self) -> Lab:
        return self.site.lab

    @property
    def model(self) -> str:
        """The one that every instance has."""
        return next(iter(self.site.moved.models.values()))

    @property
    def dynamic(self) -> Path:
        return self.folder / "hosts" / "server80" / "traefik" / "dynamic" / "ollama.yaml"

    @property
    def rendered_dynamic(self) -> Path:
        """The same file as it was rendered last."""
        return self.folder / "server80" / "traefik" / "dynamic" / "ollama.yaml"

    def put_dynamic(self, content: bytes) -> None:
        """Give Traefik another file, in one step, and wait until it has surely taken it up."""
        beside = self.dynamic.with_name(".beside")
        beside.write_bytes(content)
        beside.rename(self.dynamic)
        time.sleep(4)

    def host(self, name: str) -> Path:
        return self.folder / "hosts" / name

    def change(self, *, image: str = "", traefik: str = "", rollback: str = "manual", port: int = 0) -> None:
        """Render again with another image, version of Traefik or first port of the readers."""
        told = yaml.safe_load(self.site.moved.text)
        service = told["services"]["ollama"]
        service["upgrade"] = {"rollback": rollback}
        if image:
            told["defaults"]["image"] = image
        if traefik:
            told["gateway"]["traefik"]["version"] = traefik
        if port:
            service["hosts"]["server84"]["port"] = port
        self.site.moved.text = yaml.safe_dump(told, sort_keys=False)
        self.site.render()

    def rollout(self, *arguments: str) -> tuple[int, str]:
        """Its exit code and all that it said."""
        done = self.lab.run(*self._rollout(*arguments), folder=self.folder, seconds=LONGEST)
        return done.returncode, done.stdout

    def rollout_killed_at(self, words: str, *arguments: str) -> str:
        """Start it and kill it with signal 9 when it says this; all that it has said."""
        log = self.folder / "killed.log"
        log.unlink(missing_ok=True)
        running = self.lab.start(*self._rollout(*arguments), folder=self.folder, log=log)
        try:
            wait_until(lambda: words in running.said, words, seconds=120)
        finally:
            os.kill(running.pid, signal.SIGKILL)
            running.process.wait(60)
        return running.said

    def _rollout(self, *arguments: str) -> tuple[str, ...]:
        command = 'bin=$1; shift; PATH=$bin:$PATH exec dash rollout.sh "$@" 2>&1'
        return ("sh", "-c", command, "rollout", str(self.folder / "bin"), *arguments)

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
    def under_load(self, clients: int = CLIENTS, patience: float = 120) -> Iterator[Load]:
        """Clients that ask steadily from the beginning to the end, and wait `patience` seconds for more of an answer.

        What they saw is there afterwards.
        """
        ends, said, seen = self.folder / "ends", self.folder / "load.json", Load(clients=clients)
        ends.unlink(missing_ok=True)
        said.unlink(missing_ok=True)
        program = (sys.executable, "-I", Path(__file__).with_name("steady_load.py"))
        told = ("10.0.0.80", "11400", self.model, str(clients), ends, str(LONGEST), str(patience))
        running = self.lab.start(*program, *told, log=said)
        try:
            yield seen
        finally:
            ends.touch()
            running.process.wait(200)
        for name, value in json.loads(said.read_text()).items():
            setattr(seen, name, value)


@contextmanager
def opened(lab: Lab, folder: Path) -> Iterator[Farm]:
    """A farm that is up, until the end."""
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
    for host in HOSTS:
        _check_often(found.host(host), [one.name for one in site.instances if one.host.name == host])
    try:
        for host in HOSTS:
            done = lab.compose(found.host(host), "up", "-d", "--wait")
            assert done.returncode == 0, done.stderr
        yield found
    finally:
        for host in HOSTS:
            lab.compose(found.host(host), "down", "--volumes", "--remove-orphans", "--timeout", "2")


def _check_often(folder: Path, names: list[str]) -> None:
    file = folder / "compose.override.yaml"
    told = yaml.safe_load(file.read_text()) if file.exists() else {}
    for name in names:
        told.setdefault("services", {}).setdefault(name, {})["healthcheck"] = QUICK
    file.write_text(yaml.safe_dump(told))


def _small(topology: Topology) -> None:
    """One model, any host name, and engines whose health checks are dense during the start."""
    topology["services"]["ollama"]["models"] = ["mistral:7b"]
    del topology["gateway"]["hostname"]
    for host in topology["hosts"].values():
        host["docker"] = {"engine": "29.2", "compose": "5.6"}
