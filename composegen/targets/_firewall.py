"""The firewall of each host behind a gateway: a script that lets only the gateway reach the instances, and its unit.

The rules go into Docker's own place for them (the chain DOCKER-USER; a table beside Docker's where Docker uses
nftables itself), as no other firewall sees published ports. The unit sets them again at every boot, before
Docker starts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from composegen.artifacts import Artifact, Syntax
from composegen.plan import HostPlan, Plan
from composegen.resolve.address import is_ip
from composegen.resolve.firewall import Guard, concerns, guards

LONGEST_CHAIN = 28
"""Characters that the name of a chain may have (XT_EXTENSION_MAXNAMELEN of the kernel, less the end mark)."""


def firewall_artifacts(plan: Plan) -> Iterator[Artifact]:
    """The firewall files of every host with instances behind the gateway.

    A host whose services are all `direct` gets a script that guards nothing: it takes away what an earlier one has set.
    """
    for host in plan.hosts:
        if concerns(plan, host):
            found = guards(plan, host)
            yield _setup(plan, host, found)
            if found:
                yield _unit(plan, host, found)


def chain_name(project: str) -> str:
    """The name of the chain of a project: its own name, shortened where that is too long."""
    name = f"composegen-{project}"
    if len(name) <= LONGEST_CHAIN:
        return name
    return f"{name[: LONGEST_CHAIN - 9]}-{hashlib.sha256(project.encode()).hexdigest()[:8]}"


def unit_name(project: str) -> str:
    """The name of systemd's unit that sets the rules."""
    return f"composegen-firewall-{project}.service"


def installed_name(project: str) -> str:
    """Where the script puts a copy of itself, which belongs to root, for the unit to run."""
    return f"/usr/local/lib/composegen/firewall-{project}.sh"


def _setup(plan: Plan, host: HostPlan, found: tuple[Guard, ...]) -> Artifact:
    project = plan.topology.name
    return Artifact(
        path=PurePosixPath(host.name, "firewall", "setup.sh"),
        template="firewall/setup.sh.j2",
        syntax=Syntax.SHELL,
        context={
            "name": project,
            "host": host.name,
            "chain": chain_name(project),
            "unit": unit_name(project),
            "installed": installed_name(project),
            "guards": [_words(guard) for guard in found],
            "information": "{{json .}}",
        },
        mode=0o755,
    )


def _words(guard: Guard) -> list[str]:
    """The arguments of a call of `only` in the script."""
    containers = ["containers"] if guard.containers else []
    return [guard.service.name, guard.address, str(guard.first), str(guard.last), *containers, *guard.sources]


def _unit(plan: Plan, host: HostPlan, found: tuple[Guard, ...]) -> Artifact:
    return Artifact(
        path=PurePosixPath(host.name, "firewall", unit_name(plan.topology.name)),
        template="firewall/unit.service.j2",
        syntax=Syntax.SYSTEMD,
        context={
            "name": plan.topology.name,
            "host": host.name,
            "installed": installed_name(plan.topology.name),
            "names": any(not is_ip(source) for guard in found for source in guard.sources),
        },
    )
