"""A gateway in front of several services does not say which one answers.

## What happens

With one service there is nothing to choose: the gateway routes it. With several, composegen will not guess. The wrong
one would answer with `model not found`, and a service added later would silently change who answers.

## What to do

State `routes`, with the service that answers. The others stay reachable on the ports of their instances.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
  code: {hosts: {box: {port: 11440}}}
gateway:  # expect: CG401
  host: box
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
  code: {hosts: {box: {port: 11440}}}
gateway:
  host: box
  routes: [{service: chat}]
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for a gateway without routes before several services."""
    gateway, services = plan.topology.gateway, plan.topology.services
    if gateway is None or gateway.routes or len(services) <= 1:
        return
    names = ", ".join(f"`{name}`" for name in services)
    yield RULE.finding(
        f"the gateway has {len(services)} services to choose from and no `routes`",
        at=gateway.origin,
        part="key",
        expected=f"`routes` with one of {names}",
        hint=f"routes: [{{service: {next(iter(services))}}}]",
        related=[
            Location(path=service.origin, part="key", label="one of the services") for service in services.values()
        ],
    )


RULE = Rule(
    code="CG401",
    slug="route-needed",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
