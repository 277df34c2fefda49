"""A variable that composegen sets itself is set in the topology.

## What happens

Some variables follow from the rest of the topology, and a second value would break what it says:

* `OLLAMA_MODELS` is where the store is mounted; elsewhere Ollama would find no models and pull into the container.
* `OLLAMA_NOPRUNE` keeps readers from clearing up a store that they may not write, at which they would exit.
* The variables that choose GPUs, on a service that gets GPUs: `gpus` of the placement has chosen already, and
  inside the container the granted GPUs are counted from 0. `CUDA_VISIBLE_DEVICES: "1"` in a container that has been
  given only GPU 1 hides the one that it has, and Ollama quietly works on the CPU.

## What to do

Remove the variable. Say with `store` where models are, and with `gpus` in the placement which GPUs an instance
gets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import GpuGrant, Plan
from composegen.rules import Rule
from composegen.topology import Service

BAD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus: {vendor: nvidia, devices: ["0", "1"]}
services:
  chat:
    hosts: {box: {instances: 2, gpus: one-each}}
    environment:
      OLLAMA_MODELS: /data  # expect: CG709
      CUDA_VISIBLE_DEVICES: "1"  # expect: CG709
"""
GOOD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus: {vendor: nvidia, devices: ["0", "1"]}
services:
  chat:
    hosts: {box: {instances: 2, gpus: one-each}}
"""

_ALWAYS: Mapping[str, str] = {
    "OLLAMA_MODELS": "`store` says where the models are",
    "OLLAMA_NOPRUNE": "it is on for every instance",
}
_SELECTION: Mapping[str, frozenset[str]] = {
    "nvidia": frozenset({"CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"}),
    "amd": frozenset({"ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"}),
    "intel": frozenset({"GGML_VK_VISIBLE_DEVICES"}),
}


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per variable that composegen writes or that undoes a GPU grant."""
    for service in plan.topology.services.values():
        grants = _grants(plan, service)
        for name in service.environment:
            if name in _ALWAYS:
                yield _finding(service, name, _ALWAYS[name], ())
            elif (grant := next((g for g in grants if name in _SELECTION[g.vendor]), None)) is not None:
                chosen = (Location(path=grant.origin, label="the GPUs are chosen here"),)
                yield _finding(service, name, "`gpus` in the placement chooses the GPUs", chosen)


def _grants(plan: Plan, service: Service) -> tuple[GpuGrant, ...]:
    granted = (instance.container.gpus for instance in plan.instances if instance.service is service)
    return tuple(grant for grant in granted if grant is not None)


def _finding(service: Service, name: str, instead: str, related: tuple[Location, ...]) -> Finding:
    return RULE.finding(
        f"composegen sets `{name}` of service `{service.name}` itself",
        at=service.at("environment", name),
        part="key",
        expected="no such variable in `environment`",
        hint=instead,
        related=related,
    )


RULE = Rule(
    code="CG709",
    slug="owned-variable",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.NAMED,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
