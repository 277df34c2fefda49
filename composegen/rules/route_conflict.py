"""Two routes answer the same requests.

## What happens

A route takes every request of the gateway that asks for a model. A second one would never be asked, or, depending
on how Traefik orders them, the first would not; clients would see models come and go.

## What to do

Keep one route. Services that are not routed stay reachable on the ports of their instances. To offer all models
behind one address, let one service list them all.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
  code: {hosts: {box: {port: 11440}}}
gateway:
  host: box
  routes:
    - {service: chat}
    - {service: code}  # expect: CG407
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
  code: {hosts: {box: {port: 11440}}}
gateway:
  host: box
  routes:
    - {service: chat}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each route after the first: as long as a route has no conditions, all of them are equal."""
    routes = plan.topology.gateway.routes if plan.topology.gateway else ()
    for route in routes[1:]:
        yield RULE.finding(
            f"the route to service `{route.service}` answers the same requests as the one to `{routes[0].service}`",
            at=route.at("service"),
            expected="one route",
            related=[Location(path=routes[0].at("service"), label="routed here already")],
        )


RULE = Rule(
    code="CG407",
    slug="route-conflict",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
