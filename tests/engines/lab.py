"""A lab: a Docker Engine of its own in a network namespace where several hosts have their addresses.

How a test uses it (fixtures `lab`, one in each process, and `oldest_lab`, the same on Debian's Docker 20.10):

    site = lab.site("nfs-replicas", tmp_path)          # a sample, rendered so that it can run here (site.py, moved.py)
    site = lab.site("minimal", tmp_path, change=edit)  # edit(topology) alters the sample's topology first
    site.up("server80")                                # docker-compose up -d --wait in that host's folder
    site.compose("server80", "ps")                     # any docker-compose command there: a CompletedProcess
    site.containers("server80")["ollama-1"]["State"]   # docker inspect, by service
    site.instances, site.url(instance), site.plan      # what composegen planned, and where clients reach it
    site.moved.models["mistral:7b"]                    # the name of that model in the local registry
    site.down()                                        # the test's own duty, in a `finally`

    lab.ask("http://10.0.0.80:11434/api/tags")         # an HTTP request from inside: status, headers, text, times
    lab.ask(url, {"model": name}, headers={...})       # POST of JSON
    lab.run("bash", "-c", "...")                       # any program inside: a CompletedProcess; lab.must: its output
    lab.start(program, log=path)                       # one that goes on: a Running with pid, said, stop()
    lab.docker("ps")                                   # the command line of docker, its output
    lab.hosts(["10.0.0.80"])                           # gives the namespace an address; sites do it themselves
    lab.registry.push("team/tiny:1", seed=7)           # a tiny real model in the registry; returns its whole name
    lab.registry.stop(), .start(), .asked              # the registry down, up again, the models that were fetched
    lab.image("next", "LABEL x=y")                     # another tag of ollama/ollama, changed like `docker commit -c`

Only programs inside see the addresses; tests themselves are outside. The folder of a site is the same inside and out.
Each host's folder has an .env with COMPOSE_PROJECT_NAME, so that plain `docker compose` in it works, scripts included;
hosts[...].directory is that folder. Basic authentication of the gateway: site.ADMIN, site.PASSWORD. Every lab is one
of several on the machine; all that runs in it ends with it. GPUs are only pretended to be there (gpus.py).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.engines import pulled, versions
from tests.engines.engine import Engine
from tests.engines.model_registry import ModelRegistry
from tests.engines.moved import Change, moved
from tests.engines.site import Site
from tests.engines.space import Running, Space

TOOLS = Path(sys.executable).parent
"""Where docker-compose and traefik are."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; status 0: nothing did, and `text` says why. `times` are the seconds after which lines came."""

    status: int
    headers: Mapping[str, str]
    text: str
    times: Sequence[float]

    @property
    def json(self) -> Any:
        """The text, read as JSON."""
        return json.loads(self.text)


@dataclass(kw_only=True)
class Lab:
    """An engine, a registry, and addresses for hosts, in a space of their own."""

    folder: Path
    space: Space
    engine: Engine
    registry: ModelRegistry
    held: IO[str]
    """Locked for as long as the lab is open."""
    _addresses: set[str] = field(default_factory=set)

    @property
    def ollama_image(self) -> str | None:
        """The image around the Ollama built here; None when official images are pulled, under the samples' own tags."""
        return None if pulled.is_wanted() else f"ollama/ollama:{versions.OLLAMA}"

    def hosts(self, addresses: Iterable[str]) -> None:
        """Give the namespace addresses, as hosts of a topology have them; loopback is there already."""
        for address in addresses:
            if address not in self._addresses and not address.startswith("127."):
                width, late = ("64", ("nodad",)) if ":" in address else ("24", ())
                self.space.must("ip", "address", "add", f"{address}/{width}", "dev", "hosts0", *late)
                self._addresses.add(address)

    def site(self, sample: str, folder: Path, change: Change | None = None) -> Site:
        """A sample rendered into a folder, ready for `up`; other than `change` nothing of its meaning is altered."""
        changed = moved(sample, folder, self.registry, self.ollama_image, change)
        return Site(lab=self, sample=sample, folder=folder, moved=changed)

    def compose(self, folder: Path, *arguments: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        """Run docker-compose in a folder."""
        return self.run(TOOLS / "docker-compose", *arguments, folder=folder, seconds=seconds)

    def docker(self, *arguments: str | Path, seconds: float = 300) -> str:
        """What docker prints; AssertionError when it fails."""
        return self.engine.must(*arguments, seconds=seconds)

    def run(
        self, *command: str | Path, folder: Path | None = None, text: str = "", seconds: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside, to its end."""
        return self.space.run(*command, folder=folder, text=text, seconds=seconds)

    def must(self, *command: str | Path, seconds: float = 300) -> str:
        """What a program inside prints; AssertionError when it fails."""
        return self.space.must(*command, seconds=seconds)

    def start(self, *command: str | Path, log: Path, folder: Path | None = None) -> Running:
        """Start a program inside that goes on."""
        return self.space.start(*command, log=log, folder=folder)

    def ask(
        self,
        url: str,
        body: Mapping[str, Any] | str | None = None,
        *,
        method: str = "",
        headers: Mapping[str, str] | None = None,
        seconds: float = 120,
    ) -> Answer:
        """Send a request from inside and read the answer to its end; a body makes it a POST."""
        sent = body if isinstance(body, str) or body is None else json.dumps(body)
        wanted = {
            "url": url,
            "body": sent,
            "method": method or ("GET" if sent is None else "POST"),
            "headers": {**({"Content-Type": "application/json"} if sent else {}), **(headers or {})},
            "seconds": seconds,
        }
        program: list[str | Path] = [sys.executable, "-I", Path(__file__).with_name("requesting.py")]
        done = self.run(*program, text=json.dumps(wanted), seconds=seconds + 30)
        assert done.returncode == 0, done.stderr
        return Answer(**json.loads(done.stdout))

    def image(self, tag: str, *changes: str) -> str:
        """Another tag of the Ollama image with changes such as `ENTRYPOINT ["/bin/false"]`; its whole name."""
        name = f"ollama/ollama:{tag}"
        made = self.docker("create", self.ollama_image or f"ollama/ollama:{pulled.OLLAMA_TAG}").strip()
        self.docker("commit", *(word for change in changes for word in ("-c", change)), made, name)
        self.docker("rm", made)
        return name

    def stand_ins(self, wanted: Iterable[str]) -> None:
        """Give every image that is not here the content that stands for applications."""
        there = set(self.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split())
        for name in sorted(set(wanted) - there):
            ollama = name.startswith("ollama/ollama:") and self.ollama_image
            self.docker("tag", ollama or "application:1", name)

    def close(self) -> None:
        """End everything, leave nothing."""
        try:
            self.registry.stop()
            self.engine.stop()
        finally:
            self.space.close()
            self.held.close()
            shutil.rmtree(self.folder)
