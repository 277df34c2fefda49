"""Hosts and services that only have another name now.

A host is the same one when it has the same address: that of the topology where both are known, else the one on which
its ports are published. A service is the same one when it publishes the same ports from the same image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from composegen.impact.changed import Changed, Pair
from composegen.impact.model import Rename
from composegen.impact.stack import Stack, is_run

_EVERYWHERE = frozenset({"", "0.0.0.0", "::", "127.0.0.1", "::1"})  # noqa: S104 - recognised here, and bound to nowhere


def joined(hosts: Sequence[Changed]) -> tuple[Changed, ...]:
    """The hosts, where one that goes and one that comes are one when they are the same machine."""
    gone = [host for host in hosts if host.is_gone]
    new = [host for host in hosts if host.is_new]
    found: dict[str, Changed] = {}
    for before in gone:
        after = next((one for one in new if _same_machine(before, one)), None)
        if after is not None:
            found[after.name] = _one(before, after)
    old = {host.was for host in found.values()}
    return tuple(found.get(host.name, host) for host in hosts if host.name not in old)


def renames(hosts: Iterable[Changed]) -> Iterator[Rename]:
    """Every new name: of hosts, and of services on a host."""
    for host in hosts:
        if host.was != host.name:
            yield Rename(host="", before=host.was, after=host.name)
        if host.is_touched:
            yield from of_services(host)


def _one(before: Changed, after: Changed) -> Changed:
    files = {
        name: Pair(
            before=before.files[name].before if name in before.files else None,
            after=after.files[name].after if name in after.files else None,
        )
        for name in sorted({*before.files, *after.files})
    }
    return replace(after, was=before.name, files=files, old_plan=before.old_plan)


def _same_machine(before: Changed, after: Changed) -> bool:
    if before.old_plan is not None and after.plan is not None:
        return before.old_plan.spec.address == after.plan.spec.address
    own, other = _addresses(before.before), _addresses(after.after)
    return bool(own) and own == other and before.before.name == after.after.name


def addresses_before(host: Changed) -> frozenset[str]:
    """The addresses that a host had before: that of the topology, else those on which its ports were published."""
    return frozenset({host.old_plan.spec.address}) if host.old_plan else _addresses(host.before)


def _addresses(stack: Stack) -> frozenset[str]:
    """The addresses on which ports are published, without those that any machine has."""
    ports = (port for service in stack.services.values() for port in _ports(service))
    return frozenset(str(port.get("host_ip", "")) for port in ports) - _EVERYWHERE


def _ports(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [port for port in service.get("ports") or () if isinstance(port, Mapping)]


def of_services(host: Changed) -> Iterator[Rename]:
    """Every service of one host that has a new name."""
    before, after = host.before, host.after
    new = {_mark(one): name for name, one in after.services.items() if name not in before.services and is_run(one)}
    for name, service in before.services.items():
        mark = _mark(service)
        if name not in after.services and mark in new and "published" in mark[1]:
            yield Rename(host=host.name, before=name, after=new[mark])


def _mark(service: Mapping[str, Any]) -> tuple[str, str]:
    return str(service.get("image", "")), repr(_ports(service))
