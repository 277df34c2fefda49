"""From a plan to its picture: users, gateway, apps, instances and stores, and who asks, needs, writes and reads whom.

It shows no more than somebody can take in: many instances share a box, and of very many hosts those that are alike
share a frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from composegen.graph.boxes import (
    Box,
    app_nodes,
    boxes,
    gateway_key,
    gateway_node,
    gpus_of,
    places,
    publishes,
    store_node,
)
from composegen.graph.model import Edge, Frame, Graph, Kind, Node, Way
from composegen.plan import Container, GatewayPlan, HostPlan, Instance, Plan, Role, Server
from composegen.resolve.address import endpoint_url
from composegen.resolve.gateway import for_apps
from composegen.resolve.reaching import nearest
from composegen.topology import App

MOST_INSTANCES = 40
"""Where there are more, those of one service on one host share a box."""
MOST_HOSTS = 60
"""Of more hosts those that are alike share a frame."""

USERS = "users"
"""Key of the users' node."""


def build(plan: Plan, beside: Plan | None = None) -> Graph:
    """The picture of a plan; beside that of another one both show as much, or as little."""
    plans = (plan, beside or plan)
    few = all(len(one.instances) <= MOST_INSTANCES for one in plans)
    small = all(len(one.hosts) <= MOST_HOSTS for one in plans)
    shown = tuple(_shown(plan, each_instance=few, each_host=small))
    entry = _entry(plan)
    return Graph(
        name=plan.topology.name,
        entry=entry,
        hosts=sum(bool(host.instances) for host in plan.hosts),
        instances=len(plan.instances),
        frames=tuple(_frame(plan, host) for host in shown),
        outside=(Node(key=USERS, kind=Kind.USERS, title="users"), *_outside(plan)),
        edges=tuple(_edges(plan, shown)),
    )


class _Shown(Struct, frozen=True, kw_only=True):
    """A host that is drawn, for itself and for those like it."""

    plan: HostPlan
    boxes: tuple[Box, ...]
    alike: Sequence[HostPlan]

    @property
    def title(self) -> str:
        return self.plan.name if len(self.alike) == 1 else f"{self.plan.name} and {len(self.alike) - 1} like it"


def _shown(plan: Plan, *, each_instance: bool, each_host: bool) -> Iterator[_Shown]:
    """Each host, or one of each kind."""
    weights = {(s.instance.host.name, s.instance.name): s for s in _servers(plan.gateway)}
    groups: dict[object, list[tuple[HostPlan, tuple[Box, ...]]]] = {}
    for host in plan.hosts:
        found = boxes(host, each_instance=each_instance)
        kind: object = host.name if each_host else _look(plan, host, found, weights)
        groups.setdefault(kind, []).append((host, found))
    for group in groups.values():
        host, found = group[0]
        yield _Shown(plan=host, boxes=found, alike=tuple(one for one, _ in group))


def _look(plan: Plan, host: HostPlan, found: Sequence[Box], weights: Mapping[tuple[str, str], Server]) -> object:
    """What two hosts have to have in common to share a frame; a host with something of its own is like no other."""
    gateway = plan.gateway is not None and plan.gateway.host.name == host.name
    if gateway or host.exports or any(container.role is Role.APP for container in host.containers):
        return host.name
    looks = []
    for box in found:
        server = weights.get((host.name, box.first.name))
        weight = server.weight if server else None
        node = replace(box.node(), key="", members=())
        looks.append((node, box.access, plan.store_of(box.first).name, weight))
    return (gpus_of(host.spec.gpus), *looks)


def _frame(plan: Plan, shown: _Shown) -> Frame:
    host = shown.plan
    gpus = gpus_of(host.spec.gpus)
    return Frame(
        host=host.name,
        title=shown.title,
        details=tuple(text for text in (host.spec.address if len(shown.alike) == 1 else "", gpus) if text),
        nodes=tuple(_nodes(plan, shown)),
    )


def _nodes(plan: Plan, shown: _Shown) -> Iterator[Node]:
    host = shown.plan
    if plan.gateway and plan.gateway.host.name == host.name:
        yield gateway_node(plan.gateway)
    for box in shown.boxes:
        node = box.node()
        yield replace(node, members=tuple((one.name, name) for one in shown.alike for _, name in node.members))
    yield from app_nodes(host)
    for use in plan.stores:
        if host.name in places(plan, use):
            yield store_node(plan, use, host.name)


def _outside(plan: Plan) -> Iterator[Node]:
    for use in plan.stores:
        for place in places(plan, use):
            if place.startswith("@"):
                yield store_node(plan, use, place)


def _edges(plan: Plan, shown: Sequence[_Shown]) -> Iterator[Edge]:
    if plan.gateway:
        yield Edge(start=USERS, end=gateway_key(plan.gateway), way=Way.ASKS)
    keys = _keys(shown)
    for host in shown:
        for container in host.plan.containers:
            if container.role is Role.APP:
                yield from _of_app(plan, host.plan, container, keys)
    weighted = _weighted(plan.gateway)
    for host in shown:
        for box in host.boxes:
            yield _asked(plan, box, weighted)
    for host in shown:
        for box in host.boxes:
            yield Edge(start=box.key, end=_store_of(plan, box.first), way=box.way, label=box.access)


def _keys(shown: Sequence[_Shown]) -> Mapping[tuple[str, str], str]:
    """The box of each instance."""
    return {
        (one.name, instance.name): box.key
        for host in shown
        for box in host.boxes
        for instance in box.instances
        for one in host.alike
    }


def _asked(plan: Plan, box: Box, weighted: Mapping[tuple[str, str], int]) -> Edge:
    """Who sends requests to a box."""
    behind = plan.gateway is not None and plan.gateway.reaches(box.first)
    weight = weighted.get((box.first.host.name, box.first.name))
    each = " each" if len(box.instances) > 1 else ""
    label = f"weight {weight}{each}" if behind and weight is not None else ""
    return Edge(
        start=gateway_key(plan.gateway) if plan.gateway and behind else USERS, end=box.key, way=Way.ASKS, label=label
    )


def _weighted(gateway: GatewayPlan | None) -> Mapping[tuple[str, str], int]:
    """The weights that matter: none where all are alike, or where the gateway does not go by them."""
    servers = tuple(_servers(gateway))
    if gateway is None or gateway.balance != "wrr" or len({server.weight for server in servers}) < 2:  # noqa: PLR2004
        return {}
    return {(server.instance.host.name, server.instance.name): server.weight for server in servers}


def _servers(gateway: GatewayPlan | None) -> Iterator[Server]:
    for route in gateway.routes if gateway else ():
        yield from route.servers


def _of_app(plan: Plan, host: HostPlan, container: Container, keys: Mapping[tuple[str, str], str]) -> Iterator[Edge]:
    """Who asks an app, and what it needs."""
    key = f"{host.name}/{container.name}"
    if publishes(container):
        yield Edge(start=USERS, end=key, way=Way.ASKS)
    if isinstance(container.spec, App):
        ends = dict.fromkeys(_needed(plan, host, container.spec, keys))
        yield from (Edge(start=key, end=end, way=Way.NEEDS) for end in ends if end != key)


def _needed(plan: Plan, host: HostPlan, app: App, keys: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for need in app.needs:
        service = plan.topology.services.get(need.service)
        if service is None:
            yield f"{plan.topology.apps[need.service].host}/{need.service}"
        elif plan.gateway and for_apps(plan.gateway, service):
            yield gateway_key(plan.gateway)
        elif any(instance.service is service for instance in plan.instances):
            found = nearest(plan.instances, host.spec, service, named="network_mode" not in app.compose)
            yield keys[found.host.name, found.name]


def _store_of(plan: Plan, instance: Instance) -> str:
    use = plan.store_of(instance)
    found = places(plan, use)
    place = instance.host.name if instance.host.name in found else found[0]
    return f"{place}/store {use.name}"


def _entry(plan: Plan) -> str:
    """Where users begin, when there is one place."""
    if plan.gateway:
        return plan.gateway.url
    return endpoint_url(plan.instances[0]) if len(plan.instances) == 1 else ""
