"""What the run book tells, as values for its template; everything is read off the plan, nothing is invented."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from composegen.modelname import parse
from composegen.plan import GatewayPlan, HostPlan, Instance, Plan, Role
from composegen.resolve import firewall
from composegen.resolve.address import endpoint_url
from composegen.resolve.gateway import secret_files
from composegen.targets._budget import MemoryRow, memory_rows, memory_total
from composegen.targets._diagram import diagram
from composegen.targets._firewall import installed_name
from composegen.targets._nfs import mounts_by_docker
from composegen.targets._stores import nas_page, store_page
from composegen.targets._traefik import ADMIN_PATHS, POOL_PATHS
from composegen.topology import NfsStore


class HostPage(Struct, frozen=True, kw_only=True):
    """One host. `bring` are the commands, as words, that bring its part of the tree there."""

    plan: HostPlan
    bring: tuple[tuple[str, ...], ...]
    present: bool
    """Whether the tree has a folder for it."""
    nfs: bool
    exports: bool
    firewall: bool
    """Whether it has a script for its firewall."""
    guarded: bool
    """Whether that keeps anybody out."""
    upgrade: tuple[str, ...]
    """Its instances, readers first."""
    wait: tuple[str, ...]
    """Its one-shots that bring the models or wait for them."""
    memory: tuple[MemoryRow, ...]
    memory_total: str | None


class GuardedPorts(Struct, frozen=True, kw_only=True):
    """Ports that answer the gateway only, as the table shows them."""

    host: HostPlan
    ports: str
    guard: firewall.Guard


class Endpoint(Struct, frozen=True, kw_only=True):
    """One instance, as the table shows it."""

    instance: Instance
    url: str
    gpus: str
    store: str
    behind: str
    """URL under which the gateway's dynamic file names it; "" when it is not behind the gateway."""


def context(plan: Plan) -> dict[str, object]:
    """Everything that `common/README.md.j2` prints."""
    writers = {instance.host.name for use in plan.stores for instance in use.writers.values()}
    guards = {host.name: firewall.guards(plan, host) for host in plan.hosts}
    pages = tuple(_host(plan, host, guarded=bool(guards[host.name])) for host in plan.hosts)
    nfs = tuple(use.spec for use in plan.stores if isinstance(use.spec, NfsStore))
    by_hand = _by_hand(pages)
    return {
        "name": plan.topology.name,
        "diagram": diagram(plan),
        "hosts": pages,
        "pasted": tuple(page for page in pages if page.present and (page.plan.spec.ssh or not by_hand)),
        "by_hand": by_hand,
        "exporting": tuple(page for page in pages if page.exports),
        "not_restarted": tuple(_not_restarted(plan)),
        "migrating": tuple(page for page in pages if page.plan.migrations),
        "start": sorted(pages, key=lambda page: page.plan.name not in writers),
        "roll": sorted((page for page in pages if page.upgrade), key=lambda page: page.plan.name in writers),
        "endpoints": tuple(_endpoint(plan, instance) for instance in plan.instances),
        "stores": tuple(store_page(plan, use) for use in plan.stores),
        "rollout": is_rolled(plan),
        "gateway": plan.gateway,
        "guarded": tuple(_guarded(plan, guards)),
        "open_services": tuple(_open_services(plan)),
        "firewall_script": installed_name(plan.topology.name),
        "gateway_page": _gateway(plan, plan.gateway) if plan.gateway else None,
        "nfs": nfs,
        "fstab_stores": tuple(
            use for use in plan.stores if isinstance(use.spec, NfsStore) and use.spec.mount == "fstab"
        ),
        "docker_mounts": any(mounts_by_docker(host) for host in plan.hosts),
        "served": tuple(use for use in plan.stores if isinstance(use.spec, NfsStore) and use.spec.server),
        "built": any(model.modelfile for host in plan.hosts for init in host.inits for model in init.models),
        "nas": tuple(
            nas_page(plan, use) for use in plan.stores if isinstance(use.spec, NfsStore) and use.spec.external
        ),
        "limited": any(row.limit for page in pages for row in page.memory),
        "gpus": any(instance.container.gpus for instance in plan.instances),
        "nvidia": any(i.container.gpus is not None and i.container.gpus.vendor == "nvidia" for i in plan.instances),
        "secrets": any(host.secrets for host in plan.hosts),
    }


def is_rolled(plan: Plan) -> bool:
    """Whether the tree holds `rollout.sh`: some service has two instances, or states how it is upgraded."""
    return any(
        service.upgrade is not None or sum(placement.instances for placement in service.hosts.values()) > 1
        for service in plan.topology.services.values()
    )


def listed_name(name: str) -> str:
    """The name under which `ollama list` and `/api/tags` show a model (DisplayShortest in `types/model/name.go`)."""
    return parse(name.removeprefix("https://").removeprefix("http://")).short


def _host(plan: Plan, host: HostPlan, *, guarded: bool) -> HostPage:
    nfs = bool(any(export.clients for export in host.exports) or host.nfs_mounts or mounts_by_docker(host))
    gateway = plan.gateway is not None and plan.gateway.host.name == host.name
    return HostPage(
        plan=host,
        bring=tuple(_bring(host)),
        present=bool(host.containers) or nfs or gateway,
        nfs=nfs,
        exports=any(export.clients for export in host.exports),
        firewall=firewall.concerns(plan, host),
        guarded=guarded,
        upgrade=tuple(instance.name for instance in sorted(host.instances, key=lambda instance: instance.writer)),
        wait=tuple(c.name for c in host.containers if c.role in (Role.INIT, Role.WAIT)),
        memory=tuple(memory_rows(host)),
        memory_total=memory_total(host),
    )


def _guarded(plan: Plan, guards: Mapping[str, Sequence[firewall.Guard]]) -> Iterator[GuardedPorts]:
    for host in plan.hosts:
        for guard in guards[host.name]:
            one = guard.first == guard.last
            yield GuardedPorts(
                host=host, ports=str(guard.first) if one else f"{guard.first} to {guard.last}", guard=guard
            )


def _open_services(plan: Plan) -> Iterator[str]:
    """The services whose ports stay open although a gateway stands in front of them."""
    for name, service in sorted(plan.topology.services.items()):
        if service.direct and firewall.is_routed(plan, service):
            yield name


def _by_hand(pages: Sequence[HostPage]) -> tuple[HostPage, ...]:
    """The hosts that nothing here reaches: one without `ssh:` is this machine, but of several at most one can be."""
    local = tuple(page for page in pages if page.present and page.plan.spec.ssh is None)
    return local if len(local) > 1 else ()


def _bring(host: HostPlan) -> Iterator[tuple[str, ...]]:
    """Make the host's folder as one's own, then copy; a part of the tree never holds more than its host needs."""
    make = 'sudo install -d -o "$(id -un)" ' + shlex.quote(host.directory)
    if host.spec.ssh is None:
        yield ("sh", "-c", make)
        yield ("cp", "-pR", f"{host.name}/.", f"{host.directory}/")
        return
    user, at, address = host.spec.ssh.rpartition("@")
    target = f"{user}{at}[{address}]" if ":" in address else host.spec.ssh
    yield ("ssh", "-t", "--", host.spec.ssh, make)
    yield ("scp", "-pr", "--", f"{host.name}/.", f"{target}:{host.directory}/")


def _endpoint(plan: Plan, instance: Instance) -> Endpoint:
    return Endpoint(
        instance=instance,
        url=endpoint_url(instance),
        gpus=_gpus(instance),
        store=plan.store_of(instance).name,
        behind=(plan.gateway.reaches(instance) if plan.gateway else None) or "",
    )


def _not_restarted(plan: Plan) -> Iterator[str]:
    """Apps that Docker leaves down after a reboot, as Compose's default for `restart` is `no`."""
    for name, app in sorted(plan.topology.apps.items()):
        deploy = app.compose.get("deploy")
        stated = isinstance(deploy, Mapping) and "restart_policy" in deploy
        if not stated and app.compose.get("restart", "no") in ("no", False):
            yield name


def _gpus(instance: Instance) -> str:
    grant = instance.container.gpus
    return "none" if grant is None else f"{grant.vendor} {', '.join(grant.devices) or 'all'}"


def _gateway(plan: Plan, gateway: GatewayPlan) -> dict[str, object]:
    return {
        "directory": plan.host(gateway.host.name).directory,
        "several": any(len(route.servers) > 1 for route in gateway.routes),
        "pool": tuple(path for line in POOL_PATHS for path in line),
        "admin": ADMIN_PATHS if gateway.spec.admin and any(route.primary for route in gateway.routes) else (),
        "primaries": tuple(route.primary.instance.name for route in gateway.routes if route.primary),
        "files": secret_files(gateway.spec),
    }
