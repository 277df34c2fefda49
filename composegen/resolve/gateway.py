"""The gateway: where it listens, which servers it balances over, who takes the mutating calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
            _file("./traefik/traefik.yaml", "/etc/traefik/traefik.yaml", spec),
            _file("./traefik/dynamic", "/etc/traefik/dynamic", spec),
            *(_file(source, inside(source), spec) for source in secret_files(spec)),
            *_acme(spec),
        ),
        health=Health(command=("traefik", "healthcheck", "--ping"), start_period=10),
        aliases=(spec.hostname,) if spec.hostname else (),
    )


def secret_files(spec: Gateway) -> tuple[str, ...]:
    """The user's own files that Traefik reads, as the topology states them."""
    tls, admin = spec.tls, spec.admin
    files = (admin.users if admin else None, tls.certificate if tls else None, tls.key if tls else None)
    return tuple(dict.fromkeys(file for file in files if file))


def inside(path: str) -> str:
    """Where Traefik sees one of the user's own files when composegen runs it."""
    return f"{SECRETS}/{path.strip('/').replace('/', '-')}"


def _file(source: str, target: str, spec: Gateway) -> Mount:
    relative = source if source.startswith(("/", "./")) else f"./{source}"
    return Mount(
        kind=MountKind.BIND, source=relative, target=target, read_only=True, must_exist=True, origin=spec.origin
    )


def _acme(spec: Gateway) -> tuple[Mount, ...]:
    if spec.tls is None or spec.tls.resolver is None:
        return ()
    return (Mount(kind=MountKind.VOLUME, source="traefik-acme", target="/acme", origin=spec.tls.origin),)
