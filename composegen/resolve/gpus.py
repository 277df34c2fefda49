"""Which GPUs each instance gets. Total: what cannot be granted is left out, and the rules say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from composegen.plan import GpuGrant
from composegen.topology import Host, HostGpus, Placement

DEFAULT_MODE = {"nvidia": "reservation", "amd": "devices", "intel": "devices"}
"""How Docker hands over the GPUs of each vendor when the topology does not say."""

_SELECTION = {"amd": "ROCR_VISIBLE_DEVICES", "intel": "GGML_VK_VISIBLE_DEVICES"}
"""Where device nodes are shared, the variable that picks among them (Ollama `docs/gpu.mdx`)."""


def grants(host: Host, placement: Placement, unassigned: Iterator[str]) -> tuple[GpuGrant | None, ...]:
    """The grant of each instance of a placement; `unassigned` are the host's devices not handed out yet, in order."""
    gpus = host.gpus
    if gpus is None or placement.gpus == "none":
        return (None,) * placement.instances
    origin = placement.at("gpus")
    match placement.gpus:
        case tuple() as ids:
            return (_grant(gpus, tuple(ids), origin),) * placement.instances
        case int() | "one-each":
            number = 1 if placement.gpus == "one-each" else int(placement.gpus)
            return tuple(_take(gpus, number, unassigned, origin) for _ in range(placement.instances))
        case _:
            return (_grant(gpus, (), origin),) * placement.instances


def environment(grant: GpuGrant | None) -> Mapping[str, str]:
    """The variables that a grant needs inside; without NVIDIA GPUs a default NVIDIA runtime is kept from adding some.

    The official images set `NVIDIA_VISIBLE_DEVICES=all`, so silence would mean all GPUs under that runtime.
    """
    if grant is None:
        return {"NVIDIA_VISIBLE_DEVICES": "void"}
    listed = ",".join(grant.devices)
    if grant.vendor == "nvidia":
        return {"NVIDIA_VISIBLE_DEVICES": listed or "all"} if grant.mode == "runtime" else {}
    shield = {"NVIDIA_VISIBLE_DEVICES": "void"}
    return shield | ({_SELECTION[grant.vendor]: listed} if listed and grant.mode == "devices" else {})


def _take(gpus: HostGpus, number: int, unassigned: Iterator[str], origin: tuple[str | int, ...]) -> GpuGrant | None:
    taken = tuple(islice(unassigned, number))
    return _grant(gpus, taken, origin) if taken else None


def _grant(gpus: HostGpus, devices: tuple[str, ...], origin: tuple[str | int, ...]) -> GpuGrant:
    return GpuGrant(vendor=gpus.vendor, mode=gpus.mode or DEFAULT_MODE[gpus.vendor], devices=devices, origin=origin)
