"""What a topology asks of the Docker on its hosts, beyond what every one knows. Not a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from composegen.keypath import KeyPath
from composegen.plan import HostPlan, Plan
from composegen.topology import Host
from composegen.versions import asked_for

Table = Mapping[tuple[str, ...], str]
"""Keys to the version that knows them, as in `versions`."""


class Asked(Struct, frozen=True, kw_only=True):
    """Something that `host` must be new enough for: `what` in words, `since` the version that has it."""

    what: str
    since: str
    host: Host
    at: KeyPath


def keys(plan: Plan, services: Table, networks: Table) -> Iterator[Asked]:
    """Each Compose key of the user's that stands in one of the tables, for each host where it is written."""
    topology = plan.topology
    for service in topology.services.values():
        for name in service.hosts:
            yield from _asked(service.compose, services, service.at("compose"), topology.hosts[name])
    for app in topology.apps.values():
        host = topology.hosts[app.host]
        yield from _asked(app.compose, services, app.at("compose"), host)
        for name, network in app.networks.items():
            yield from _asked(network, networks, app.at("networks", name), host)


def gpu_modes(plan: Plan, since: Mapping[str, str]) -> Iterator[Asked]:
    """Each host whose containers get GPUs in a mode of the table."""
    for host in plan.hosts:
        mode = _mode(host)
        if mode in since:
            yield Asked(what=f"GPU mode `{mode}`", since=since[mode], host=host.spec, at=host.spec.at("gpus", "mode"))


def _asked(value: object, table: Table, origin: KeyPath, host: Host) -> Iterator[Asked]:
    for path, since in asked_for(value, table, origin):
        shown = ".".join(part for part in path[len(origin) :] if isinstance(part, str))
        yield Asked(what=f"`{shown}`", since=since, host=host, at=path)


def _mode(host: HostPlan) -> str:
    return next((container.gpus.mode for container in host.containers if container.gpus is not None), "")
