"""The diagram of the run book: users, gateway, instances and stores, and who reaches whom, for Mermaid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from composegen.plan import HostPlan, Instance, Plan, StoreUse
from composegen.topology import NfsStore


@dataclass(frozen=True, kw_only=True)
class Node:
    """A box: `id` is letters and digits, `label` any text."""

    id: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """A frame around boxes: one host."""

    id: str
    label: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Edge:
    """An arrow; `label` may be empty."""

    start: str
    end: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Diagram:
    """Everything that is drawn. `loose` stand outside of any host."""

    groups: tuple[Group, ...]
    loose: tuple[Node, ...]
    edges: tuple[Edge, ...]


def diagram(plan: Plan) -> Diagram:
    """The diagram of a plan."""
    names = _Names(plan)
    return Diagram(
        groups=tuple(
            Group(id=f"host{number}", label=f"{host.name} ({host.spec.address})", nodes=tuple(names.nodes_of(host)))
            for number, host in enumerate(plan.hosts, start=1)
        ),
        loose=tuple(names.outside()),
        edges=tuple(names.edges()),
    )


class _Names:
    """Who has which id: Mermaid takes few characters there, so boxes are counted."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._instances = {(i.host.name, i.name): f"instance{n}" for n, i in enumerate(plan.instances, start=1)}
        places = [(use.name, place) for use in plan.stores for place in _places(plan, use)]
        self._stores = {key: f"store{number}" for number, key in enumerate(places, start=1)}

    def nodes_of(self, host: HostPlan) -> Iterator[Node]:
        gateway = self._plan.gateway
        if gateway and gateway.host.name == host.name:
            yield Node(id="gateway", label=f"Traefik :{gateway.spec.entrypoint.port}")
        for instance in host.instances:
            label = f"{instance.name} :{instance.binding.port}"
            yield Node(id=self._instances[host.name, instance.name], label=label)
        for (store, place), number in self._stores.items():
            if place == host.name:
                yield Node(id=number, label=f"store {store}")

    def outside(self) -> Iterator[Node]:
        hosts = {host.name for host in self._plan.hosts}
        for use in self._plan.stores:
            for place in _places(self._plan, use):
                if place not in hosts:
                    yield Node(id=self._stores[use.name, place], label=f"store {use.name} on the NAS {place[1:]}")

    def edges(self) -> Iterator[Edge]:
        gateway = self._plan.gateway
        served = {id(server.instance) for route in gateway.routes for server in route.servers} if gateway else set()
        if gateway:
            yield Edge(start="users", end="gateway", label="")
        for instance in self._plan.instances:
            start = "gateway" if id(instance) in served else "users"
            yield Edge(start=start, end=self._instances[instance.host.name, instance.name], label="")
        for instance in self._plan.instances:
            yield Edge(
                start=self._instances[instance.host.name, instance.name],
                end=self._stores[self._store_of(instance)],
                label="writes" if instance.writer else "reads",
            )

    def _store_of(self, instance: Instance) -> tuple[str, str]:
        use = store_of(self._plan, instance)
        places = _places(self._plan, use)
        return use.name, instance.host.name if instance.host.name in places else places[0]


def store_of(plan: Plan, instance: Instance) -> StoreUse:
    """The store that an instance serves from."""
    return next(use for use in plan.stores if instance.service in use.services)


def _places(plan: Plan, use: StoreUse) -> tuple[str, ...]:
    """The hosts that hold the store, or `@` and the address of a NAS."""
    match use.spec:
        case NfsStore(server=str(server)):
            return (server,)
        case NfsStore(external=external):
            return (f"@{external}",)
        case _:
            return tuple(host.name for host in plan.hosts if any(i.service in use.services for i in host.instances))
