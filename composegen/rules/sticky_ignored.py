"""A balancing strategy ignores `sticky`.

## What happens

`hrw` chooses the instance by the address of the client, always the same one for the same address, and sets no cookie:
Traefik takes `sticky` without a word and never looks at it. Clients behind one address (a proxy, an office) all end up
on one instance, cookie or not.

## What to do

To keep each client on one instance by a cookie, use `wrr`, `p2c` or `leasttime`. To keep clients there by address, as
`hrw` does, take `sticky` out.
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
  chat: {hosts: {box: 2}}
gateway:
  host: box
  balance: hrw
  sticky: true  # expect: CG410
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 2}}
gateway:
  host: box
  balance: p2c
  sticky: true
"""
WITHOUT_COOKIE = "hrw"
"""The one strategy whose balancer is made without `sticky` (Traefik `pkg/server/service/service.go`)."""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for `sticky` with a strategy that sets no cookie."""
    gateway = plan.topology.gateway
    if gateway is not None and gateway.sticky and gateway.balance == WITHOUT_COOKIE:
        yield RULE.finding(
            f"`balance: {WITHOUT_COOKIE}` ignores `sticky`",
            at=gateway.at("sticky"),
            expected="wrr, p2c or leasttime as `balance`, or no `sticky`",
            hint=f"{WITHOUT_COOKIE} keeps a client on one instance by its address already",
            related=[Location(path=gateway.at("balance"), label="sets no cookie")],
        )


RULE = Rule(
    code="CG410",
    slug="sticky-ignored",
    severity=Severity.WARNING,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
