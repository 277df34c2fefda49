"""A balancing strategy ignores the weights that placements state.

## What happens

`p2c` gives each request to the less busy of two instances drawn by lot. It knows no weights, not even 0: a host
with `weight: 2` gets no more than the others, and Traefik says nothing.

## What to do

With weights, use `wrr` (the default then), or from Traefik 3.6 `hrw` or `leasttime`. Where hosts differ in speed,
`p2c` without weights already gives more to the faster ones, since they are less busy: then take the weights out.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import Placement

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: {instances: 2, weight: 2}}}
gateway:
  host: box
  balance: p2c  # expect: CG405
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: {instances: 2, weight: 2}}}
gateway:
  host: box
  balance: wrr
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for `p2c` over placements with weights."""
    gateway = plan.gateway
    if gateway is None or gateway.spec.balance != "p2c":
        return
    weighted: dict[tuple[str | int, ...], Placement] = {
        server.instance.placement.origin: server.instance.placement
        for route in gateway.routes
        for server in route.servers
        if server.instance.placement.weight is not None
    }
    if weighted:
        yield RULE.finding(
            "`balance: p2c` ignores weights",
            at=gateway.spec.at("balance"),
            expected="wrr, hrw or leasttime, or placements without `weight`",
            hint="without `balance`, weights choose wrr",
            related=[
                Location(path=placement.at("weight"), label="this weight has no effect")
                for placement in weighted.values()
            ],
        )


RULE = Rule(
    code="CG405",
    slug="weights-ignored",
    severity=Severity.WARNING,
    check=check,
    basis=Basis.NAMED,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
