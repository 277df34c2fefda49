"""Requests to the gateway of a site, byte for byte as a test writes them, and what instances say they have seen."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path

from tests.engines.site import ADMIN, PASSWORD, Site
from tests.engines.space import wait_until

ACCESS = re.compile(r'\[GIN\][^|]*\| (\d+) \|[^|]*\|[^|]*\| (\S+) +"([^"]*)"')
PROBES = {"/", "/api/version", "/api/ps"}
"""What health checks ask; they are no requests of clients."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Status (0: none) and all that came, head included."""

    status: int
    text: str
    times: Sequence[float]
    """Seconds after which the pieces came."""
    sizes: Sequence[int]
    """How many characters of the text each piece holds."""


@dataclass(frozen=True, order=True, kw_only=True)
class Seen:
    """One request, as an instance has logged it."""

    method: str
    path: str
    status: int


ASK_ALL = """path=$1; shift
for place; do
    exec 3<>"/dev/tcp/$place"
    printf 'GET %s HTTP/1.0\\r\\n\\r\\n' "$path" >&3
    cat <&3 >/dev/null
done"""
"""Asks several servers for the same path."""

Log = dict[tuple[str, str], Counter[Seen]]
MARKS = count(1)


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Where clients ask."""

    site: Site
    address: str
    port: int
    name: str
    """Of the host, as clients call it."""

    @cached_property
    def containers(self) -> dict[tuple[str, str], str]:
        """Of the instances, by host and name."""
        return {
            (one.host.name, one.name): self.site.containers(one.host.name)[one.name]["Id"]
            for one in self.site.instances
        }

    def request(self, method: str, path: str, body: str = "", *headers: str, name: str | None = None) -> str:
        """A whole request, of which nothing is changed on the way."""
        lines = (
            f"{method} {path} HTTP/1.1",
            f"Host: {self.name if name is None else name}",
            *headers,
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        return "".join(f"{line}\r\n" for line in (*lines, "")) + body

    def ask(self, requests: Sequence[str], *, clients: int = 1, source: str = "") -> list[Reply]:
        """The answers to requests, so many at a time, from an address of the lab or any."""
        wanted = {
            "address": self.address,
            "port": self.port,
            "at_a_time": clients,
            "requests": [{"text": text, "source": source} for text in requests],
        }
        program = (sys.executable, "-I", Path(__file__).with_name("sending.py"))
        done = self.site.lab.run(*program, text=json.dumps(wanted), seconds=300)
        assert done.returncode == 0, done.stderr
        return [Reply(**one) for one in json.loads(done.stdout)]

    def seen(self) -> Log:
        """What clients have asked each instance so far, by host and name of the instance."""
        return {instance: self._seen(container) for instance, container in self.containers.items()}

    def seen_since(self, before: Log) -> Log:
        """What they have been asked since then; a last request to each shows that it has logged all others."""
        mark = f"/mark-{next(MARKS)}"
        places = [f"{one.binding.address}/{one.binding.port}" for one in self.site.instances]
        self.site.lab.must("bash", "-euc", ASK_ALL, "bash", mark, *places)

        def logged() -> bool:
            return all(any(one.path == mark for one in seen) for seen in self.seen().values())

        wait_until(logged, "every instance logs a request", seconds=20)
        return {
            instance: Counter({one: n for one, n in (seen - before[instance]).items() if one.path != mark})
            for instance, seen in self.seen().items()
        }

    def _seen(self, container: str) -> Counter[Seen]:
        found = ACCESS.findall(self.site.lab.docker("logs", container))
        told = (Seen(method=method, path=path, status=int(status)) for status, method, path in found)
        return Counter(one for one in told if one.path not in PROBES)


def credentials(user: str = ADMIN, password: str = PASSWORD) -> str:
    """The header that says who asks."""
    return f"Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
