"""A sample rendered into a folder, its hosts brought up on the one engine of a lab."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from composegen.findings import Severity
from composegen.manifest import with_lock
from composegen.plan import Instance, Plan
from tests.engines.moved import Moved
from tests.sampling import FOLDER, compile_text, write

if TYPE_CHECKING:
    from tests.engines.lab import Lab

ADMIN, PASSWORD = "ops", "lab"
CHECK_OF_NFS = re.compile(r"^if .* != nfs \]; then .*?; fi; ")


@dataclass(kw_only=True)
class Site:
    """The tree of a sample in `folder`, one folder per host in it, each a Compose project `<name>-<host>`."""

    lab: Lab
    sample: str
    folder: Path
    moved: Moved
    plan: Plan = field(init=False)
    asked: list[str] = field(default_factory=list)
    """The models that were fetched while it was brought up, as whoever brought it up has noted them."""

    def __post_init__(self) -> None:
        self.render()

    def render(self) -> None:
        """Write the tree, and beside it what users bring: variables, credentials, overrides."""
        done = compile_text(self.moved.text, folder=FOLDER / self.sample, files=self.moved.files)
        assert done.tree is not None, [finding for finding in done.findings if finding.severity is Severity.ERROR]
        assert done.plan is not None
        self.plan = done.plan
        write(with_lock(done.tree), self.folder)
        self.lab.hosts([host.spec.bind or host.spec.address for host in self.plan.hosts])
        for host in self.plan.hosts:
            if (self.folder / host.name / "compose.yaml").exists():
                self._bring(host.name)

    @property
    def hosts(self) -> list[str]:
        """The hosts on which something runs, those with a writer first."""
        writers = {instance.host.name for instance in self.instances if instance.writer}
        running = [host.name for host in self.plan.hosts if (self.folder / host.name / "compose.yaml").exists()]
        return sorted(running, key=lambda name: name not in writers)

    @property
    def instances(self) -> list[Instance]:
        """All instances of all hosts."""
        return [instance for host in self.plan.hosts for instance in host.instances]

    def url(self, instance: Instance) -> str:
        """Where clients in the lab reach an instance."""
        address = instance.binding.address
        return f"http://{f'[{address}]' if ':' in address else address}:{instance.binding.port}"

    def compose(self, host: str, *arguments: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        """Run docker-compose in a host's folder; how it ended is the caller's to judge."""
        return self.lab.compose(self.folder / host, *arguments, seconds=seconds)

    def up(self, host: str, *arguments: str, seconds: float = 240) -> str:
        """`docker-compose up -d --wait`; what it said. AssertionError with the logs when it fails or takes longer."""
        done = self.compose(host, "up", "-d", "--wait", *arguments, seconds=seconds)
        assert done.returncode == 0, done.stderr + self.logs(host)
        return done.stderr

    def logs(self, host: str, *services: str) -> str:
        """What containers of a host have printed."""
        return self.compose(host, "logs", "--no-color", *services).stdout

    def containers(self, host: str) -> dict[str, Any]:
        """What `docker inspect` says of a host's containers, also those that ended, by the name of their service."""
        found = self.compose(host, "ps", "--all", "--quiet").stdout.split()
        told = json.loads(self.lab.docker("inspect", *found)) if found else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in told}

    def down(self) -> None:
        """Remove all containers, volumes and networks of all hosts."""
        for host in self.hosts:
            self.compose(host, "down", "--volumes", "--remove-orphans", "--timeout", "2")

    def _bring(self, host: str) -> None:
        folder = self.folder / host
        text = (folder / "compose.yaml").read_text()
        secrets = "".join(f"{name}=http://10.77.0.9:1\n" for name in sorted(set(re.findall(r"\$\{(\w+):\?", text))))
        (folder / ".env").write_text(f"COMPOSE_PROJECT_NAME={self.plan.topology.name}-{host}\n{secrets}")
        content = yaml.safe_load(text)
        self._credentials(folder, content)
        self.lab.stand_ins(service["image"] for service in content["services"].values())
        overridden = override(content, self.folder / "stores")
        if overridden:
            (folder / "compose.override.yaml").write_text(yaml.safe_dump(overridden))

    def _credentials(self, folder: Path, content: Mapping[str, Any]) -> None:
        mounts = content["services"].get("traefik", {}).get("volumes", [])
        wanted = [folder / mount["source"] for mount in mounts if mount["source"].startswith("./secrets/")]
        for path in wanted:
            path.parent.mkdir(exist_ok=True)
        users = [path for path in wanted if path.suffix == ".users"]
        for path in users:
            digest = base64.b64encode(hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).digest()).decode()
            path.write_text(f"{ADMIN}:{{SHA}}{digest}\n")
        pair = {path.suffix: path for path in wanted if path not in users}
        if pair:
            _certificate(pair[".crt"], pair[".key"])


def _certificate(certificate: Path, key: Path) -> None:
    names = ["-subj", "/CN=llm.example", "-addext", "subjectAltName=DNS:llm.example"]
    kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = ["openssl", *kind, *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)


def override(content: Mapping[str, Any], stores: Path) -> dict[str, Any]:
    """NFS is one common folder: volumes of Docker's own NFS mounts bind it, and nobody asks whether it is NFS."""
    volumes = {}
    for name, volume in (content.get("volumes") or {}).items():
        if (volume or {}).get("driver_opts", {}).get("type") == "nfs":
            (stores / name).mkdir(parents=True, exist_ok=True)
            volumes[name] = {"driver_opts": {"type": "none", "o": "bind", "device": str(stores / name)}}
    services = {
        name: {"command": [CHECK_OF_NFS.sub("", service["command"][0])]}
        for name, service in content["services"].items()
        if service.get("command") and CHECK_OF_NFS.match(service["command"][0])
    }
    return {key: value for key, value in (("services", services), ("volumes", volumes)) if value}
