"""How a container of a host gets at a service: through the gateway, or straight to an instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from composegen.plan import Condition, Dependency, GatewayPlan, Instance, ModelInit
from composegen.resolve.address import is_ip, unreachable_by, url
from composegen.resolve.gateway import for_apps
from composegen.resolve.stores import Sharing
from composegen.topology import Host, Service, Topology


class Surroundings(Struct, frozen=True, kw_only=True):
    """What is decided already when the apps of a host are resolved."""

    topology: Topology
    host: Host
    instances: Sequence[Instance]
    """All instances, on all hosts."""
    inits: Sequence[ModelInit]
    """The model-inits of this host."""
    sharings: Mapping[str, Sharing]
    gateway: GatewayPlan | None


class Reach(Struct, frozen=True, kw_only=True):
    """How a container of a host gets at a service."""

    address: str
    extra_hosts: Mapping[str, str]
    dependencies: tuple[Dependency, ...]


def reach(around: Surroundings, service: Service, *, named: bool = True) -> Reach:
    """The way of an app of this host to a service: the gateway where it is for apps, else an instance.

    `named`: whether the container is on the project's own network, where containers are reached by name.
    """
    if around.gateway is not None and for_apps(around.gateway, service):
        return _through(around.gateway, around.host, named=named)
    return _direct(around, service, named=named)


def reach_of_wait(around: Surroundings, service: Service) -> Reach:
    """As an app, but past a gateway with TLS: the image of the engine knows no certificate authority of the user's.

    Only where no instance is within reach it has to try the gateway's certificate.
    """
    encrypted = around.gateway is not None and around.gateway.spec.tls is not None
    hosts = [instance.host for instance in around.instances if instance.service is service]
    if encrypted and any(host.name == around.host.name or unreachable_by(host) is None for host in hosts):
        return _direct(around, service, named=True)
    return reach(around, service)


def nearest(instances: Sequence[Instance], host: Host, service: Service, *, named: bool) -> Instance:
    """The instance of a service that an app of a host asks where no gateway is in between; there must be one.

    `named`: whether the app reaches containers of its host by name, also those that listen on loopback only.
    """
    own = [instance for instance in instances if instance.service is service]
    local = [instance for instance in own if instance.host.name == host.name]
    if local and named:
        return local[0]
    return next((i for i in (*local, *own) if unreachable_by(i.host) is None), (local or own)[0])


def _direct(around: Surroundings, service: Service, *, named: bool) -> Reach:
    """The way to an instance, nearest first."""
    found = nearest(around.instances, around.host, service, named=named)
    if found.host.name == around.host.name and named:
        return Reach(
            address=url("http", found.name, found.binding.container_port),
            extra_hosts={},
            dependencies=(Dependency(container=found.name, condition=Condition.HEALTHY),),
        )
    return Reach(address=url("http", found.host.address, found.binding.port), extra_hosts={}, dependencies=())


def _through(gateway: GatewayPlan, host: Host, *, named: bool) -> Reach:
    spec = gateway.spec
    scheme = "https" if spec.tls else "http"
    same_project = gateway.container is not None and gateway.host.name == host.name and named
    if same_project:
        return Reach(
            address=url(scheme, spec.hostname or "traefik", spec.entrypoint.port),
            extra_hosts={},
            dependencies=(Dependency(container="traefik", condition=Condition.HEALTHY),),
        )
    name = spec.hostname or gateway.host.address
    known = {spec.hostname: gateway.host.address} if spec.hostname and is_ip(gateway.host.address) else {}
    return Reach(address=url(scheme, name, spec.entrypoint.port), extra_hosts=known, dependencies=())
