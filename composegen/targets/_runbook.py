"""What the run book tells, as values for its template. Every figure here is computed from the plan, none is invented."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from composegen import catalogue
from composegen.fields import bytes_of
from composegen.modelname import DEFAULT_HOST, parse
from composegen.plan import GatewayPlan, HostPlan, Instance, Plan, Role, StoreUse
from composegen.resolve.address import is_loopback, url
from composegen.resolve.gateway import secret_files
from composegen.targets._diagram import diagram, store_of
from composegen.targets._nfs import mounts_by_docker
from composegen.targets._traefik import ADMIN_PATHS, POOL_PATHS
from composegen.topology import DirectoryStore, NfsStore, VolumeStore


@dataclass(frozen=True, kw_only=True)
class MemoryRow:
    """The memory of one service on one host; None for limit and total where there is no limit."""

    service: str
    instances: int
    limit: str | None
    total: str | None


@dataclass(frozen=True, kw_only=True)
class HostPage:
    """One host. `bring` are the commands, as words, that bring its part of the tree there."""

    plan: HostPlan
    bring: tuple[tuple[str, ...], ...]
    present: bool
    """Whether the tree has a folder for it."""
    nfs: bool
    exports: bool
    upgrade: tuple[str, ...]
    """Its instances, readers first."""
    wait: tuple[str, ...]
    """Its one-shots that bring the models or wait for them."""
    memory: tuple[MemoryRow, ...]
    memory_total: str | None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One instance, as the table shows it."""

    instance: Instance
    url: str
    gpus: str
    store: str
    behind: str
    """URL under which the gateway's dynamic file names it; "" when it is not behind the gateway."""


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One model: its size on disk and the memory that it is said to need; "" where nobody knows."""

    name: str
    size: str
    memory: str
    built: bool


@dataclass(frozen=True, kw_only=True)
class StorePage:
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


def context(plan: Plan) -> dict[str, object]:
    """Everything that `common/README.md.j2` prints."""
    writers = {instance.host.name for use in plan.stores for instance in use.writers.values()}
    pages = tuple(_host(plan, host) for host in plan.hosts)
    nfs = tuple(use.spec for use in plan.stores if isinstance(use.spec, NfsStore))
    return {
        "name": plan.topology.name,
        "diagram": diagram(plan),
        "hosts": pages,
        "start": sorted(pages, key=lambda page: page.plan.name not in writers),
        "roll": sorted((page for page in pages if page.upgrade), key=lambda page: page.plan.name in writers),
        "endpoints": tuple(_endpoint(plan, instance) for instance in plan.instances),
        "stores": tuple(_store(plan, use) for use in plan.stores),
        "gateway": plan.gateway,
        "gateway_page": _gateway(plan, plan.gateway) if plan.gateway else None,
        "nfs": nfs,
        "nas": tuple(_nas(plan, use) for use in plan.stores if isinstance(use.spec, NfsStore) and use.spec.external),
        "limited": any(row.limit for page in pages for row in page.memory),
        "gpus": any(instance.container.gpus for instance in plan.instances),
        "nvidia": any(i.container.gpus is not None and i.container.gpus.vendor == "nvidia" for i in plan.instances),
        "secrets": any(host.secrets for host in plan.hosts),
    }


def listed_name(name: str) -> str:
    """The name under which `ollama list` and `/api/tags` show a model (Ollama `types/model/name.go`, DisplayShortest)."""
    parsed = parse(name.removeprefix("https://").removeprefix("http://"))
    if parsed.in_library:
        return f"{parsed.model}:{parsed.tag}"
    host = "" if parsed.host.lower() == DEFAULT_HOST else f"{parsed.host}/"
    return f"{host}{parsed.namespace}/{parsed.model}:{parsed.tag}"


def endpoint_url(instance: Instance) -> str:
    """Base URL of an instance as people reach it: by the host's address, unless it listens on loopback only."""
    address = instance.binding.address
    return url("http", address if is_loopback(address) else instance.host.address, instance.binding.port)


def _host(plan: Plan, host: HostPlan) -> HostPage:
    rows = tuple(_memory(host))
    totals = [bytes_of(i.service.memory) for i in host.instances if i.service.memory]
    nfs = bool(any(export.clients for export in host.exports) or host.nfs_mounts or mounts_by_docker(host))
    gateway = plan.gateway is not None and plan.gateway.host.name == host.name
    return HostPage(
        plan=host,
        bring=tuple(_bring(host)),
        present=bool(host.containers) or nfs or gateway,
        nfs=nfs,
        exports=any(export.clients for export in host.exports),
        upgrade=tuple(instance.name for instance in sorted(host.instances, key=lambda instance: instance.writer)),
        wait=tuple(c.name for c in host.containers if c.role in (Role.INIT, Role.WAIT)),
        memory=rows,
        memory_total=_gibibytes(sum(totals)) if totals and len(totals) == len(host.instances) else None,
    )


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


def _memory(host: HostPlan) -> Iterator[MemoryRow]:
    for service in dict.fromkeys(instance.service.name for instance in host.instances):
        found = [instance for instance in host.instances if instance.service.name == service]
        limit = found[0].service.memory
        yield MemoryRow(
            service=service,
            instances=len(found),
            limit=limit,
            total=_gibibytes(bytes_of(limit) * len(found)) if limit else None,
        )


def _endpoint(plan: Plan, instance: Instance) -> Endpoint:
    routes = plan.gateway.routes if plan.gateway else ()
    behind = [server.url for route in routes for server in route.servers if server.instance is instance]
    return Endpoint(
        instance=instance,
        url=endpoint_url(instance),
        gpus=_gpus(instance),
        store=store_of(plan, instance).name,
        behind=behind[0] if behind else "",
    )


def _gpus(instance: Instance) -> str:
    grant = instance.container.gpus
    return "none" if grant is None else f"{grant.vendor} {', '.join(grant.devices) or 'all'}"


def _store(plan: Plan, use: StoreUse) -> StorePage:
    rows = tuple(_model(model.name, built=model.modelfile is not None) for model in use.models)
    sizes = [size for model in use.models if not model.modelfile and (size := catalogue.size_of(model.name))]
    users = [instance for instance in plan.instances if instance.service in use.services]
    writers = tuple(use.writers[host] for host in sorted(use.writers))
    return StorePage(
        use=use,
        kind=_kind(use),
        place=_place(plan, use),
        shared=isinstance(use.spec, NfsStore),
        writers=writers,
        init=any(init.instance is writer for host in plan.hosts for init in host.inits for writer in writers),
        models=rows,
        total=_gigabytes(sum(sizes)) if sizes else "",
        complete=len(sizes) == len(rows),
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


def _model(name: str, *, built: bool) -> ModelRow:
    size, memory = (None, None) if built else (catalogue.size_of(name), catalogue.ram_of(name))
    return ModelRow(
        name=name,
        size=_gigabytes(size) if size else "",
        memory=_gibibytes(memory) if memory else "",
        built=built,
    )


def _gateway(plan: Plan, gateway: GatewayPlan) -> dict[str, object]:
    return {
        "directory": plan.host(gateway.host.name).directory,
        "pool": tuple(path for line in POOL_PATHS for path in line),
        "admin": ADMIN_PATHS if gateway.spec.admin and any(route.primary for route in gateway.routes) else (),
        "primaries": tuple(route.primary.instance.name for route in gateway.routes if route.primary),
        "files": secret_files(gateway.spec),
    }


def _nas(plan: Plan, use: StoreUse) -> dict[str, object]:
    """Who must be allowed what by a NAS that composegen cannot set up."""
    hosts = [host for host in plan.hosts if any(instance.service in use.services for instance in host.instances)]
    return {
        "store": use.name,
        "server": use.spec.external if isinstance(use.spec, NfsStore) else "",
        "path": use.spec.path if isinstance(use.spec, NfsStore) else "",
        "writers": tuple(host.spec for host in hosts if host.name in use.writers),
        "readers": tuple(host.spec for host in hosts if host.name not in use.writers),
    }


def _gigabytes(size: int) -> str:
    """Disk sizes are decimal, as Ollama states them."""
    return f"{size / 10**9:.1f} GB"


def _gibibytes(size: int) -> str:
    """Memory sizes are binary, as Docker takes them."""
    return f"{size / 2**30:.1f}".removesuffix(".0") + " GiB"
