"""From servers to services of a topology: which of them are instances of one service, and on which hosts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain, groupby, islice

from msgspec import Struct

from composegen.importing.names import base, free, name_of
from composegen.importing.servers import Server


class Run(Struct, frozen=True, kw_only=True):
    """Servers of one host that are instances of one service: equal, on ports in a row; or one with replicas."""

    host: str
    servers: tuple[Server, ...]

    @property
    def instances(self) -> int:
        """How many there are."""
        return sum(server.instances for server in self.servers)


class Group(Struct, frozen=True, kw_only=True):
    """A service to be: its name, and a run on each of its hosts."""

    name: str
    runs: tuple[Run, ...]

    @property
    def servers(self) -> tuple[Server, ...]:
        """All servers of it."""
        return tuple(server for run in self.runs for server in run.servers)


def group(servers: Iterable[Server], hosts: Sequence[str]) -> list[Group]:
    """All servers as services, in the order in which they stand in the files."""
    runs: dict[str, list[Run]] = {}
    for host in hosts:
        own = [server for server in servers if server.host == host]
        for key, found in sorted(_runs(own), key=lambda run: min(map(own.index, run[1].servers))):
            runs.setdefault(key, []).append(found)
    found_services = [service for found_runs in runs.values() for service in _one_run_per_host(found_runs)]
    bases = [base(service[0].servers[0].name) for service in found_services]
    groups: list[Group] = []
    for service in found_services:
        name = free(_name(service, bases), {group.name for group in groups})
        groups.append(Group(name=name, runs=tuple(service)))
    return groups


def _name(runs: Sequence[Run], bases: Sequence[str]) -> str:
    """What its servers are called, less a number; with it where a service beside it differs by the number only."""
    first = runs[0].servers[0].name
    alone = sum(len(run.servers) for run in runs) == 1
    name = name_of(first if alone and bases.count(base(first)) > 1 else base(first), "ollama")
    return "ollama" if name == "traefik" else name


def _one_run_per_host(runs: Sequence[Run]) -> list[list[Run]]:
    """A service has one placement per host: a second run of a host is a service of its own."""
    services: list[list[Run]] = []
    for run in runs:
        place = next((service for service in services if all(other.host != run.host for other in service)), None)
        if place is None:
            services.append([run])
        else:
            place.append(run)
    return services


def _runs(servers: Sequence[Server]) -> Iterable[tuple[str, Run]]:
    """The servers of one host, those in a row together."""
    keyed = sorted(servers, key=lambda server: (_key(server), server.port))
    for key, equal in groupby(keyed, key=_key):
        row: list[Server] = []
        for server in equal:
            if row and not _follows(row[-1], server):
                yield from ((key, run) for run in _by_gpus(row, servers))
                row = []
            row.append(server)
        yield from ((key, run) for run in _by_gpus(row, servers))


def _by_gpus(row: Sequence[Server], on_host: Sequence[Server]) -> Iterable[Run]:
    """Servers in a row that can get the GPUs they name as instances of one service, together.

    Devices are handed out in their order: only where nobody else takes some is it sure who gets which.
    """
    host, each = host_gpus(on_host), [_ids(server) for server in row]
    asking = [server for server in on_host if server.gpu is not None]
    in_order = host is not None and tuple(chain.from_iterable(each)) == host.devices
    if len(asking) == len(row) and in_order:
        yield Run(host=row[0].host, servers=tuple(row))
        return
    for _, same in groupby(row, key=_ids):
        yield Run(host=row[0].host, servers=tuple(same))


def _ids(server: Server) -> tuple[str, ...]:
    return server.gpu.ids if server.gpu is not None else ()


def _follows(first: Server, second: Server) -> bool:
    return first.instances == second.instances == 1 and second.port == first.port + 1


def _key(server: Server) -> str:
    """What instances of one service have in common."""
    store = (
        (server.mount.kind, base(server.mount.source), server.mount.below, server.mount.server)
        if server.mount
        else None
    )
    gpu = (server.gpu.vendor, server.gpu.count, len(server.gpu.ids)) if server.gpu else None
    config = [base(server.name), server.image, server.environment, server.memory, server.extra, store, gpu]
    return json.dumps(config, sort_keys=True, default=str)


class HostGpus(Struct, frozen=True, kw_only=True):
    """The GPUs of a host, as far as its services tell."""

    vendor: str
    devices: tuple[str, ...]


def host_gpus(servers: Sequence[Server]) -> HostGpus | None:
    """The GPUs that the servers of a host ask for; of several makers the first one counts."""
    requests = [server.gpu for server in servers if server.gpu is not None]
    if not requests:
        return None
    vendor = requests[0].vendor
    own = [request for request in requests if request.vendor == vendor]
    ids = tuple(dict.fromkeys(one for request in own for one in request.ids))
    wanted = sum(
        (server.gpu.count or 0) * server.instances for server in servers if server.gpu is not None and server.gpu in own
    )
    wanted = max(wanted, 0 if ids else 1)
    numbered = (str(number) for number in range(len(ids) + wanted) if str(number) not in ids)
    # Numbers take the first ones that nobody has: those that are named come behind.
    return HostGpus(vendor=vendor, devices=(*islice(numbered, wanted), *ids))


class GpuChoice(Struct, frozen=True, kw_only=True):
    """`gpus` and `shared` of a placement; None leaves it out."""

    gpus: object = None
    shared: bool = False


def gpu_choice(run: Run, on_host: Sequence[Server], host: HostGpus | None) -> GpuChoice:
    """How the instances of a run get the GPUs of their host."""
    if host is None:
        return GpuChoice()
    own = [server.gpu for server in run.servers]
    if any(request is None or request.vendor != host.vendor for request in own):
        return GpuChoice(gpus="none")
    requests = [request for request in own if request is not None]
    alone = sum(server.instances for server in on_host) == 1
    if all(not request.ids and request.count is None for request in requests):
        return GpuChoice() if alone else GpuChoice(gpus="all", shared=_promised_twice(on_host))
    if ids := [request.ids for request in requests if request.ids]:
        if len(set(ids)) > 1:
            return GpuChoice(gpus="one-each" if len(ids[0]) == 1 else len(ids[0]))
        return GpuChoice(gpus=list(ids[0]), shared=_promised_twice(on_host))
    return GpuChoice(gpus=max(request.count or 1 for request in requests), shared=_promised_twice(on_host))


def _promised_twice(servers: Sequence[Server]) -> bool:
    """Whether a GPU of the host serves several instances."""
    asking = [server for server in servers if server.gpu is not None]
    if any(server.gpu is not None and not server.gpu.ids and server.gpu.count is None for server in asking):
        return sum(server.instances for server in asking) > 1
    ids = [
        one for server in asking if server.gpu is not None for one in server.gpu.ids for _ in range(server.instances)
    ]
    return len(ids) > len(set(ids))
