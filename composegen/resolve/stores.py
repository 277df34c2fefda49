"""Stores: who uses them, who writes them, and how each host reaches them.

Total: where a store has no writer or several, the first one in question is taken or none, and the rules say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from composegen import modelname
from composegen.plan import STORE, Instance, Migration, Mount, MountKind, Volume
from composegen.topology import DirectoryStore, Model, NfsStore, Service, Store, Topology

NFS_OPTIONS = "nfsvers=4.2,proto=tcp,hard,noatime"
"""Options of an NFS volume; they go straight to mount(2), which knows no `_netdev` (moby `volume/local`)."""

READER_OPTIONS = "acdirmin=3,acdirmax=10,lookupcache=positive"
"""What readers add, to see a new model within 10 s instead of 60 s (man 5 nfs, "Data and metadata coherence")."""


class Sharing(Struct, frozen=True, kw_only=True, dict=True):
    """The services on one store. `writing` says, for each host with a writer, whose first instance that is."""

    name: str
    store: Store | None
    services: tuple[Service, ...]
    writing: Mapping[str, Service]
    models: tuple[Model, ...]

    def writes(self, service: Service, host: str, number: int) -> bool:
        """Whether this instance writes the store."""
        return self.writing.get(host) is service and number == 1

    def over_nfs(self, host: str) -> bool:
        """Whether this host reaches the store through NFS."""
        return isinstance(self.store, NfsStore) and self.store.server != host

    @cached_property
    def instances(self) -> int:
        """How many instances serve this store, on all hosts."""
        return sum(placement.instances for service in self.services for placement in service.hosts.values())


def sharings(topology: Topology) -> dict[str, Sharing]:
    """Every store that is used, by the name of each service on it."""
    services: dict[str, list[Service]] = {}
    for name in sorted(topology.services):
        service = topology.services[name]
        services.setdefault(service.store or f"{name}-models", []).append(service)
    found: dict[str, Sharing] = {}
    for name, users in services.items():
        sharing = _sharing(name, topology.stores.get(name), tuple(users))
        found |= {service.name: sharing for service in users}
    return found


def _sharing(name: str, store: Store | None, services: tuple[Service, ...]) -> Sharing:
    own = services[0].store is not None
    return Sharing(
        name=name,
        store=store if own else None,
        services=services,
        writing=_writing(store, [service for service in services if service.writer != "none"]),
        models=_models(services),
    )


def _writing(store: Store | None, services: Sequence[Service]) -> dict[str, Service]:
    """Local stores have a writer on every host, an NFS store one in all."""
    if isinstance(store, NfsStore):
        return {
            host: service
            for service in services[:1]
            if (host := service.writer or store.writer or store.server) in service.hosts and host is not None
        }
    # Where two services would write, the first by name does, and a rule complains.
    return {host: service for service in reversed(services) for host in sorted(service.hosts)}


def _models(services: tuple[Service, ...]) -> tuple[Model, ...]:
    """The models of all services on a store, each once, in the order in which they are stated."""
    models: dict[str, Model] = {}
    for service in services:
        for model in service.models:
            models.setdefault(modelname.key(model.name), model)
    return tuple(models.values())


def mount(sharing: Sharing, host: str, *, read_only: bool) -> Mount:
    """The store in a container of this host."""
    match sharing.store:
        case DirectoryStore(path=path):
            return _bind(sharing, path, read_only=read_only, must_exist=False)
        case NfsStore(server=server, path=path) if server == host:
            return _bind(sharing, path, read_only=read_only, must_exist=True)
        case NfsStore(mount="fstab") as store:
            return _bind(sharing, store.mountpoint or store.path, read_only=read_only, must_exist=True)
        case _:
            return Mount(
                kind=MountKind.VOLUME,
                source=sharing.name,
                target=STORE,
                read_only=read_only,
                origin=_origin(sharing),
            )


def volume(sharing: Sharing, host: str, server_address: str) -> Volume | None:
    """The named volume that holds or mounts the store on this host; None where the host mounts a folder."""
    store = sharing.store
    if isinstance(store, DirectoryStore):
        return None
    if not isinstance(store, NfsStore):
        return Volume(name=sharing.name, origin=_origin(sharing))
    if store.server == host or store.mount != "volume":
        return None
    # One volume for the whole host: of two mounts of an export the options of the first win (man 5 nfs, sharecache),
    # so readers on the writer's host get theirs read-only through the mount of the container instead.
    access = f"rw,{NFS_OPTIONS}" if host in sharing.writing else f"ro,{NFS_OPTIONS},{READER_OPTIONS}"
    return Volume(
        name=sharing.name,
        nfs_device=f":{store.path}",
        nfs_options=f"addr={server_address},{access}",
        origin=store.origin,
    )


def migrations(used: Sequence[Sharing], host: str, instances: Sequence[Instance]) -> Iterator[Migration]:
    """What is to be copied into the stores that are written on this host; old volumes are where a service runs.

    The old volumes of readers on other hosts are out of the writer's reach: nothing is looked for there.
    """
    for sharing in used:
        writers = (i for i in instances if i.writer and i.host.name == host and i.service in sharing.services)
        writer = next(writers, None)
        nfs = isinstance(sharing.store, NfsStore)
        services = [service for service in sharing.services if nfs or host in service.hosts]
        sources = tuple(dict.fromkeys(source for service in services for source in service.migrate_from))
        if writer is not None and sources:
            yield Migration(store=sharing.name, writer=writer, sources=sources)


def _bind(sharing: Sharing, path: str, *, read_only: bool, must_exist: bool) -> Mount:
    return Mount(
        kind=MountKind.BIND,
        source=path,
        target=STORE,
        read_only=read_only,
        must_exist=must_exist,
        origin=_origin(sharing),
    )


def _origin(sharing: Sharing) -> tuple[str | int, ...]:
    return sharing.store.origin if sharing.store else sharing.services[0].origin
