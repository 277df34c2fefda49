"""Who may reach the published ports of the instances behind a gateway: the gateway, and nobody else from outside.

Docker publishes ports past a firewall such as ufw, so each host guards them itself. Nothing is guarded that no gateway
routes, that says `direct: true`, or that only its own host reaches anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from composegen.plan import HostPlan, Instance, Plan
from composegen.resolve.address import is_ip, is_loopback
from composegen.topology import Host, Service


class Guard(Struct, frozen=True, kw_only=True):
    """The published ports of one service on one host: `address`, `first` to `last`, tcp.

    `sources` are the addresses (or DNS names) that may connect; the host itself always may. `containers`: so may what
    runs in containers of the same host.
    """

    service: Service
    address: str
    first: int
    last: int
    sources: tuple[str, ...]
    containers: bool


def is_routed(plan: Plan, service: Service) -> bool:
    """Whether a gateway stands in front of a service."""
    return plan.gateway is not None and any(route.service is service for route in plan.gateway.routes)


def is_guarded(plan: Plan, instance: Instance) -> bool:
    """Whether only the gateway reaches the port of an instance."""
    return (
        is_routed(plan, instance.service) and not instance.service.direct and not is_loopback(instance.binding.address)
    )


def concerns(plan: Plan, host: HostPlan) -> bool:
    """Whether a gateway routes anything on the host: then there are ports to guard, or to leave open on purpose."""
    return any(is_routed(plan, instance.service) for instance in host.instances)


def guards(plan: Plan, host: HostPlan) -> tuple[Guard, ...]:
    """What is guarded on a host, by service."""
    return tuple(_guards(plan, host))


def addresses(host: Host) -> tuple[str, ...]:
    """By what other hosts see a host come: its IP addresses, else its name."""
    stated = [address for address in (host.address, host.bind or "") if is_ip(address)]
    usable = [address for address in stated if not is_loopback(address) and not ip_address(address).is_unspecified]
    return tuple(dict.fromkeys(usable)) or (host.address,)


def _guards(plan: Plan, host: HostPlan) -> Iterator[Guard]:
    for service in {instance.service.name: instance.service for instance in host.instances}.values():
        guarded = [one.binding for one in host.instances if one.service is service and is_guarded(plan, one)]
        if guarded:
            yield Guard(
                service=service,
                address=host.bind,
                first=min(binding.port for binding in guarded),
                last=max(binding.port for binding in guarded),
                sources=_sources(plan, host, service),
                containers=_from_containers(plan, host, service),
            )


def _sources(plan: Plan, host: HostPlan, service: Service) -> tuple[str, ...]:
    """The gateway; and the hosts of apps, where these go past it because it speaks TLS."""
    if plan.gateway is None:
        return ()
    hosts = [plan.gateway.host]
    if plan.gateway.spec.tls is not None:
        hosts += [plan.topology.hosts[name] for name in _apps(plan, service)]
    others = [one for one in hosts if one.name != host.name]
    return tuple(dict.fromkeys(address for one in others for address in addresses(one)))


def _from_containers(plan: Plan, host: HostPlan, service: Service) -> bool:
    """A Traefik of the user's may run in a container of another project, and an app without the project's network."""
    gateway = plan.gateway
    if gateway is not None and gateway.host.name == host.name and gateway.container is None:
        return True
    return gateway is not None and gateway.spec.tls is not None and host.name in _apps(plan, service)


def _apps(plan: Plan, service: Service) -> tuple[str, ...]:
    """The hosts of the apps that need a service."""
    needing = [app.host for app in plan.topology.apps.values() if any(n.service == service.name for n in app.needs)]
    return tuple(dict.fromkeys(needing))
