"""Boxes: which instances, apps and stores a picture shows on a host, and what is written on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from composegen.counting import counted
from composegen.graph.model import Kind, Member, Node, Way
from composegen.plan import Container, GatewayPlan, HostPlan, Instance, Plan, Role, StoreUse
from composegen.resolve.gateway import CONTAINER
from composegen.topology import DirectoryStore, HostGpus, NfsStore


class Box(Struct, frozen=True, kw_only=True):
    """What one box of a host stands for: one instance, or all of a service there."""

    instances: Sequence[Instance]

    @property
    def first(self) -> Instance:
        """The instance with the lowest number."""
        return self.instances[0]

    @property
    def key(self) -> str:
        """Key of its node."""
        name = self.first.name if len(self.instances) == 1 else self.first.service.name
        return f"{self.first.host.name}/{name}"

    @property
    def way(self) -> Way:
        """What it does with its store."""
        return Way.WRITES if any(instance.writer for instance in self.instances) else Way.READS

    @property
    def access(self) -> str:
        """The same in words."""
        writer = next((instance for instance in self.instances if instance.writer), None)
        if writer is None or len(self.instances) == 1:
            return self.way.value
        return f"{writer.name} {Way.WRITES.value}, others {Way.READS.value}"

    def node(self) -> Node:
        """The box as it is drawn."""
        several = len(self.instances) > 1
        return Node(
            key=self.key,
            kind=Kind.INSTANCE,
            title=f"{self.first.service.name} x {len(self.instances)}" if several else self.first.name,
            ports=_span(self.first.binding.port, self.instances[-1].binding.port),
            details=tuple(_details(self.instances)),
            members=tuple((instance.host.name, instance.name) for instance in self.instances),
        )


def boxes(host: HostPlan, *, each_instance: bool) -> tuple[Box, ...]:
    """The boxes of a host's instances: for each of them, or for all of a service."""
    found: dict[str, list[Instance]] = {}
    for instance in host.instances:
        found.setdefault(instance.name if each_instance else instance.service.name, []).append(instance)
    return tuple(Box(instances=instances) for instances in found.values())


def gateway_key(gateway: GatewayPlan) -> str:
    """Key of its node: no container has a name with a blank."""
    return f"{gateway.host.name}/the gateway"


def gateway_node(gateway: GatewayPlan) -> Node:
    """Traefik, whoever runs it."""
    details = [f"balance {gateway.balance}"]
    if gateway.container is None:
        details.append("run by you")
    return Node(
        key=gateway_key(gateway),
        kind=Kind.GATEWAY,
        title="Traefik",
        ports=str(gateway.spec.entrypoint.port),
        details=tuple(details),
        members=((gateway.host.name, CONTAINER),),
    )


def app_nodes(host: HostPlan) -> Iterator[Node]:
    """The apps of a host."""
    for container in host.containers:
        if container.role is Role.APP:
            yield Node(
                key=f"{host.name}/{container.name}",
                kind=Kind.APP,
                title=container.name,
                ports=", ".join(dict.fromkeys(str(binding.port) for binding in container.bindings)),
                members=((host.name, container.name),),
            )


def store_node(plan: Plan, use: StoreUse, place: str) -> Node:
    """A store at one place: a host, or `@` and the address of a NAS."""
    return Node(
        key=f"{place}/store {use.name}",
        kind=Kind.STORE,
        title=use.name,
        details=(*_whereabouts(plan, use), *_models(use)),
        members=tuple(_bringing(plan, use, place)),
    )


def places(plan: Plan, use: StoreUse) -> tuple[str, ...]:
    """The hosts that hold the store, or `@` and the address of a NAS."""
    match use.spec:
        case NfsStore(server=str(server)):
            return (server,)
        case NfsStore(external=external):
            return (f"@{external}",)
        case _:
            return tuple(host.name for host in plan.hosts if any(i.service in use.services for i in host.instances))


def gpus_of(gpus: HostGpus | None) -> str:
    """How many GPUs a host has, and whose; "" for none."""
    if gpus is None or not gpus.devices:
        return ""
    return counted(len(gpus.devices), f"{gpus.vendor} GPU")


def publishes(container: Container) -> bool:
    """Whether anybody outside of the host's containers reaches it."""
    return bool(container.bindings)


def _whereabouts(plan: Plan, use: StoreUse) -> tuple[str, ...]:
    match use.spec:
        case NfsStore(external=str(external), path=path):
            return (f"NFS on {external}", path)
        case NfsStore(path=path):
            return ("NFS export", path)
        case DirectoryStore(path=path):
            return ("folder", path)
        case _:
            return ("volume", f"{plan.topology.name}_{use.name}")


def _bringing(plan: Plan, use: StoreUse, place: str) -> Iterator[Member]:
    """The containers that bring its models; they have no box of their own."""
    for writer in use.writers.values():
        for init in plan.host(writer.host.name).inits:
            if init.instance is writer and (isinstance(use.spec, NfsStore) or writer.host.name == place):
                yield writer.host.name, init.container.name


def _models(use: StoreUse) -> tuple[str, ...]:
    if not use.models:
        return ()
    return (counted(len(use.models), "model"),)


def _details(instances: Sequence[Instance]) -> Iterator[str]:
    devices = [instance.container.gpus.devices for instance in instances if instance.container.gpus]
    if devices:
        yield _granted(devices, len(instances))
    memory = {instance.container.memory for instance in instances} - {None}
    if memory:
        yield f"{', '.join(sorted(map(str, memory)))}{' each' if len(instances) > 1 else ''}"


def _granted(devices: Sequence[tuple[str, ...]], instances: int) -> str:
    """Which GPUs a box has."""
    ids = list(dict.fromkeys(device for some in devices for device in some))
    if not ids:
        return "all GPUs"
    if instances > 1:
        return counted(len(ids), "GPU")
    return f"GPU {ids[0]}" if len(ids) == 1 else f"GPUs {', '.join(ids)}"


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
