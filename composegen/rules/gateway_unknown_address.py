"""A host cannot tell the gateway from anybody else, as it knows no address of it that its own ports could see.

## What happens

The instances behind a gateway answer its address and no other: each host refuses everybody else. Their ports are
published on an IPv6 address, so the gateway comes from an IPv6 address too; but the topology states only an IPv4
address of its host (or the other way round). The host would refuse the gateway, and no instance there would answer it.

## What to do

Give both hosts an address of the same family: `address` is how the others reach a host, `bind` is a further address.
Or state `direct: true` for the service, if everybody may reach its ports.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.resolve.address import is_ip
from composegen.resolve.firewall import addresses, guards
from composegen.rules import Rule

BAD = """\
name: demo
hosts:
  gate: {address: 10.0.0.1}
  box: {address: "fd00::2"}  # expect: CG412
services:
  chat:
    hosts: {box: 2}
gateway:
  host: gate
"""
GOOD = """\
name: demo
hosts:
  gate: {address: 10.0.0.1, bind: "fd00::1"}
  box: {address: "fd00::2"}
services:
  chat:
    hosts: {box: 2}
gateway:
  host: gate
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each service on a host that would refuse the gateway."""
    for host in plan.hosts:
        for guard in guards(plan, host):
            if plan.gateway is None or plan.gateway.host.name == host.name:
                continue
            gate = plan.gateway.host
            known = addresses(gate)
            if any(_may_be_of_family(address, guard.address) for address in known):
                continue
            yield RULE.finding(
                f"host `{host.name}` cannot let the gateway through to service `{guard.service.name}`: its ports are "
                f"on `{guard.address}`, and of host `{gate.name}` only `{', '.join(known)}` is known",
                at=host.spec.at("bind" if host.spec.bind else "address"),
                expected=f"an address of the same family as that of `{gate.name}`, or `direct: true` of the service",
                related=[
                    Location(path=plan.gateway.spec.at("host"), label="the gateway runs there"),
                    Location(path=gate.at("address"), label="and comes from here"),
                ],
            )


def _may_be_of_family(address: str, other: str) -> bool:
    """Of a name that is only known when it is looked up."""
    return not is_ip(address) or (":" in address) == (":" in other)


RULE = Rule(
    code="CG412",
    slug="gateway-unknown-address",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
    basis=Basis.NAMED,
)
