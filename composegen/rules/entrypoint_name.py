"""The name of the gateway's entry point is taken by an entry point of another kind.

## What happens

`traefik` is the name of Traefik's internal entry point: what Traefik offers about itself (metrics, a dashboard) goes
there unless told otherwise, so the port of the users would show it to them. `ping` is the entry point on which
Traefik answers composegen's health check, inside its container only. With one name for both, users and health check
would share a port, or one of them would have none.

## What to do

Choose another name: `llm` is the default. With `run: false` the entry points are those of your own Traefik, and any
name may be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  entrypoint: {name: traefik}  # expect: CG408
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  entrypoint: {name: ollama}
"""
TAKEN: Mapping[str, str] = {
    "traefik": "Traefik's internal entry point",
    "ping": "the entry point of the health check",
}
"""Names of entry points that mean something else, and what (Traefik `pkg/config/static/static_config.go`)."""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for a name that is taken in a Traefik that composegen runs."""
    gateway = plan.topology.gateway
    if gateway is None or not gateway.traefik.run:
        return
    name = gateway.entrypoint.name
    if name in TAKEN:
        yield RULE.finding(
            f"the entry point cannot have the name `{name}`, which is that of {TAKEN[name]}",
            at=gateway.entrypoint.at("name"),
            expected="any other name",
            hint="without `name` it is called llm",
        )


RULE = Rule(
    code="CG408",
    slug="entrypoint-name",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
