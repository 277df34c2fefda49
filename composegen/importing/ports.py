"""Ports of servers for which no file states one: from 11434 on, past those that the host uses already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from composegen.importing.interpolation import static
from composegen.importing.notes import Account
from composegen.importing.published import ANY, DEFAULT_PORT, published_port
from composegen.importing.servers import Server
from composegen.importing.spots import Spot
from composegen.importing.stacks import Stack

_LAST = 65535


def settled(found: Sequence[Server], stacks: Sequence[Stack], account: Account) -> list[Server]:
    """The servers, each with ports of its own; those whose port is stated keep it."""
    return [
        server for stack in stacks for server in _of_host([s for s in found if s.host == stack.host], stack, account)
    ]


def _of_host(own: Sequence[Server], stack: Stack, account: Account) -> Iterator[Server]:
    names = {server.name for server in own}
    taken = {port for name, service in stack.services.items() if name not in names for port in published(service)}
    taken |= {port for server in own if server.port != ANY for port in _range(server.port, server)}
    for server in own:
        if server.port != ANY:
            yield server
            continue
        port = next((p for p in range(DEFAULT_PORT, _LAST) if not taken & set(_range(p, server))), DEFAULT_PORT)
        taken |= set(_range(port, server))
        account.different(server.place, f"`{server.name}` is published on port {port}", _why(server))
        yield replace(server, port=port)


def _why(server: Server) -> str:
    if server.bind != "":
        return "composegen gives fixed ports, and no number is stated"
    return "every instance has a port on which it can be asked; a host that published none does so on 127.0.0.1 only"


def _range(first: int, server: Server) -> range:
    return range(first, first + server.instances)


def published(service: Spot) -> Iterator[int]:
    """The host ports of a service, as far as they are plain numbers and ranges."""
    ports = service.get("ports")
    for entry in ports.each() if ports is not None else ():
        _, host_port, _ = published_port(entry)
        first, _, last = static(host_port).partition("-")
        if first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first) <= _LAST:
            yield from range(int(first), int(last or first) + 1)
