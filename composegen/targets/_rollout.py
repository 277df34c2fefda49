"""`rollout.sh`: which instances it replaces in which order, and what it must know of each.

What it does with them is the business of the template `common/rollout.sh.j2`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from composegen import quoting
from composegen.artifacts import Artifact, Literal, Syntax
from composegen.fields import seconds_of
from composegen.plan import GatewayPlan, HostPlan, Instance, Plan
from composegen.targets._runbook import is_rolled, listed_name
from composegen.topology import Model, Upgrade


class RolledHost(Struct, frozen=True, kw_only=True):
    """A host as the script must know it. `ssh` is "" for the machine on which the script runs."""

    name: str
    ssh: str
    directory: str
    instances: tuple[str, ...]
    files: tuple[str, ...]
    """What composegen writes into its folder; nothing else there is ever touched."""
    keeps: bool
    """Whether what ran before is kept: some service on it has a snapshot."""


def rollout_artifacts(plan: Plan, written: Iterable[Artifact | Literal]) -> Iterator[Artifact]:
    """`rollout.sh`, where there is something to roll. `written` are the files of the hosts."""
    if not is_rolled(plan):
        return
    yield Artifact(
        path=PurePosixPath("rollout.sh"),
        template="common/rollout.sh.j2",
        syntax=Syntax.SHELL,
        context=_context(plan, _files(written)),
        mode=0o755,
    )


def _files(written: Iterable[Artifact | Literal]) -> Mapping[str, tuple[str, ...]]:
    """The files of each host, relative to its folder."""
    found: dict[str, list[str]] = {}
    for artifact in written:
        host, *rest = artifact.path.parts
        found.setdefault(host, []).append("/".join(rest))
    return {host: tuple(sorted(files)) for host, files in found.items()}


def _context(plan: Plan, files: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    gateway = plan.gateway
    taking_part = [host for host in plan.hosts if host.containers or (gateway and gateway.host.name == host.name)]
    hosts = [_host(host, files.get(host.name, ())) for host in taking_part]
    return {
        "name": plan.topology.name,
        "hosts": hosts,
        "local": sum(not host.ssh for host in hosts),
        "instances": [_instance(plan, instance) for instance in _in_order(plan)],
        "gateway": gateway.host.name if gateway else "",
        "dynamic": f"traefik/dynamic/{plan.topology.name}.yaml" if gateway else "",
        "traefik": gateway.container.name if gateway and gateway.container else "",
    }


def _host(host: HostPlan, files: tuple[str, ...]) -> RolledHost:
    return RolledHost(
        name=host.name,
        ssh=host.spec.ssh or "",
        directory=host.directory,
        instances=tuple(instance.name for instance in host.instances),
        files=files,
        keeps=not host.instances or any(_upgrade(instance).snapshot for instance in host.instances),
    )


def _upgrade(instance: Instance) -> Upgrade:
    return instance.service.upgrade or Upgrade()


def _in_order(plan: Plan) -> list[Instance]:
    """Readers first, writers last, so that no reader meets what a newer writer has written."""
    return sorted(plan.instances, key=lambda instance: instance.writer)


def _instance(plan: Plan, instance: Instance) -> list[str]:
    """The words of one instance: where, its entry in Traefik's file ("" for none), its port inside, and the bounds."""
    upgrade = _upgrade(instance)
    models = instance.service.models or plan.store_of(instance).models
    return [
        instance.host.name,
        instance.name,
        _entry(plan.gateway, instance),
        str(instance.binding.container_port),
        str(seconds_of(upgrade.drain)),
        str(max(1, seconds_of(upgrade.warm_up))),
        _automatic(upgrade),
        _first(models),
    ]


def _entry(gateway: GatewayPlan | None, instance: Instance) -> str:
    """The URL exactly as it stands in Traefik's file."""
    reached = gateway.reaches(instance) if gateway else None
    return quoting.traefik(reached) if reached else ""


def _automatic(upgrade: Upgrade) -> str:
    return "back" if upgrade.rollback == "automatic" else "stop"


def _first(models: tuple[Model, ...]) -> str:
    return listed_name(models[0].name) if models else ""
