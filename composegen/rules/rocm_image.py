"""Instances with AMD GPUs may get an image that cannot use them.

## What happens

Ollama's libraries for AMD GPUs are only in the images whose tag ends in `-rocm`. composegen adds that to a tag of
`ollama/ollama`. It cannot do so for an image that is named by its digest, for one without tag, and for a mirror, whose
tags may be others. With the plain image the instance starts, is healthy, and computes everything on the CPU.

## What to do

Name the `rocm` variant: its digest, or a tag with `rocm` in it. For an image of yours that has the libraries, allow
this rule on its line.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Finding, Location, Severity
from composegen.plan import Instance, Plan
from composegen.rules import Rule
from composegen.suggestion import cut

BAD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus: {vendor: amd, devices: ["0"]}
services:
  chat:
    image: registry.example/mirror/ollama:0.32.15  # expect: CG216
    hosts: {box: 1}
"""
GOOD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus: {vendor: amd, devices: ["0"]}
services:
  chat:
    image: registry.example/mirror/ollama:0.32.15-rocm
    hosts: {box: 1}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per service whose image does not say that it is for AMD GPUs."""
    said: set[str] = set()
    for instance in plan.instances:
        if instance.service.name not in said and _is_plain(instance):
            said.add(instance.service.name)
            yield _finding(instance)


def _is_plain(instance: Instance) -> bool:
    grant = instance.container.gpus
    return grant is not None and grant.vendor == "amd" and "rocm" not in instance.container.image.lower()


def _finding(instance: Instance) -> Finding:
    service, image = instance.service, instance.container.image
    gpus = instance.host.gpus
    return RULE.finding(
        f"image `{cut(image)}` of service `{service.name}` does not say that it can use AMD GPUs",
        at=service.at("image"),
        expected="the `rocm` variant of the image",
        hint="the plain image quietly computes on the CPU; allow this where the image has the ROCm libraries",
        related=[Location(path=gpus.at("vendor"), label=f"of host `{instance.host.name}`")] if gpus else [],
    )


RULE = Rule(code="CG216", slug="rocm-image", severity=Severity.WARNING, check=check, doc=__doc__, bad=BAD, good=GOOD)
