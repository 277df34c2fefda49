"""What programs that bring the tree to the hosts read, where `agents:` names them.

compose-farm (1.27, its config.py and operations.py) runs `docker compose` in `compose_dir/STACK` of the host that has
the stack, so each host's folder is a stack of its own; CG207 sees to it that the folders can be told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from msgspec import Struct

from composegen.artifacts import Artifact, Syntax
from composegen.plan import HostPlan, Plan


class Reached(Struct, frozen=True, kw_only=True):
    """A host as compose-farm gets to it; "" and None leave the choice to it."""

    name: str
    address: str
    user: str = ""
    port: int | None = None


def agent_artifacts(plan: Plan) -> Iterator[Artifact]:
    """`compose-farm.yaml`, where it is asked for."""
    if "compose-farm" not in plan.topology.agents:
        return
    running = [host for host in plan.hosts if host.containers]
    yield Artifact(
        path=PurePosixPath("compose-farm.yaml"),
        template="common/compose-farm.yaml.j2",
        syntax=Syntax.COMPOSE_FARM,
        context={
            "name": plan.topology.name,
            "folder": str(PurePosixPath(running[0].directory).parent),
            "hosts": [_reached(host, alone=len(plan.local) == 1) for host in running],
            "stacks": {PurePosixPath(host.directory).name: host.name for host in running},
        },
    )


def _reached(host: HostPlan, *, alone: bool) -> Reached:
    """By what `ssh:` says; the only host without is the machine itself."""
    told = host.spec.ssh
    if told is None:
        return Reached(name=host.name, address="localhost" if alone else host.spec.address)
    if told.startswith("ssh://"):
        parts = urlsplit(told)
        return Reached(name=host.name, address=parts.hostname or "", user=parts.username or "", port=parts.port)
    user, _, address = told.rpartition("@")
    return Reached(name=host.name, address=address, user=user)
