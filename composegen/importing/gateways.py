"""Whether Traefik in front of the servers becomes the `gateway` of the topology, and which addresses hosts have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from composegen.importing import proxies, replaced
from composegen.importing.notes import Account
from composegen.importing.placing import Group
from composegen.importing.proxies import Dynamic, Router, Target
from composegen.importing.servers import Server
from composegen.importing.spots import Place
from composegen.importing.stacks import Stack

_IPV4 = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")
_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def addresses(stacks: Sequence[Stack], servers: Sequence[Server], found: Dynamic, account: Account) -> dict[str, str]:
    """Addresses of hosts: those that were given, then those of a proxy whose ports fit one host only."""
    known = {stack.host: stack.address for stack in stacks if stack.address is not None}
    ports: dict[str, set[int]] = {}
    places: dict[str, Place] = {}
    for target in (target for pool in found.pools for target in pool.targets):
        if target.host not in known.values() and _IPV4.fullmatch(target.host):
            ports.setdefault(target.host, set()).add(target.port)
            places.setdefault(target.host, target.place)
    for address, wanted in sorted(ports.items()):
        open_hosts = [stack.host for stack in stacks if stack.host not in known]
        fitting = [
            host
            for host in open_hosts
            if wanted == {port for server in servers if server.host == host for port in _ports(server)}
        ]
        alike = [host for host in fitting if _looks_like(host, address)]
        match alike or fitting:
            case [host]:
                known[host] = address
                account.taken(
                    places[address],
                    f"{address} -> `address:` of host `{host}`",
                    "the ports behind it are those of this host",
                )
    return known


def _ports(server: Server) -> range:
    return range(server.port, server.port + server.instances)


def _looks_like(host: str, address: str) -> bool:
    """Whether the name of a host ends in the last number of the address: `server80` and 10.0.0.80."""
    return re.search(r"(?<![0-9])" + address.rpartition(".")[2] + "$", host) is not None


class Front(Struct, frozen=True, kw_only=True):
    """What stands in front of the servers: the gateway to be (empty for none), and which services it replaces."""

    gateway: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[tuple[str, int], int] = field(default_factory=dict)
    replaced: tuple[str, str] | None = None
    """Host and name of the Traefik that composegen runs from now on."""
    place: Place | None = None


class Scene(Struct, frozen=True, kw_only=True):
    """All that is known when the gateway is chosen."""

    stacks: Sequence[Stack]
    servers: Sequence[Server]
    addresses: Mapping[str, str]
    dynamic: Dynamic
    account: Account

    def owner(self, target: Target) -> Server | None:
        """The server behind a URL: by the address of its host, or by the name of its container."""
        for server in self.servers:
            if self.addresses.get(server.host) == target.host and target.port in _ports(server):
                return server
            if target.host == server.name:
                return server
        return None


def front(scene: Scene) -> Front:
    """The gateway that the files describe, where it leads to servers of models only."""
    traefik = next(_containers(scene), None)
    pools = [pool for pool in scene.dynamic.pools if any(scene.owner(target) for target in pool.targets)]
    labelled = [(server, router) for server, service in _services(scene) for router in proxies.labels(service)]
    if not pools and not (labelled and traefik):
        _unused(scene, pools)
        return Front()
    names = {pool.name for pool in pools}
    routers = [router for router in scene.dynamic.routers if router.service in names] or [
        router for _, router in labelled
    ]
    others = _others(scene, names)
    place = routers[0].place if routers else pools[0].place
    if traefik is not None and others:
        scene.account.left(
            place,
            "Traefik in front of Ollama as a gateway",
            f"it serves {', '.join(others[:3])} as well, so it stays an app with its labels; a `gateway:` on a "
            "port of its own would ask for health, and keep changes of models to the writer",
        )
        return Front()
    _unused(scene, pools)
    _left_out(scene, pools)
    entry = _gateway(scene, traefik, routers[0] if routers else None, place)
    replaced.routers(routers, scene.account)
    if traefik is not None:
        name = entry.get("entrypoint", {}).get("name")
        replaced.tell(traefik[0].services[traefik[1]], traefik[1], name, scene.account)
    return Front(
        gateway=entry,
        weights=dict(_weights(scene, pools)),
        replaced=(traefik[0].host, traefik[1]) if traefik else None,
        place=place,
    )


def routes(gateway: Mapping[str, Any], groups: Sequence[Group], scene: Scene, account: Account) -> dict[str, Any]:
    """The gateway with the service that it leads to, where there are several."""
    if not gateway or len(groups) == 1:
        return dict(gateway)
    own = {id(server) for pool in scene.dynamic.pools for target in pool.targets if (server := scene.owner(target))}
    named = {(server.host, server.name) for server in scene.servers if id(server) in own}
    behind = [group for group in groups if any((s.host, s.name) in named for s in group.servers)] or list(groups)
    for group in behind[1:]:
        account.left(
            group.servers[0].place,
            f"service `{group.name}` behind the gateway",
            "the gateway leads to one service; these are several, as they differ",
        )
    return {**gateway, "routes": [{"service": behind[0].name}]}


def _containers(scene: Scene) -> Iterator[tuple[Stack, str]]:
    for stack in scene.stacks:
        for name, service in stack.services.items():
            if proxies.is_traefik(service):
                yield stack, name


def _services(scene: Scene) -> Iterator[tuple[Server, Any]]:
    for stack in scene.stacks:
        for server in scene.servers:
            if server.host == stack.host and server.name in stack.services:
                yield server, stack.services[server.name]


def _others(scene: Scene, names: set[str]) -> list[str]:
    """What else a proxy serves."""
    own = {(server.host, server.name) for server in scene.servers}
    found = [f"`{pool.name}`" for pool in scene.dynamic.pools if pool.name not in names]
    for stack in scene.stacks:
        for name, service in stack.services.items():
            if (stack.host, name) not in own and not proxies.is_traefik(service) and proxies.labels(service):
                found.append(f"`{name}`")
    return found


def _gateway(scene: Scene, traefik: tuple[Stack, str] | None, router: Router | None, place: Place) -> dict[str, Any]:
    account = scene.account
    host = traefik[0].host if traefik else scene.stacks[0].host
    entry: dict[str, Any] = {"host": host}
    names = router.hostnames if router else []
    if names and _HOSTNAME.fullmatch(names[0]):
        entry["hostname"] = names[0]
    ports = proxies.entry_ports(traefik[0].services[traefik[1]]) if traefik else {}
    wanted = router.entrypoints if router else ()
    name = next((point for point in wanted if point in ports), next(iter(wanted or ports), None))
    if name is not None and _NAME.fullmatch(name):
        entry["entrypoint"] = {"name": name, **({"port": ports[name]} if name in ports else {})}
    if router is not None and router.resolver and _NAME.fullmatch(router.resolver):
        entry["tls"] = {"resolver": router.resolver}
    if traefik is None:
        entry["traefik"] = {"run": False}
        account.todo(
            place,
            "say on which host Traefik runs (`gateway.host`) and on which port it listens (`entrypoint.port`)",
            "no imported file runs it; composegen writes its dynamic file",
        )
    else:
        service = traefik[0].services[traefik[1]]
        account.taken(service.place, f"service `{traefik[1]}` -> `gateway:`, container `traefik`")
        account.different(
            service.place,
            "Traefik is the version that composegen is tested with, and reads one file",
            "it needs no Docker socket; `traefik: {version: ...}` chooses another",
        )
    account.taken(place, "Traefik in front of Ollama -> `gateway:`")
    account.different(
        place,
        "the gateway routes inference and reading calls only, by exact paths, to servers that are healthy",
        "pull, create, copy and delete would hit servers that may not write; `admin:` opens them, for the writer",
    )
    return entry


def _left_out(scene: Scene, pools: Sequence[proxies.Pool]) -> None:
    for pool in pools:
        scene.account.taken(pool.place, f"load balancer `{pool.name}` -> the pool of the gateway")
        replaced.pool(pool, scene.account)
        for target in pool.targets:
            if scene.owner(target) is None:
                scene.account.left(
                    target.place,
                    f"server {target.host}:{target.port} behind `{pool.name}`",
                    "no imported Compose file runs it; import the file of that host as well",
                )


def _unused(scene: Scene, pools: Sequence[proxies.Pool]) -> None:
    names = {pool.name for pool in pools}
    for pool in scene.dynamic.pools:
        if pool.name not in names:
            scene.account.left(
                pool.place,
                f"load balancer `{pool.name}` of Traefik",
                "nothing behind it is an imported Ollama; keep it in a dynamic file of your own",
            )


def _weights(scene: Scene, pools: Sequence[proxies.Pool]) -> Iterator[tuple[tuple[str, int], int]]:
    for pool in pools:
        for target in pool.targets:
            server = scene.owner(target)
            if server is not None and target.weight is not None and 1 <= target.weight <= 1000:  # noqa: PLR2004 - the language's limit
                yield (server.host, server.port), target.weight
                scene.account.taken(target.place, f"weight {target.weight} -> `weight:` on host `{server.host}`")
