"""The id of a GPU is none that its vendor's software knows.

## What happens

Docker hands the id on as it stands. NVIDIA's container toolkit then refuses the container (`unknown device`). With
GPUs of AMD and Intel the id only chooses among those that the container has: where none is meant by it, the engine
answers from the CPU, slowly and without a word.

| vendor | ids |
|---|---|
| nvidia | index (`0`), UUID (`GPU-...`), part of a GPU (`MIG-...`, or `0:1`: part 1 of GPU 0) |
| amd | index (`0`), UUID (`GPU-...`) |
| intel | index (`0`) |

With `mode: cdi` NVIDIA's files in `/etc/cdi` may also call the GPUs `gpu0` and their parts `mig0:1`.

## What to do

Write what the vendor's program prints: `nvidia-smi -L`, `rocminfo` (AMD), `vulkaninfo --summary` (Intel: the number of
the GPU). To give all GPUs to an instance, write `gpus: all` into the placement, not into `devices`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.suggestion import cut
from composegen.topology import HostGpus

BAD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus:
      vendor: nvidia
      devices:
        - "0"
        - gpu1  # expect: CG215
services:
  chat:
    hosts: {box: {gpus: ["0"]}}
"""
GOOD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus:
      vendor: nvidia
      devices:
        - "0"
        - GPU-3f2a9c1e-5b7d-4e8f-a1c2-9d0b6e4f8a7c
services:
  chat:
    hosts: {box: {gpus: ["0"]}}
"""
_INDEX = r"0|[1-9][0-9]*"
_UUID = r"[0-9a-fA-F][0-9a-fA-F-]*"
_MIG = rf"MIG-{_UUID}|MIG-GPU-{_UUID}/[0-9]+/[0-9]+|({_INDEX}):({_INDEX})"
_IDS: Mapping[str, str] = {
    "nvidia": rf"{_INDEX}|GPU-{_UUID}|{_MIG}",
    "amd": rf"{_INDEX}|GPU-{_UUID}",
    "intel": _INDEX,
}
"""NVIDIA takes the first characters of a UUID too; AMD's are 16 hexadecimal digits or look like NVIDIA's."""

_CDI = rf"{_IDS['nvidia']}|gpu({_INDEX})|mig({_INDEX}):({_INDEX})"
"""`nvidia-ctk cdi generate` names GPUs by index, by type and index, or by UUID."""

_EXPECTED: Mapping[str, str] = {
    "nvidia": "an index, or what `nvidia-smi -L` prints: GPU-... or MIG-...",
    "amd": "an index, or the Uuid that `rocminfo` prints: GPU-...",
    "intel": "an index",
}


def check(plan: Plan) -> Iterator[Finding]:
    """Each id of a host that breaks the grammar. A placement can only name these, which another rule sees to."""
    for name, host in plan.topology.hosts.items():
        if host.gpus is not None:
            yield from _of_host(name, host.gpus)


def _of_host(name: str, gpus: HostGpus) -> Iterator[Finding]:
    pattern = _CDI if (gpus.vendor, gpus.mode) == ("nvidia", "cdi") else _IDS[gpus.vendor]
    for index, device in enumerate(gpus.devices):
        if not re.fullmatch(pattern, device):
            yield RULE.finding(
                f"`{cut(device)}` is no id of a GPU of `{gpus.vendor}` on host `{name}`",
                at=gpus.at("devices", index),
                expected=_EXPECTED[gpus.vendor],
                hint=_hint(device),
                related=[Location(path=gpus.at("vendor"), label="the vendor")],
            )


def _hint(device: str) -> str:
    number = re.fullmatch(rf"(?:gpu|cuda|nvidia)?[-_: ]?0*({_INDEX})", device.lower())
    if device.lower() == "all":
        return "name each GPU here, and write `gpus: all` into the placement"
    return f'did you mean "{number[1]}"?' if number else ""


RULE = Rule(
    code="CG215",
    slug="gpu-id",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
