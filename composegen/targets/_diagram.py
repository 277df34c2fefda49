"""The diagram of the run book: users, gateway, instances and stores, and who reaches whom, for Mermaid.

It must not show more than somebody can take in: many instances share a box, and there is none of very many hosts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from composegen.plan import HostPlan, Instance, Plan, StoreUse
from composegen.topology import NfsStore

MOST_INSTANCES = 40
"""Where there are more, those of one service on one host share a box."""
MOST_HOSTS = 60
"""Of more hosts nothing is drawn."""
MOST_EDGES = 500
"""Mermaid draws no diagram that has more (`maxEdges`), and GitHub leaves that setting as it is."""


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


@dataclass(frozen=True, kw_only=True)
class _Box:
    """What one box of a host stands for: one instance, or all of a service there."""

    id: str
    instances: Sequence[Instance]

    @property
    def label(self) -> str:
        first, last = self.instances[0], self.instances[-1]
        if first is last:
            return f"{first.name} :{first.binding.port}"
        ports = f"{first.binding.port}-{last.binding.port}"
        return f"{first.service.name} x {len(self.instances)}, ports {ports}"

    @property
    def access(self) -> str:
        """What it does with its store."""
        writer = next((instance for instance in self.instances if instance.writer), None)
        if writer is None:
            return "reads"
        return "writes" if len(self.instances) == 1 else f"{writer.name} writes, others read"


def diagram(plan: Plan) -> Diagram | None:
    """The diagram of a plan; None for one that is too large to be drawn."""
    if len(plan.hosts) > MOST_HOSTS:
        return None
    names = _Names(plan)
    edges = tuple(names.edges())
    if len(edges) > MOST_EDGES:
        return None
    return Diagram(
        groups=tuple(
            Group(id=f"host{number}", label=f"{host.name} ({host.spec.address})", nodes=tuple(names.nodes_of(host)))
            for number, host in enumerate(plan.hosts, start=1)
        ),
        loose=tuple(names.outside()),
        edges=edges,
    )


def _boxes(plan: Plan) -> tuple[_Box, ...]:
    """The boxes of all instances, host by host."""
    together = len(plan.instances) > MOST_INSTANCES
    found: dict[tuple[str, str], list[Instance]] = {}
    for instance in plan.instances:
        name = instance.service.name if together else instance.name
        found.setdefault((instance.host.name, name), []).append(instance)
    return tuple(_Box(id=f"instance{n}", instances=instances) for n, instances in enumerate(found.values(), start=1))


class _Names:
    """Who has which id: Mermaid takes few characters there, so boxes are counted."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._boxes = _boxes(plan)
        self._places = {use.name: dict.fromkeys(_places(plan, use)) for use in plan.stores}
        places = [(store, place) for store, found in self._places.items() for place in found]
        self._stores = {key: f"store{number}" for number, key in enumerate(places, start=1)}
        self._at: dict[str, list[str]] = {}
        for store, place in places:
            self._at.setdefault(place, []).append(store)

    def nodes_of(self, host: HostPlan) -> Iterator[Node]:
        gateway = self._plan.gateway
        if gateway and gateway.host.name == host.name:
            yield Node(id="gateway", label=f"Traefik :{gateway.spec.entrypoint.port}")
        for box in self._boxes:
            if box.instances[0].host.name == host.name:
                yield Node(id=box.id, label=box.label)
        for store in self._at.get(host.name, ()):
            yield Node(id=self._stores[store, host.name], label=f"store {store}")

    def outside(self) -> Iterator[Node]:
        hosts = {host.name for host in self._plan.hosts}
        for (store, place), number in self._stores.items():
            if place not in hosts:
                yield Node(id=number, label=f"store {store} on the NAS {place[1:]}")

    def edges(self) -> Iterator[Edge]:
        gateway = self._plan.gateway
        if gateway:
            yield Edge(start="users", end="gateway", label="")
        for box in self._boxes:
            start = "gateway" if gateway and gateway.reaches(box.instances[0]) else "users"
            yield Edge(start=start, end=box.id, label="")
        for box in self._boxes:
            yield Edge(start=box.id, end=self._stores[self._store_of(box.instances[0])], label=box.access)

    def _store_of(self, instance: Instance) -> tuple[str, str]:
        store = self._plan.store_of(instance).name
        places = self._places[store]
        return store, instance.host.name if instance.host.name in places else next(iter(places))


def _places(plan: Plan, use: StoreUse) -> tuple[str, ...]:
    """The hosts that hold the store, or `@` and the address of a NAS."""
    match use.spec:
        case NfsStore(server=str(server)):
            return (server,)
        case NfsStore(external=external):
            return (f"@{external}",)
        case _:
            return tuple(host.name for host in plan.hosts if any(i.service in use.services for i in host.instances))
