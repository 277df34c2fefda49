"""A service is `direct`, but no gateway stands in front of it.

## What happens

`direct: true` leaves the ports of the instances open although a gateway routes the service. Where no gateway does, the
ports are open to everybody anyway: nothing guards them, and the field changes nothing.

## What to do

Take `direct` out. If a gateway was to stand in front of the service, add it to `gateway.routes`; if nobody but this
host may reach the ports, publish them on loopback (`bind: 127.0.0.1` of the host).
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.resolve.firewall import is_routed
from composegen.rules import Rule

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 2}
    direct: true  # expect: CG411
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 2}
    direct: true
gateway:
  host: box
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each service that says so itself; for all of them, `defaults` may say it."""
    if plan.topology.defaults.direct:
        return
    for name, service in sorted(plan.topology.services.items()):
        if service.direct and not is_routed(plan, service):
            routes = [plan.gateway.spec.at("routes")] if plan.gateway else []
            yield RULE.finding(
                f"`direct` does nothing for service `{name}`: no gateway routes it, so its ports are open anyway",
                at=service.at("direct"),
                expected="no `direct`, or a gateway that routes the service",
                related=[Location(path=path, part="key", label="it is none of these") for path in routes],
                basis=Basis.NAMED if routes else Basis.WHOLE,
            )


RULE = Rule(
    code="CG411",
    slug="direct-ignored",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
