"""Which GPUs a service of Compose asks for, in each of the ways that Docker knows."""

from __future__ import annotations

import re

from msgspec import Struct

from composegen.importing.interpolation import static
from composegen.importing.notes import Account
from composegen.importing.spots import Spot, mapping_of


class Request(Struct, frozen=True, kw_only=True):
    """GPUs of one maker: these ids, or a number of them, or (neither) all."""

    vendor: str
    ids: tuple[str, ...] = ()
    count: int | None = None


def request(service: Spot, name: str, account: Account) -> Request | None:
    """The GPUs of a service; None for none."""
    found = _reserved(service) or _gpus(service) or _runtime(service) or _device_nodes(service, name, account)
    if found is None:
        return None
    asked, spot, how = found
    if how not in {"devices", "cdi"}:
        for entry in (service.get("devices") or service).each():
            account.left(
                entry.place, f"a device of `{name}`", "instances get GPUs only, and these are asked for already"
            )
    account.taken(spot.place, f"GPUs of `{name}` ({_shown(asked)}) -> `gpus:`")
    if how != "reservation" and asked.vendor == "nvidia":
        account.different(
            spot.place,
            f"`{name}` gets its GPUs by a reservation instead of `{how}`",
            "every Compose knows that form, and the data path is the same; `mode:` of the host chooses another",
        )
    return asked


def _shown(asked: Request) -> str:
    if asked.ids:
        return f"{asked.vendor} {', '.join(asked.ids)}"
    return f"{asked.vendor}, {asked.count or 'all'}"


_Found = tuple[Request, Spot, str]


def _reserved(service: Spot) -> _Found | None:
    devices = service.get("deploy", "resources", "reservations", "devices")
    return _requested(devices, "reservation")


def _gpus(service: Spot) -> _Found | None:
    spot = service.get("gpus")
    if spot is not None and static(spot.text or "") == "all":
        return Request(vendor="nvidia"), spot, "gpus"
    return _requested(spot, "gpus")


def _requested(devices: Spot | None, how: str) -> _Found | None:
    """A request for devices in Compose's form; the first one for GPUs counts."""
    for entry in devices.each() if devices is not None else ():
        driver = static(entry.get("driver").text or "") if entry.get("driver") is not None else "nvidia"  # type: ignore[union-attr]
        if driver not in {"nvidia", "amd", "cdi", ""}:
            continue
        ids, count = entry.get("device_ids"), entry.get("count")
        named = tuple(static(word).rpartition("=")[2] for word in ids.words()) if ids is not None else ()
        vendor = "amd" if driver == "amd" or (ids is not None and "amd.com" in str(ids.plain())) else "nvidia"
        return Request(vendor=vendor, ids=_known(named), count=_number(count)), entry, how
    return None


def _known(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Ids as they are; none where all GPUs are meant."""
    known = tuple(word for word in ids if word)
    return () if "all" in known else known


_MOST = 1000


def _number(count: Spot | None) -> int | None:
    text = static(count.text or "") if count is not None else ""
    return int(text) if text.isdecimal() and 0 < int(text) <= _MOST else None


def _runtime(service: Spot) -> _Found | None:
    spot = service.get("runtime")
    if spot is None or static(spot.text or "") != "nvidia":
        return None
    visible = mapping_of(service.get("environment")).get("NVIDIA_VISIBLE_DEVICES")
    text = static(visible.text or "") if visible is not None else "all"
    ids = tuple(word.strip() for word in text.split(",") if word.strip())
    if ids in {("none",), ("void",)}:
        return None
    return Request(vendor="nvidia", ids=_known(ids)), spot, "runtime"


def _device_nodes(service: Spot, name: str, account: Account) -> _Found | None:
    """GPUs that come as device nodes, or by names of the Container Device Interface."""
    entries = [entry for entry in (service.get("devices") or service).each() if entry.text]
    for entry in entries:
        match = re.fullmatch(r"(nvidia|amd|intel)\.com/gpu=(\S+)", static(entry.text or ""))
        if match:
            ids = (
                ()
                if match[2] == "all"
                else tuple(m[1] for e in entries if (m := re.search(r"gpu=(\S+)", e.text or "")))
            )
            return Request(vendor=match[1], ids=_known(ids)), entry, "cdi"
    nodes = {static(entry.text or "").split(":")[0]: entry for entry in entries}
    for node, entry in nodes.items():
        if not re.match(r"/dev/(kfd|dri|nvidia)", node):
            account.left(entry.place, f"device {node} of `{name}`", "instances get GPUs only")
    if "/dev/kfd" in nodes:
        return (
            Request(vendor="amd", ids=_selected(service, "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")),
            nodes["/dev/kfd"],
            "devices",
        )
    for node, entry in nodes.items():
        if node.startswith("/dev/nvidia"):
            return Request(vendor="nvidia"), entry, "devices"
        if node.startswith("/dev/dri"):
            return Request(vendor="intel"), entry, "devices"
    return None


def _selected(service: Spot, *variables: str) -> tuple[str, ...]:
    environment = mapping_of(service.get("environment"))
    for variable in variables:
        spot = environment.get(variable)
        text = static(spot.text or "") if spot is not None else ""
        if re.fullmatch(r"[\w-]+(,[\w-]+)*", text):
            return tuple(text.split(","))
    return ()
