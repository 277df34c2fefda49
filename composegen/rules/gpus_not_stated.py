"""A host has GPUs and several instances, and a placement does not say who gets which.

## What happens

A single instance gets all GPUs of its host. With several, that would load every model once per instance on the same
GPUs, each engine taking the free memory for its own: they run out of it, and models land partly on the CPU, many times
slower.

## What to do

Say it in the placement: `gpus: one-each` (instance k gets GPU k), a number per instance, a list of ids, or `none` for
an instance that works on the CPU. `gpus: all` for several instances needs `shared: true`, which says that sharing is
meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import HostPlan, Plan
from composegen.rules import Rule
from composegen.topology import Placement

BAD = """\
name: demo
hosts:
  box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ["0", "1"]}}
services:
  chat:
    hosts:
      box: 2  # expect: CG213
"""
GOOD = """\
name: demo
hosts:
  box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ["0", "1"]}}
services:
  chat:
    hosts:
      box: {instances: 2, gpus: one-each}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each placement that is silent where it is not alone, and each that gives all GPUs to several instances."""
    for host in plan.hosts:
        if host.spec.gpus is None:
            continue
        for service, placement in {i.service.name: i.placement for i in host.instances}.items():
            if placement.gpus is None and len(host.instances) > 1:
                yield _silent(host, service, placement)
            elif placement.gpus == "all" and placement.instances > 1 and not placement.shared:
                yield _all(host, service, placement)


def _silent(host: HostPlan, service: str, placement: Placement) -> Finding:
    return RULE.finding(
        f"host `{host.name}` has GPUs and {len(host.instances)} instances, and service `{service}` does not say "
        "which GPUs it gets",
        at=placement.origin,
        part="key",
        expected="`gpus: one-each`, a number per instance, a list of ids, or `none`",
    )


def _all(host: HostPlan, service: str, placement: Placement) -> Finding:
    return RULE.finding(
        f"each of the {placement.instances} instances of service `{service}` gets all GPUs of host `{host.name}`",
        at=placement.at("gpus"),
        expected="`gpus: one-each`, or `shared: true` beside it",
        basis=Basis.NAMED,
    )


RULE = Rule(
    code="CG213", slug="gpus-not-stated", severity=Severity.ERROR, check=check, doc=__doc__ or "", bad=BAD, good=GOOD
)
