"""A GPU is promised to several instances.

## What happens

Engines do not know of each other. Each loads its own copy of the weights and counts the free memory of the GPU as its
own; together they run out of it, and models land partly on the CPU, many times slower. It shows only under load.

## What to do

Give each instance a GPU of its own (`gpus: one-each`, or other ids). To let one engine answer more requests at a time
on one GPU, raise `OLLAMA_NUM_PARALLEL` instead. Where sharing is meant (small models, little load), say `shared: true`
in every placement concerned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import HostPlan, Instance, Plan
from composegen.rules import Rule
from composegen.topology import Placement

BAD = """\
name: demo
hosts:
  box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ["0", "1"]}}
services:
  chat:
    hosts: {box: {gpus: ["0", "1"]}}
  code:
    hosts: {box: {port: 11500, gpus: ["1"]}}  # expect: CG212
"""
GOOD = """\
name: demo
hosts:
  box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ["0", "1"]}}
services:
  chat:
    hosts: {box: {gpus: ["0", "1"], shared: true}}
  code:
    hosts: {box: {port: 11500, gpus: ["1"], shared: true}}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Per host: a GPU listed twice, several instances on one list, and placements that overlap."""
    for host in plan.hosts:
        if host.spec.gpus is not None:
            yield from _listed_twice(host)
            yield from _within(host)
            yield from _between(host)


def _listed_twice(host: HostPlan) -> Iterator[Finding]:
    gpus = host.spec.gpus
    for index, device in enumerate(gpus.devices if gpus else ()):
        first = gpus.devices.index(device) if gpus else index
        if gpus and first < index:
            yield RULE.finding(
                f"GPU `{device}` stands twice in the list of host `{host.name}`",
                at=gpus.at("devices", index),
                related=[Location(path=gpus.at("devices", first), label="first here")],
                basis=Basis.ENTRIES,
            )


def _within(host: HostPlan) -> Iterator[Finding]:
    """Several instances that each get all of a list; `all` is the business of another rule."""
    for placement, instances in _placements(host):
        if isinstance(placement.gpus, tuple) and len(instances) > 1 and not placement.shared:
            yield RULE.finding(
                f"each of the {len(instances)} instances of service `{instances[0].service.name}` "
                f"gets GPU {_ids(placement.gpus)} of host `{host.name}`",
                at=placement.at("gpus"),
                expected="`gpus: one-each`, or `shared: true` beside it",
                basis=Basis.NAMED,
            )


def _between(host: HostPlan) -> Iterator[Finding]:
    """One finding for each placement that takes GPUs of earlier ones, unless all of them agree to share."""
    earlier: list[tuple[Placement, set[str], str]] = []
    for placement, instances in _placements(host):
        devices = {device for instance in instances for device in _devices(host, instance)}
        others = [
            (other, devices & theirs, name)
            for other, theirs, name in earlier
            if devices & theirs and not (placement.shared and other.shared)
        ]
        service = instances[0].service.name
        if others:
            twice = [device for device in _all(host) if any(device in common for _, common, _ in others)]
            yield RULE.finding(
                f"GPU {_ids(twice)} of host `{host.name}` is promised to service `{service}` and to "
                + " and ".join(f"service `{name}`" for _, _, name in others),
                at=placement.at("gpus"),
                related=[Location(path=other.at("gpus"), label="also promised here") for other, _, _ in others],
                expected="GPUs of its own, or `shared: true` in each of these placements",
            )
        earlier.append((placement, devices, service))


def _placements(host: HostPlan) -> list[tuple[Placement, list[Instance]]]:
    """The placements that state GPUs, with their instances."""
    found: dict[str, list[Instance]] = {}
    for instance in host.instances:
        if instance.placement.gpus is not None:
            found.setdefault(instance.service.name, []).append(instance)
    return [(instances[0].placement, instances) for instances in found.values()]


def _devices(host: HostPlan, instance: Instance) -> tuple[str, ...]:
    grant = instance.container.gpus
    return () if grant is None else grant.devices or _all(host)


def _all(host: HostPlan) -> tuple[str, ...]:
    return tuple(Counter(host.spec.gpus.devices)) if host.spec.gpus else ()


def _ids(devices: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{device}`" for device in devices)


RULE = Rule(
    code="CG212", slug="gpu-promised-twice", severity=Severity.ERROR, check=check, doc=__doc__ or "", bad=BAD, good=GOOD
)
