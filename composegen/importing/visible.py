"""Which GPUs are meant by ids, and by the variables that choose among those of a container."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from composegen.importing.interpolation import references, static

NVIDIA, CUDA = "NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"
ROCR, HIP = "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"
CHOOSING = (NVIDIA, CUDA, ROCR, HIP)
"""Variables that choose among the GPUs of a container."""
HIDING: Mapping[str, tuple[str, ...]] = {"nvidia": (CUDA,), "amd": (ROCR, HIP, CUDA), "intel": ()}
"""By maker: those by which a program sees only some of the GPUs that its container has, in their order."""


class Request(Struct, frozen=True, kw_only=True):
    """GPUs of one maker: these ids, or a number of them, or (neither) all."""

    vendor: str
    ids: tuple[str, ...] = ()
    count: int | None = None


def listed(vendor: str, written: Sequence[str]) -> Request:
    """The GPUs with these ids; where a variable without default is one of them, as many."""
    ids = tuple(static(word).rpartition("=")[2] for word in written)
    if "all" in ids:
        return Request(vendor=vendor)
    if any(not one and references(word) for one, word in zip(ids, written, strict=True)):
        return Request(vendor=vendor, count=len(ids))
    return Request(vendor=vendor, ids=tuple(one for one in ids if one))


def words(text: str) -> list[str]:
    """The ids in the value of a variable; what stands in it for a variable of Compose, where that has no default.

    Empty where there is nothing but commas.
    """
    found: list[str] = []
    for part in re.findall(r"(?:\$\{[^}]*\}|[^,])+", text):  # commas in `${GPUS:-0,1}` part nothing yet
        found += [word.strip() for word in static(part).split(",") if word.strip()] or [part] * bool(references(part))
    return found


def is_none(text: str) -> bool:
    """Whether a container sees no GPU by such a value."""
    return not references(text) and text.strip(" ,") in {"", "-1", "none", "void"}


def seen(asked: Request, text: str) -> Request | None:
    """What CUDA lets a program see of the GPUs of its container; None for nothing.

    It counts those that the container has, from 0, and what stands behind the first negative number does not count
    (CUDA C++ Programming Guide, "CUDA Environment Variables"; HIP and ROCr do the same).
    """
    named = list(takewhile(lambda word: not word.startswith("-"), words(text)))
    if is_none(text) or not named:
        return None
    chosen = listed(asked.vendor, named)
    if not asked.ids and asked.count is None:
        return chosen
    numbers = [int(word) for word in chosen.ids if word.isdecimal()]
    if asked.ids and chosen.count is not None:
        return replace(asked, ids=asked.ids[: chosen.count])
    if asked.ids:
        return replace(asked, ids=tuple(asked.ids[one] for one in numbers if one < len(asked.ids)) or asked.ids)
    return replace(asked, count=min(asked.count or 1, chosen.count or len(chosen.ids) or 1))
