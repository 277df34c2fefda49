"""Instances of a farm that something is done to: their processes, and how clients and the gateway find them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.engines.farm import Farm
from tests.engines.space import wait_until
from tests.engines.steady_load import question

GATEWAY = "server80"
"""The host of Traefik, and of the writer."""

KILL = 'kill -KILL "$@"; for one; do while kill -0 "$one"; do :; done; done 2>/dev/null'
"""Until all are gone: one listens for a moment longer than the signal takes."""


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One of the farm, as its container."""

    farm: Farm
    container: str
    url: str
    """Where the gateway reaches it."""

    @property
    def server(self) -> str:
        """The process of Ollama, as the space numbers it; the container's first one only waits for it."""
        first = self.farm.lab.docker("inspect", "--format", "{{.State.Pid}}", self.container).strip()
        return self.farm.lab.must("cat", f"/proc/{first}/task/{first}/children").split()[0]

    def signal(self, name: str) -> None:
        self.farm.lab.must("kill", f"-{name}", self.server)

    def connections(self) -> int:
        """How many there are to its port."""
        table = self.farm.lab.must("cat", f"/proc/{self.server}/net/tcp", f"/proc/{self.server}/net/tcp6")
        rows = [line.split() for line in table.splitlines()]
        return sum(row[1].endswith(":2CAA") and row[3] == "01" for row in rows if len(row) > 3)

    def has_served(self, since: float) -> bool:
        """Whether it has answered a client since then."""
        said = self.farm.lab.docker("logs", "--since", f"{since:.3f}", self.container)
        return any(" 200 " in line and '"/api/generate"' in line for line in said.splitlines())

    def status(self) -> int:
        """Of its answer to a question; 0 when none comes in 8 s. A lone one takes a small part of a second."""
        options = {"num_thread": 1, "num_ctx": 512, "num_predict": 4}
        asked = {"model": self.farm.model, "prompt": "Hi", "stream": False, "options": options}
        return self.farm.lab.ask(f"{self.url}/api/generate", asked, seconds=8).status

    def leave_streams(self, times: int = 20) -> int:
        """Begin so many streams, past the gateway, and go away after the first byte of each."""
        host, port = self.url.removeprefix("http://").split(":")
        text = question(host, int(port), self.farm.model, stream=True).decode()
        wanted = {"address": host, "port": int(port), "text": text, "times": times, "at_a_time": 4}
        program = (sys.executable, "-I", Path(__file__).with_name("leaving.py"))
        done = self.farm.lab.run(*program, text=json.dumps(wanted))
        assert done.returncode == 0, done.stderr
        return times


def instances(farm: Farm, host: str, names: Sequence[str]) -> list[Instance]:
    """Those of a host that have these names."""
    planned = {one.name: farm.site.url(one) for one in farm.site.instances if one.host.name == host}
    places = {name: f"http://{name}:11434" if host == GATEWAY else planned[name] for name in names}
    found = {name: farm.lab.compose(farm.host(host), "ps", "--quiet", name).stdout.strip() for name in names}
    assert all(found.values())
    return [Instance(farm=farm, container=found[name], url=places[name]) for name in names]


def together(victims: Sequence[Instance]) -> Callable[[], object]:
    """What ends them all at the same moment, as when their host loses its power; nobody starts them again."""
    lab, containers = victims[0].farm.lab, [one.container for one in victims]
    lab.docker("update", "--restart", "no", *containers)
    first = lab.docker("inspect", "--format", "{{.State.Pid}}", *containers).split()
    return lambda: lab.must("sh", "-c", KILL, "kill", *first)


def left_out(victims: Sequence[Instance], since: float) -> float:
    """Seconds until the gateway has said of each of these that its health check failed: no request goes there then."""
    farm = victims[0].farm
    gateway = farm.lab.compose(farm.host(GATEWAY), "ps", "--quiet", "traefik").stdout.strip()

    def seen() -> dict[str, float]:
        said = farm.lab.docker("logs", "--timestamps", "--since", f"{since:.3f}", gateway).splitlines()
        failed = [line for line in reversed(said) if "Health check failed" in line]
        when = {one.url: [line.split()[0] for line in failed if f"{one.url} " in f"{line} "] for one in victims}
        return {url: datetime.fromisoformat(times[-1]).timestamp() for url, times in when.items() if times}

    wait_until(lambda: len(seen()) == len(victims), "the gateway leaves them out")
    return max(seen().values()) - since


def whole(pool: list[Instance], since: float) -> float:
    """Seconds until every one of these has answered a client again."""
    wait_until(lambda: all(one.has_served(since) for one in pool), "the pool is whole again")
    return time.time() - since
