"""Which place of the topology is the reason for a difference in a generated file.

The plan knows where each of its parts comes from. Where a part is gone, the place around it that is still there is
told, or with the topology of before its own place in that one.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from composegen.findings import Location
from composegen.impact import patched, places
from composegen.impact.changed import Changed
from composegen.impact.differences import differences
from composegen.impact.model import ABSENT, Difference
from composegen.impact.routing import STATIC
from composegen.impact.stack import FILE
from composegen.plan import Container, Plan
from composegen.resolve.gateway import CONTAINER

_ONE_SHOTS = frozenset({"init", "wait", "ready"})
"""How the names of containers end that are beside the instances of a service."""

_STATIC_FIELDS = {"certificatesResolvers": "tls", "entryPoints": "entrypoint"}


class Cause(Struct, frozen=True, kw_only=True):
    """A place, and whether it is one of the topology as it was."""

    at: Location
    older: bool = False


def of_difference(host: Changed, service: str, difference: Difference, plan: Plan | None) -> Cause | None:
    """The reason for one difference of a service; None where no topology is known, or nothing in it is the reason."""
    new, old = container(host, service), container(host, service, older=True)
    path = difference.path
    if path == ("labels", "composegen.static"):
        return _of_static(host, plan)
    patches = plan.topology.patches if plan else ()
    if (patch := patched.place(patches, host.name, FILE, ("services", service, *path))) is not None:
        return Cause(at=patch)
    if path[:1] == ("ports",) and path[-1:] == ("host_ip",) and host.plan is not None:
        return Cause(at=Location(path=host.plan.spec.at("bind" if host.plan.spec.bind else "address")))
    if new is not None and (difference.after is not ABSENT or old is None):
        if difference.after is ABSENT and path[:1] == ("volumes",) and len(path) == 2:  # noqa: PLR2004 - a whole mount
            path = path[:1]  # its number is that in the old list
        model = places.model(new, difference)
        return Cause(at=Location(path=places.place(new, path), part="key") if model is None else Location(path=model))
    if old is not None:
        return Cause(at=Location(path=places.place(old, path)), older=True)
    return None


def _of_static(host: Changed, plan: Plan | None) -> Cause | None:
    """What makes Traefik's static file another one: a patch, else a field; None where a template of the user's does."""
    pair = host.files.get(STATIC)
    found = differences(*pair.data) if pair and pair.before and pair.after else ()
    for one in found:
        if (patch := patched.place(plan.topology.patches if plan else (), host.name, STATIC, one.path)) is not None:
            return Cause(at=patch)
    fields = (_STATIC_FIELDS.get(str(one.path[0])) for one in found if one.path)
    return next((of_gateway(plan, field) for field in fields if field), None)


def of_presence(host: Changed, service: str, plan: Plan | None) -> Cause | None:
    """Why a service is there, or no longer."""
    new, old = container(host, service), container(host, service, older=True)
    if new is not None:
        return Cause(at=Location(path=new.origin, part="key"))
    if old is not None:
        return Cause(at=Location(path=old.origin, part="key"), older=True)
    return _gone(host, service, plan)


def _gone(host: Changed, service: str, plan: Plan | None) -> Cause | None:
    """The nearest place that is still there of a service of which only the name is known."""
    app = plan.topology.apps.get(service) if plan else None
    if app is not None:
        return Cause(at=Location(path=app.at("host")))
    if host.plan is None:
        return Cause(at=Location(path=("hosts",), part="key"))
    if service == CONTAINER:
        return of_gateway(plan, "host")
    name, _, suffix = service.rpartition("-")
    if not (name and (suffix.isdecimal() or suffix in _ONE_SHOTS)):
        return Cause(at=Location(path=("apps",), part="key")) if plan and plan.topology.apps else None
    for instance in host.plan.instances:
        if instance.service.name == name:
            return Cause(at=Location(path=instance.placement.origin, part="key"))
    stated = plan.topology.services.get(name) if plan else None
    return Cause(at=Location(path=stated.at("hosts") if stated else ("services",), part="key"))


def of_servers(plan: Plan | None, urls: Iterable[str]) -> Cause | None:
    """The placement of an instance that the gateway reaches by one of these URLs."""
    wanted = set(urls)
    if plan is None or plan.gateway is None:
        return None
    servers = [server for route in plan.gateway.routes for server in route.servers]
    found = next((server for server in servers if server.url in wanted), None)
    if found is None:  # gone: another one of the same machine says where
        addresses = {url.rpartition(":")[0] for url in wanted}
        found = next((server for server in servers if server.url.rpartition(":")[0] in addresses), None)
    return Cause(at=Location(path=found.instance.placement.origin, part="key")) if found else None


def of_gateway(plan: Plan | None, key: str = "") -> Cause | None:
    """The gateway, or one of its fields where that is stated."""
    if plan is None or plan.gateway is None:
        return None
    return Cause(at=Location(path=plan.gateway.spec.at(*([key] if key else ())), part="value" if key else "key"))


def of_name(host: Changed) -> Cause | None:
    """The name of the set-up, where what ran belonged to a project of another name."""
    if host.plan is None or not host.before.services or host.before.name == host.after.name:
        return None
    return Cause(at=Location(path=("name",)))


def of_definition(host: Changed, volume: str) -> Cause | None:
    """Why a named volume is what it is: the store, or what an app says of it."""
    for older, plan in ((False, host.plan), (True, host.old_plan)):
        found = next((one.origin for one in plan.volumes if one.name == volume), ()) if plan else ()
        if found:
            return Cause(at=Location(path=found, part="key"), older=older)
    return None


def of_mount(host: Changed, service: str, target: str) -> Location | None:
    """What a service mounts at a place in its container: the store, or what an app says of it."""
    planned = container(host, service)
    if planned is None:
        return None
    mounted = next((mount.origin for mount in planned.mounts if mount.target == target), ())
    return Location(path=mounted or planned.origin, part="key")


def of_reach(host: Changed, plan: Plan | None) -> Cause | None:
    """Why others are let in, or to other ports: an instance that comes, goes or moves, else the gateway."""
    for instance in host.plan.instances if host.plan else ():
        old, new = (stack.services.get(instance.name) or {} for stack in (host.before, host.after))
        if old.get("ports") != new.get("ports"):
            return Cause(at=Location(path=instance.placement.origin, part="key"))
    left = (name for name, one in host.before.services.items() if name not in host.after.services and "ports" in one)
    gone_ = next((cause for name in left if (cause := of_presence(host, name, plan))), None)
    return gone_ if gone_ and not host.is_gone else of_gateway(plan)


def of_clients(plan: Plan | None, addresses: Iterable[str]) -> Cause | None:
    """The placement on a host with one of these addresses, to which a folder is exported now."""
    wanted = set(addresses)
    hosts = (host for host in plan.hosts if host.spec.address in wanted and host.instances) if plan else ()
    return next((Cause(at=Location(path=one.instances[0].placement.origin, part="key")) for one in hosts), None)


def of_store(host: Changed) -> Cause | None:
    """The store that this host exports, mounts or lets Docker mount: the first one there is."""
    for older, plan in ((False, host.plan), (True, host.old_plan)):
        if plan is not None:
            origins = [
                *(one.origin for one in plan.exports),
                *(one.origin for one in plan.nfs_mounts),
                *(one.origin for one in plan.volumes if one.nfs_device),
            ]
            if origins:
                return Cause(at=Location(path=origins[0], part="key"), older=older)
    return None


def container(host: Changed, service: str, *, older: bool = False) -> Container | None:
    """A container of the plan, by the name of its service in the Compose file."""
    plan = host.old_plan if older else host.plan
    return next((one for one in plan.containers if one.name == service), None) if plan else None
