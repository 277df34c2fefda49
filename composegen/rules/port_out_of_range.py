"""The last instances of a placement would get a port above 65535.

## What happens

Instance k is published on `port` + k - 1. There is no port above 65535, and Docker refuses the whole Compose file.

## What to do

Choose a lower `port`, or fewer instances. Ports below the range that the system hands out by itself (on Linux 32768 to
60999, see `ip_local_port_range`) are the safer choice.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts:
      box: {instances: 4, port: 65533}  # expect: CG205
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts:
      box: {instances: 4, port: 65532}
"""
HIGHEST = 65535


def check(plan: Plan) -> Iterator[Finding]:
    """Each placement whose last port does not exist."""
    for service in plan.topology.services.values():
        for host, placement in service.hosts.items():
            last = placement.port + placement.instances - 1
            if last > HIGHEST:
                yield RULE.finding(
                    f"instance {placement.instances} of service `{service.name}` on host `{host}` gets port {last}",
                    at=placement.at("port"),
                    expected=f"a port up to {HIGHEST - placement.instances + 1}, for {placement.instances} instances",
                )


RULE = Rule(
    code="CG205",
    slug="port-out-of-range",
    severity=Severity.ERROR,
    essential=True,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
