"""From a topology to a plan: every decision is taken here, once.

Total on a topology whose references hold: a contradiction in the topology becomes a plan that shows it, and the rules,
which look at the finished plan, say so. The order of keys in the topology moves nothing: hosts, services and apps are
taken in the order of their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from composegen.plan import (
    Binding,
    Condition,
    Container,
    Dependency,
    Export,
    ExportClient,
    GatewayPlan,
    HostPlan,
    Instance,
    NfsMount,
    Plan,
    Role,
    StoreUse,
    Volume,
)
from composegen.resolve.apps import HostApps, host_apps
from composegen.resolve.gateway import entry_binding, gateway
from composegen.resolve.instances import HostServices, host_services
from composegen.resolve.reaching import Surroundings
from composegen.resolve.stores import Sharing, migrations, sharings, volume
from composegen.topology import Host, NfsStore, Topology


def resolve(topology: Topology, files: Mapping[str, bytes]) -> Plan:
    """The plan of a topology. `files` maps the path of each Modelfile, as stated, to its content."""
    shared = sharings(topology)
    hosts = [host for _, host in sorted(topology.hosts.items())]
    services = {host.name: host_services(topology, host, shared, files) for host in hosts}
    instances = [instance for host in hosts for instance in services[host.name].instances]
    front = gateway(topology, instances, shared)
    plans = []
    for host in hosts:
        around = Surroundings(
            topology=topology,
            host=host,
            instances=instances,
            inits=services[host.name].inits,
            sharings=shared,
            gateway=front,
        )
        plans.append(_host(topology, host, services[host.name], host_apps(around), front, shared))
    return Plan(topology=topology, hosts=tuple(plans), stores=_store_uses(shared, instances), gateway=front)


def _host(
    topology: Topology,
    host: Host,
    services: HostServices,
    apps: HostApps,
    front: GatewayPlan | None,
    shared: Mapping[str, Sharing],
) -> HostPlan:
    gateways = [front.container] if front and front.container and front.host.name == host.name else []
    working = (
        *(instance.container for instance in services.instances),
        *(init.container for init in services.inits),
        *gateways,
        *apps.containers,
    )
    containers = (*working, *_adopters(working))
    used = [sharing for sharing in _unique(shared) if any(host.name in s.hosts for s in sharing.services)]
    return HostPlan(
        spec=host,
        bind=host.bind or host.address,
        directory=host.directory or f"/opt/{topology.name}",
        containers=containers,
        instances=services.instances,
        inits=services.inits,
        migrations=tuple(migrations(used, host.name, services.instances)),
        volumes=tuple(_volumes(topology, host, used, containers, apps)),
        networks=apps.networks or None,
        exports=tuple(_exports(topology, host, _unique(shared))),
        nfs_mounts=tuple(_nfs_mounts(topology, host, used)),
        files=services.files,
        reserved=tuple(_reserved(topology, host, front)),
    )


def _adopters(containers: Sequence[Container]) -> Iterator[Container]:
    """One per model-init that nothing else waits for.

    `docker compose up --wait` takes the end of a container for a failure unless some service depends on it by
    `service_completed_successfully` (docker/compose `pkg/compose/start.go`); this service has scale 0 and never runs.
    """
    awaited = {
        dependency.container
        for container in containers
        for dependency in container.dependencies
        if dependency.condition is Condition.COMPLETED
    }
    for container in containers:
        if container.role is Role.INIT and container.name not in awaited:
            yield Container(
                name=f"{container.name.rpartition('-')[0]}-ready",
                role=Role.ADOPTER,
                image=container.image,
                spec=container.spec,
                origin=container.origin,
                dependencies=(Dependency(container=container.name, condition=Condition.COMPLETED),),
                restart=False,
            )


def _volumes(
    topology: Topology, host: Host, used: Sequence[Sharing], containers: Sequence[Container], apps: HostApps
) -> Iterator[Volume]:
    """Stores first, then the state of each instance, the gateway's, and those of the apps."""
    found: dict[str, Volume] = {}
    for sharing in used:
        store = sharing.store
        server = _server_address(topology, store) if isinstance(store, NfsStore) else ""
        if (stored := volume(sharing, host.name, server)) is not None:
            found[stored.name] = stored
    for container in containers:
        for mount in container.mounts:
            if mount.kind.value == "volume":
                found.setdefault(mount.source, Volume(name=mount.source, origin=mount.origin))
    for own in apps.volumes:
        found.setdefault(own.name, own)
    yield from found.values()


def _server_address(topology: Topology, store: NfsStore) -> str:
    return topology.hosts[store.server].address if store.server else store.external or ""


def _exports(topology: Topology, host: Host, shared: Sequence[Sharing]) -> Iterator[Export]:
    for sharing in shared:
        store = sharing.store
        if not isinstance(store, NfsStore) or store.server != host.name:
            continue
        clients = {name for service in sharing.services for name in service.hosts} - {host.name}
        if clients:
            yield Export(
                store=store,
                clients=tuple(
                    ExportClient(host=topology.hosts[name], writes=name in sharing.writing) for name in sorted(clients)
                ),
                origin=store.origin,
            )


def _nfs_mounts(topology: Topology, host: Host, used: Sequence[Sharing]) -> Iterator[NfsMount]:
    for sharing in used:
        store = sharing.store
        if isinstance(store, NfsStore) and store.server != host.name and store.mount == "fstab":
            yield NfsMount(
                store=store,
                server=_server_address(topology, store),
                path=store.path,
                mountpoint=store.mountpoint or store.path,
                writes=host.name in sharing.writing,
                origin=store.origin,
            )


def _reserved(topology: Topology, host: Host, front: GatewayPlan | None) -> Iterator[Binding]:
    """Ports that programs outside Compose take: a Traefik of the user's, and the NFS server of the kernel."""
    if front and front.container is None and front.host.name == host.name:
        yield entry_binding(front.spec, host)
    for _, store in sorted(topology.stores.items()):
        if isinstance(store, NfsStore) and store.server == host.name:
            yield Binding(address="", port=2049, container_port=2049, owner="the NFS server", origin=store.origin)
            return


def _store_uses(shared: Mapping[str, Sharing], instances: Sequence[Instance]) -> tuple[StoreUse, ...]:
    return tuple(
        StoreUse(
            name=sharing.name,
            spec=sharing.store,
            services=sharing.services,
            writers={i.host.name: i for i in instances if i.writer and i.service in sharing.services},
            models=sharing.models,
        )
        for sharing in _unique(shared)
    )


def _unique(shared: Mapping[str, Sharing]) -> tuple[Sharing, ...]:
    """Each store once, by name."""
    return tuple(sorted({sharing.name: sharing for sharing in shared.values()}.values(), key=lambda s: s.name))
