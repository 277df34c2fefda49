"""A host is known by a DNS name and does not say on which address its ports are published.

## What happens

Docker publishes a port on an IP address and refuses a name: `invalid IP address`. What a name stands for differs from
machine to machine and from day to day, so composegen does not look it up.

## What to do

Add `bind:` with the IP address of the host on which the ports shall be reached; `0.0.0.0` means all of its IPv4
addresses.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.resolve.address import is_name
from composegen.rules import Rule

BAD = """\
name: demo
hosts: {box: {address: box.example}}  # expect: CG204
services:
  chat:
    hosts: {box: 1}
"""
GOOD = """\
name: demo
hosts: {box: {address: box.example, bind: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each host with a DNS name and without `bind`."""
    for name, host in plan.topology.hosts.items():
        if host.bind is None and is_name(host.address):
            yield RULE.finding(
                f"host `{name}` needs `bind`: Docker cannot publish ports on the name `{host.address}`",
                at=host.at("address"),
                expected="`bind:` with an IP address of the host beside it",
                hint=f"{{address: {host.address}, bind: 0.0.0.0}} publishes on all of its IPv4 addresses",
            )


RULE = Rule(
    code="CG204",
    slug="bind-required",
    severity=Severity.ERROR,
    essential=True,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
