"""What the run book tells of stores, as values for its template."""

from __future__ import annotations

from msgspec import Struct

from composegen.plan import Instance, Plan, StoreUse
from composegen.targets._budget import ModelRow, model_row, size_of, total_size
from composegen.topology import DirectoryStore, NfsStore, VolumeStore


class StorePage(Struct, frozen=True, kw_only=True):
    """One store: what is in it, where, who writes it, what sharing saves."""

    use: StoreUse
    kind: str
    place: str
    shared: bool
    """Whether it is one folder in all, on NFS."""
    writers: tuple[Instance, ...]
    init: bool
    models: tuple[ModelRow, ...]
    total: str
    """Size of all models together that have a known one; "" when none has."""
    complete: bool
    copies: int
    instances: int


def store_page(plan: Plan, use: StoreUse) -> StorePage:
    """Everything that is said of one store."""
    users = [instance for instance in plan.instances if instance.service in use.services]
    writers = tuple(use.writers[host] for host in sorted(use.writers))
    return StorePage(
        use=use,
        kind=_kind(use),
        place=_place(plan, use),
        shared=isinstance(use.spec, NfsStore),
        writers=writers,
        init=any(init.instance is writer for host in plan.hosts for init in host.inits for writer in writers),
        models=tuple(model_row(model) for model in use.models),
        total=total_size(use.models),
        complete=all(size_of(model) for model in use.models),
        copies=1 if isinstance(use.spec, NfsStore) else len({instance.host.name for instance in users}),
        instances=len(users),
    )


def _kind(use: StoreUse) -> str:
    match use.spec:
        case NfsStore(mount=mount):
            return "NFS, mounted by Docker" if mount == "volume" else "NFS, mounted by the system"
        case DirectoryStore():
            return "folder on each host"
        case _:
            return "Docker volume on each host"


def _place(plan: Plan, use: StoreUse) -> str:
    match use.spec:
        case NfsStore(server=server, external=external, path=path):
            return f"{server or external}:{path}"
        case DirectoryStore(path=path):
            return path
        case VolumeStore() | None:
            return f"{plan.topology.name}_{use.name}"


def nas_page(plan: Plan, use: StoreUse) -> dict[str, object]:
    """Who must be allowed what by a NAS that composegen cannot set up."""
    hosts = [host for host in plan.hosts if any(instance.service in use.services for instance in host.instances)]
    return {
        "store": use.name,
        "server": use.spec.external if isinstance(use.spec, NfsStore) else "",
        "path": use.spec.path if isinstance(use.spec, NfsStore) else "",
        "writers": tuple(host.spec for host in hosts if host.name in use.writers),
        "readers": tuple(host.spec for host in hosts if host.name not in use.writers),
    }
