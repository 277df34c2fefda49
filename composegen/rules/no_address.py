"""An address is none, or none of a single machine.

## What happens

Docker refuses a port on `1:2:3`, and Traefik switches a route off whose allowed addresses it cannot
read (`10.0.0.0/33`). `0.0.0.0` and `::` mean every address of the machine that listens, and to whoever calls them his
own machine: the gateway would ask itself, an NFS export to them would be open to a host that does not exist. The same
goes for multicast and broadcast addresses.

## What to do

Write the address by which the others reach the machine. To publish ports on every address of a host, write
`bind: 0.0.0.0` beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from composegen.findings import Basis, Finding, Severity
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.resolve.address import is_ip
from composegen.rules import Rule
from composegen.topology import NfsStore

BAD = """\
name: demo
hosts:
  near: {address: 0.0.0.0}  # expect: CG206
  far: {address: 10.0.0.2}
services:
  chat:
    hosts: {near: 1, far: 1}
"""
GOOD = """\
name: demo
hosts:
  near: {address: 10.0.0.1, bind: 0.0.0.0}
  far: {address: 10.0.0.2}
services:
  chat:
    hosts: {near: 1, far: 1}
"""

_BROADCAST = "255.255.255.255"
_MACHINE = "the address by which the other hosts and the users reach it"
_BLOCK = "an address, or a block such as 10.0.0.0/24"


def check(plan: Plan) -> Iterator[Finding]:
    """Every address and block of the topology."""
    for text, at in _machines(plan):
        if _is_numeric(text) and not _is_machine(text):
            yield RULE.finding(f"`{text}` is no address of a machine", at=at, expected=_MACHINE, hint=_advice(text))
    for host in plan.topology.hosts.values():
        if host.bind is not None and not is_ip(host.bind):
            yield RULE.finding(
                f"`{host.bind}` is no IP address", at=host.at("bind"), expected="an IPv4 or IPv6 address"
            )
    for text, at in _blocks(plan):
        if not _is_block(text):
            yield RULE.finding(f"`{text}` is no block of addresses", at=at, expected=_BLOCK)


def _machines(plan: Plan) -> Iterator[tuple[str, KeyPath]]:
    """What must be the address of a machine."""
    for host in plan.topology.hosts.values():
        yield host.address, host.at("address")
    for store in plan.topology.stores.values():
        if isinstance(store, NfsStore) and store.external is not None:
            yield store.external, store.at("external")


def _blocks(plan: Plan) -> Iterator[tuple[str, KeyPath]]:
    """Who may use the admin route."""
    admin = plan.topology.gateway.admin if plan.topology.gateway else None
    if admin is not None:
        yield from ((block, admin.at("allow", index)) for index, block in enumerate(admin.allow))


def _is_numeric(text: str) -> bool:
    """Whether it can be no name: digits and dots, or anything with a colon."""
    return ":" in text or not text.strip("0123456789.")


def _is_machine(text: str) -> bool:
    if not is_ip(text):
        return False
    address = ip_address(text)
    return not (address.is_unspecified or address.is_multicast or text == _BROADCAST)


def _is_block(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _advice(text: str) -> str:
    if is_ip(text) and ip_address(text).is_unspecified:
        return f"to publish on every address of the host, write `bind: {text}` beside its own address"
    return ""


RULE = Rule(
    code="CG206",
    slug="no-address",
    severity=Severity.ERROR,
    essential=True,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
