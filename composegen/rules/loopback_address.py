"""A host has a loopback address although there are other hosts.

## What happens

`127.0.0.1`, `::1` and `localhost` mean the machine that asks. The other hosts would ask themselves, and so would the
users: the gateway finds no server, an app finds no models, `verify.sh` checks the wrong machine. On a single host such
an address is fine: it keeps the ports on that machine.

## What to do

Write the address by which the others reach the host. To keep its ports on the machine all the same, add
`bind: 127.0.0.1`.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Finding, Severity
from composegen.plan import Plan
from composegen.resolve.address import is_loopback
from composegen.rules import Rule

BAD = """\
name: demo
hosts:
  near: {address: 127.0.0.1}  # expect: CG203
  far: {address: 10.0.0.2}
services:
  chat:
    hosts: {near: 1, far: 1}
"""
GOOD = """\
name: demo
hosts:
  near: {address: 10.0.0.1, bind: 127.0.0.1}
  far: {address: 10.0.0.2}
services:
  chat:
    hosts: {near: 1, far: 1}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each loopback address in a topology of several hosts."""
    if len(plan.topology.hosts) == 1:
        return
    for name, host in plan.topology.hosts.items():
        if is_loopback(host.address):
            yield RULE.finding(
                f"`{host.address}`, the address of host `{name}`, reaches no other machine",
                at=host.at("address"),
                expected="the address by which the other hosts and the users reach it",
            )


RULE = Rule(
    code="CG203", slug="loopback-address", severity=Severity.WARNING, check=check, doc=__doc__ or "", bad=BAD, good=GOOD
)
