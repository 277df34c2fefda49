"""The plan: what runs on every host, decided, complete and neutral.

It knows containers, ports, mounts, GPUs, exports and routes, but no Compose key, no Kubernetes kind and no template. It
points at the topology objects (`spec`) instead of copying them, and each part that a rule may complain about carries
the `origin` of the topology node that caused it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import Any

from msgspec import Struct

from composegen.keypath import KeyPath
from composegen.topology import App, Gateway, Host, Model, NfsStore, Placement, Route, Service, Store, Topology

STORE = "/models"
"""Where a container has its store."""


class SecretRef(Struct, frozen=True, kw_only=True):
    """The name of an environment variable whose value composegen never sees."""

    name: str


class Variable(Struct, frozen=True, kw_only=True):
    """One environment variable of a container: literal text, a secret by name, or None for whatever the shell has."""

    name: str
    value: str | SecretRef | None
    origin: KeyPath = ()


class Binding(Struct, frozen=True, kw_only=True):
    """A published port: `address`:`port` of the host reaches `container_port` of the container `owner`.

    `address` is an IP address; "0.0.0.0" and "::" stand for all addresses of the host, "" for both of them.
    """

    address: str
    port: int
    container_port: int
    owner: str
    protocol: str = "tcp"
    origin: KeyPath = ()


class MountKind(Enum):
    """Where the content of a mount lives."""

    BIND = "bind"
    VOLUME = "volume"


class Mount(Struct, frozen=True, kw_only=True):
    """A folder or file in a container.

    `source` is a path of the host (relative: in the host's own folder) or the name of a volume.
    `must_exist`: the container must not start when the source is missing, instead of getting an empty folder.
    """

    kind: MountKind
    source: str
    target: str
    read_only: bool = False
    must_exist: bool = False
    origin: KeyPath = ()


class Volume(Struct, frozen=True, kw_only=True):
    """A named volume of one host. `nfs_*` are set when Docker itself mounts an export; `options` are the user's own."""

    name: str
    nfs_device: str | None = None
    nfs_options: str | None = None
    options: Mapping[str, Any] | None = None
    origin: KeyPath = ()


class Health(Struct, frozen=True, kw_only=True):
    """A probe that works in the image; times are seconds.

    `shell` runs in `/bin/sh`, `command` without a shell; exactly one of them is set.
    """

    shell: str = ""
    command: tuple[str, ...] = ()
    interval: int = 10
    timeout: int = 5
    retries: int = 6
    start_period: int = 30
    start_interval: int | None = None
    """Seconds between probes during the start period; None where the engine does not know it."""


class Condition(Enum):
    """What must be true of a container before another one starts."""

    STARTED = "started"
    HEALTHY = "healthy"
    COMPLETED = "completed"


class Dependency(Struct, frozen=True, kw_only=True):
    """`container` (of the same host) must have reached `condition` first."""

    container: str
    condition: Condition


class GpuGrant(Struct, frozen=True, kw_only=True):
    """The GPUs that a container gets. `devices` are ids; empty means all of the host's."""

    vendor: str
    mode: str
    devices: tuple[str, ...]
    origin: KeyPath = ()


class Role(Enum):
    """What a container is there for."""

    INSTANCE = "instance"
    INIT = "init"
    """Brings the models into the store and ends."""
    WAIT = "wait"
    """Waits until another host's service has its models, and ends."""
    ADOPTER = "adopter"
    """Never runs; that it depends on the one-shots makes `up --wait` accept their end."""
    GATEWAY = "gateway"
    APP = "app"


class Container(Struct, frozen=True, kw_only=True):
    """One container of one host. Text is literal: no `$` in it means anything."""

    name: str
    role: Role
    image: str
    spec: Service | App | Gateway
    origin: KeyPath
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[Variable, ...] = ()
    bindings: tuple[Binding, ...] = ()
    mounts: tuple[Mount, ...] = ()
    gpus: GpuGrant | None = None
    memory: str | None = None
    health: Health | None = None
    dependencies: tuple[Dependency, ...] = ()
    restart: bool = True
    """Restarted whenever it ends, unless it was stopped by hand; False: runs once."""
    aliases: tuple[str, ...] = ()
    """Further names under which containers of the same host reach it."""
    extra_hosts: Mapping[str, str] | None = None
    """Names that resolve to these addresses inside."""
    identity: Mapping[str, str] | None = None
    """Labels whose change must recreate the container (content hashes of mounted files)."""
    extra: Mapping[str, Any] | None = None
    """The user's own Compose keys, after interpolation, environment taken out."""


class Instance(Struct, frozen=True, kw_only=True):
    """One running engine: instance `number` (from 1) of a service on a host."""

    service: Service
    host: Host
    placement: Placement
    number: int
    container: Container
    binding: Binding
    writer: bool
    """Whether it writes the store; all others mount it read-only."""
    weight: int

    @property
    def name(self) -> str:
        """Name of its container, `<service>-<number>`."""
        return self.container.name


class ModelInit(Struct, frozen=True, kw_only=True):
    """The models that one writer brings into one store; `instance` is the writer."""

    container: Container
    instance: Instance
    models: tuple[Model, ...]


class CopiedFile(Struct, frozen=True, kw_only=True):
    """A file of the user's that becomes part of the host's folder."""

    path: str
    content: bytes
    origin: KeyPath


class ExportClient(Struct, frozen=True, kw_only=True):
    """A host that may mount an export; `writes` for the writer, everybody else reads."""

    host: Host
    writes: bool


class Export(Struct, frozen=True, kw_only=True):
    """A folder that a host exports over NFS."""

    store: NfsStore
    clients: tuple[ExportClient, ...]
    origin: KeyPath


class NfsMount(Struct, frozen=True, kw_only=True):
    """An export that a host mounts at boot: `server`:`path` at `mountpoint`."""

    store: NfsStore
    server: str
    path: str
    mountpoint: str
    writes: bool
    origin: KeyPath


class Migration(Struct, frozen=True, kw_only=True):
    """Old stores on one host, whose models are to be copied into the store that `writer` writes.

    A source is an absolute path, or the name of a volume with or without that of the Compose project before it.
    """

    store: str
    writer: Instance
    sources: tuple[str, ...]


class HostPlan(Struct, frozen=True, kw_only=True, dict=True):
    """Everything of one host."""

    spec: Host
    bind: str
    directory: str
    containers: tuple[Container, ...] = ()
    instances: tuple[Instance, ...] = ()
    inits: tuple[ModelInit, ...] = ()
    migrations: tuple[Migration, ...] = ()
    volumes: tuple[Volume, ...] = ()
    networks: Mapping[str, Any] | None = None
    exports: tuple[Export, ...] = ()
    nfs_mounts: tuple[NfsMount, ...] = ()
    files: tuple[CopiedFile, ...] = ()
    reserved: tuple[Binding, ...] = ()
    """Ports taken by programs that composegen does not run (a Traefik of yours)."""

    @property
    def name(self) -> str:
        """Name of the host in the topology."""
        return self.spec.name

    @cached_property
    def bindings(self) -> tuple[Binding, ...]:
        """Every port taken on the host, in the order of the containers."""
        return (*(b for container in self.containers for b in container.bindings), *self.reserved)

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Names of the secrets that its containers ask for, sorted."""
        names = {
            variable.value.name
            for container in self.containers
            for variable in container.environment
            if isinstance(variable.value, SecretRef)
        }
        return tuple(sorted(names))


class StoreUse(Struct, frozen=True, kw_only=True):
    """A store as it is used: the services on it, and the writer per host (one entry for an nfs store).

    `name` is that of the store, or `<service>-models` for a service without one.
    """

    name: str
    spec: Store | None
    services: tuple[Service, ...]
    writers: Mapping[str, Instance]
    models: tuple[Model, ...]


class Server(Struct, frozen=True, kw_only=True):
    """One server of a pool, as the gateway reaches it."""

    url: str
    weight: int
    instance: Instance


class RoutePlan(Struct, frozen=True, kw_only=True):
    """One service behind the gateway. `primary` takes the mutating calls; None when nobody may make them."""

    spec: Route | None
    service: Service
    servers: tuple[Server, ...]
    primary: Server | None


class GatewayPlan(Struct, frozen=True, kw_only=True, dict=True):
    """The gateway: where it listens, how it balances, what it routes."""

    spec: Gateway
    host: Host
    url: str
    """Base URL for users, without a trailing slash: `http://ollama.local:11400`."""
    balance: str
    retry: int
    routes: tuple[RoutePlan, ...]
    container: Container | None
    """None when somebody else runs Traefik."""

    def reaches(self, instance: Instance) -> str | None:
        """The URL under which the gateway reaches an instance; None for one that it does not serve."""
        return self._urls.get((instance.host.name, instance.name))

    @cached_property
    def _urls(self) -> Mapping[tuple[str, str], str]:
        servers = [server for route in self.routes for server in route.servers]
        return {(server.instance.host.name, server.instance.name): server.url for server in reversed(servers)}


class Plan(Struct, frozen=True, kw_only=True, dict=True):
    """The whole set-up, one value."""

    topology: Topology
    hosts: tuple[HostPlan, ...]
    stores: tuple[StoreUse, ...]
    gateway: GatewayPlan | None

    def host(self, name: str) -> HostPlan:
        """The plan of the host of that name; KeyError when there is none."""
        return self._by_name[name]

    def store_of(self, instance: Instance) -> StoreUse:
        """The store that an instance serves from."""
        return self._stores[instance.service.name]

    @cached_property
    def _stores(self) -> Mapping[str, StoreUse]:
        return {service.name: use for use in self.stores for service in use.services}

    @cached_property
    def _by_name(self) -> Mapping[str, HostPlan]:
        return {host.name: host for host in self.hosts}

    @cached_property
    def local(self) -> tuple[HostPlan, ...]:
        """The hosts without `ssh`; a single one can be the machine from which all others are reached."""
        return tuple(host for host in self.hosts if host.spec.ssh is None)

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """All instances, host by host."""
        return tuple(instance for host in self.hosts for instance in host.instances)
