"""A placement asks for a GPU that the host does not have.

## What happens

Docker refuses to create the container (`could not select device driver`, `unknown device`), or the engine starts
without the GPU and answers from the CPU, slowly and without a word.

## What to do

Name ids that stand in `gpus.devices` of the host, or ask for as many as it has: `one-each` takes one GPU per instance,
a number that many per instance, handed out in the order of `devices` over all services of the host (by name). For a
host without `gpus:`, declare them there, or leave `gpus` out of the placement.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import HostPlan, Instance, Plan
from composegen.rules import Rule
from composegen.topology import HostGpus, Placement

BAD = """\
name: demo
hosts:
  box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ["0", "1"]}}
services:
  chat:
    hosts: {box: {gpus: ["2"]}}  # expect: CG211
"""
GOOD = """\
name: demo
hosts:
  box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ["0", "1"]}}
services:
  chat:
    hosts: {box: {gpus: ["1"]}}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each id that a host lacks, and each number that it cannot grant."""
    for host in plan.hosts:
        placements = {instance.placement.origin: instance for instance in host.instances}
        for instance in placements.values():
            yield from _of_placement(host, instance.placement, instance.service.name)


def _of_placement(host: HostPlan, placement: Placement, service: str) -> Iterator[Finding]:
    wanted, gpus = placement.gpus, host.spec.gpus
    if wanted is None or wanted == "none":
        return
    if gpus is None:
        yield RULE.finding(
            f"service `{service}` asks for GPUs of host `{host.name}`, which states none",
            at=placement.at("gpus"),
            hint=f"declare them under `hosts.{host.name}.gpus`",
            related=[Location(path=host.spec.origin, part="key", label="has no `gpus`")],
            basis=Basis.ENTRIES,
        )
    elif isinstance(wanted, tuple):
        yield from (_unknown(host, gpus, placement, at) for at, id_ in enumerate(wanted) if id_ not in gpus.devices)
    elif wanted != "all":
        yield from _too_many(host, gpus, placement, service)


def _unknown(host: HostPlan, gpus: HostGpus, placement: Placement, index: int) -> Finding:
    wanted = placement.gpus[index] if isinstance(placement.gpus, tuple) else ""
    near = [] if wanted.isdecimal() else get_close_matches(wanted, gpus.devices, n=1)
    return RULE.finding(
        f"host `{host.name}` has no GPU `{wanted}`",
        at=placement.at("gpus", index),
        expected=f"one of: {', '.join(gpus.devices)}",
        hint=f"did you mean `{near[0]}`?" if near else "",
        related=[Location(path=gpus.at("devices"), label="its GPUs")],
        basis=Basis.ENTRIES,
    )


def _too_many(host: HostPlan, gpus: HostGpus, placement: Placement, service: str) -> Iterator[Finding]:
    """The plan hands out what there is; who got less than asked for is out of luck."""
    each = 1 if placement.gpus == "one-each" else int(str(placement.gpus))
    granted = sum(_granted(i) for i in host.instances if i.placement is placement)
    asked = each * placement.instances
    if granted < asked:
        rest = "none is" if not granted else "1 is" if granted == 1 else f"{granted} are"
        yield RULE.finding(
            f"service `{service}` asks for {asked} {'GPU' if asked == 1 else 'GPUs'} of `{host.name}`, {rest} left",
            at=placement.at("gpus"),
            related=[Location(path=gpus.at("devices"), label=f"{len(gpus.devices)} in all")],
        )


def _granted(instance: Instance) -> int:
    return len(instance.container.gpus.devices) if instance.container.gpus else 0


RULE = Rule(
    code="CG211", slug="unknown-gpu", severity=Severity.ERROR, check=check, doc=__doc__ or "", bad=BAD, good=GOOD
)
