"""The gateway: where it listens, which servers it balances over, who takes the mutating calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from composegen.keypath import KeyPath
from composegen.plan import (
    Binding,
    Container,
    GatewayPlan,
    Health,
    Instance,
    Mount,
    MountKind,
    Role,
    RoutePlan,
    Server,
)
from composegen.resolve.address import url
from composegen.resolve.stores import Sharing
from composegen.topology import Gateway, Host, Route, Service, Topology
from composegen.versions import at_least

CONTAINER = "traefik"
SECRETS = "/etc/traefik/secrets"
"""Folder in the container of the users file, the certificate and the key."""
STATIC_FILE = "/etc/traefik/traefik.yaml"
"""Where Traefik looks for its static configuration by itself."""
_PING_PORTS = (8082, 8083)


def gateway(topology: Topology, instances: Sequence[Instance], sharings: Mapping[str, Sharing]) -> GatewayPlan | None:
    """The gateway of a topology; None when it has none."""
    spec = topology.gateway
    if spec is None:
        return None
    host = topology.hosts[spec.host]
    routes = tuple(
        _route(spec, route, topology.services[name], instances, sharings) for route, name in _routed(topology, spec)
    )
    return GatewayPlan(
        spec=spec,
        host=host,
        url=url("https" if spec.tls else "http", spec.hostname or host.address, spec.entrypoint.port),
        balance=spec.balance or _default_balance(spec, routes),
        retry=spec.retry or max((len(route.servers) for route in routes), default=1),
        routes=routes,
        container=_container(spec, host) if spec.traefik.run else None,
    )


def entry_binding(spec: Gateway, host: Host) -> Binding:
    """The port that the gateway takes on its host, whoever runs Traefik."""
    return Binding(
        address=host.bind or host.address,
        port=spec.entrypoint.port,
        container_port=spec.entrypoint.port,
        owner=CONTAINER,
        origin=spec.entrypoint.origin or spec.origin,
    )


def ping_port(entry_port: int) -> int:
    """The port, in the container only, on which Traefik says that it is well: never that of the entry point."""
    return next(port for port in _PING_PORTS if port != entry_port)


def for_apps(gateway: GatewayPlan | None, service: Service) -> bool:
    """Whether apps reach a service through the gateway: it routes it, and they can check its certificate, if any.

    A certificate is made out to a name: without `gateway.hostname` no address of the gateway matches it.
    """
    if gateway is None or (gateway.spec.tls and not gateway.spec.hostname):
        return False
    return any(route.service is service for route in gateway.routes)


def _routed(topology: Topology, spec: Gateway) -> Sequence[tuple[Route | None, str]]:
    """Which services are routed: those stated, else the only one."""
    if spec.routes:
        return [(route, route.service) for route in spec.routes]
    return [(None, name) for name in topology.services] if len(topology.services) == 1 else []


def _route(
    spec: Gateway,
    route: Route | None,
    service: Service,
    instances: Sequence[Instance],
    sharings: Mapping[str, Sharing],
) -> RoutePlan:
    servers = tuple(_server(spec, instance) for instance in instances if instance.service is service)
    shared = sharings[service.name].services
    writers = [_server(spec, instance) for instance in instances if instance.writer and instance.service in shared]
    return RoutePlan(
        spec=route,
        service=service,
        servers=servers,
        primary=writers[0] if spec.admin and len(writers) == 1 else None,
    )


def _server(spec: Gateway, instance: Instance) -> Server:
    """A Traefik that composegen runs reaches the instances of its own host by name, also those on loopback."""
    binding = instance.binding
    same_project = spec.traefik.run and instance.host.name == spec.host
    return Server(
        url=url("http", instance.name, binding.container_port)
        if same_project
        else url("http", instance.host.address, binding.port),
        weight=instance.weight,
        instance=instance,
    )


def _default_balance(spec: Gateway, routes: tuple[RoutePlan, ...]) -> str:
    """Weights where they are stated, else the fewest requests in flight, which suits answers of unequal length."""
    stated = any(server.instance.placement.weight for route in routes for server in route.servers)
    return "wrr" if stated or not at_least(spec.traefik.version, "3.4") else "p2c"


def _container(spec: Gateway, host: Host) -> Container:
    return Container(
        name=CONTAINER,
        role=Role.GATEWAY,
        image=f"traefik:v{spec.traefik.version}",
        spec=spec,
        origin=spec.origin,
        bindings=(entry_binding(spec, host),),
        mounts=(
            _file("./traefik/traefik.yaml", STATIC_FILE, spec.origin),
            _file("./traefik/dynamic", "/etc/traefik/dynamic", spec.origin),
            *(_file(source, target, _of_file(source, spec)) for source, target in _inside(secret_files(spec)).items()),
            *_acme(spec),
        ),
        health=Health(command=("traefik", "healthcheck", f"--configFile={STATIC_FILE}"), start_period=10),
        aliases=(spec.hostname,) if spec.hostname else (),
        identity=_identity(spec),
    )


def _identity(spec: Gateway) -> Mapping[str, str]:
    """All that varies in the static file, as labels: Traefik reads it at its start, Compose never looks into it."""
    resolver = spec.tls.resolver if spec.tls else None
    entry_point = f"{spec.entrypoint.name}:{spec.entrypoint.port}"
    return {"composegen.entrypoint": entry_point} | ({"composegen.resolver": resolver} if resolver else {})


def secret_files(spec: Gateway) -> tuple[str, ...]:
    """The user's own files that Traefik reads, as the topology states them."""
    tls, admin = spec.tls, spec.admin
    files = (admin.users if admin else None, tls.certificate if tls else None, tls.key if tls else None)
    return tuple(dict.fromkeys(file for file in files if file))


def _inside(files: Sequence[str]) -> Mapping[str, str]:
    """Where Traefik sees the user's own files: all in one folder, where `a/b.pem` must not hide `a-b.pem`."""
    found: dict[str, str] = {}
    for file in files:
        target = f"{SECRETS}/{file.strip('/').replace('/', '-')}"
        if target in found.values():
            target += "-" + hashlib.sha256(file.encode()).hexdigest()[:8]
        found[file] = target
    return found


def _file(source: str, target: str, origin: KeyPath) -> Mount:
    relative = source if source.startswith(("/", "./")) else f"./{source}"
    return Mount(kind=MountKind.BIND, source=relative, target=target, read_only=True, must_exist=True, origin=origin)


def _of_file(source: str, spec: Gateway) -> KeyPath:
    """The section that names a file of the user's."""
    named = spec.admin if spec.admin and spec.admin.users == source else spec.tls
    return named.origin if named else spec.origin


def _acme(spec: Gateway) -> tuple[Mount, ...]:
    if spec.tls is None or spec.tls.resolver is None:
        return ()
    return (Mount(kind=MountKind.VOLUME, source="traefik-acme", target="/acme", origin=spec.tls.origin),)
