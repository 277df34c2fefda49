"""The gateway asks for something that the stated Traefik does not know.

## What happens

Traefik refuses a whole dynamic file when one option in it is unknown. The routes are then gone, all of them, while
Traefik itself runs on and looks healthy.

| asked for | Traefik |
|---|---|
| any file that composegen writes | 3.0 |
| `balance: p2c` | 3.4 |
| `balance: hrw`, `balance: leasttime` | 3.6 |

## What to do

State the version that really runs in `gateway.traefik.version`, or choose a `balance` that it knows. Without
`balance` composegen takes one that fits: `wrr` before 3.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import Gateway
from composegen.versions import TRAEFIK_BALANCE, TRAEFIK_OLDEST, at_least

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  traefik: {version: "3.5.6"}
  balance: leasttime  # expect: CG501
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  traefik: {version: "3.6.24"}
  balance: leasttime
"""


def check(plan: Plan) -> Iterator[Finding]:
    """A Traefik that is too old for everything, else for the balance."""
    gateway = plan.topology.gateway
    if gateway is None:
        return
    if not at_least(gateway.traefik.version, TRAEFIK_OLDEST):
        yield RULE.finding(
            f"what composegen writes is for Traefik {TRAEFIK_OLDEST} or newer, not `{gateway.traefik.version}`",
            at=gateway.at("traefik", "version"),
            expected=f"{TRAEFIK_OLDEST} or newer",
        )
        return
    yield from _balance(gateway)


def _balance(gateway: Gateway) -> Iterator[Finding]:
    since = TRAEFIK_BALANCE.get(gateway.balance or "")
    if since is not None and not at_least(gateway.traefik.version, since):
        yield RULE.finding(
            f"`balance: {gateway.balance}` needs Traefik {since}, and the version stated is {gateway.traefik.version}",
            at=gateway.at("balance"),
            expected=", ".join(
                ("wrr", *(k for k, v in TRAEFIK_BALANCE.items() if at_least(gateway.traefik.version, v)))
            ),
            related=[Location(path=gateway.at("traefik", "version"), label="the version stated")],
        )


RULE = Rule(
    code="CG501",
    slug="newer-than-traefik",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
