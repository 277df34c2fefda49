"""Which GPUs a service of Compose asks for, in each of the ways that Docker knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from composegen.importing import visible
from composegen.importing.interpolation import references, static
from composegen.importing.notes import Account
from composegen.importing.spots import Spot, mapping_of
from composegen.importing.visible import Request


class _Found(Struct, frozen=True, kw_only=True):
    """A request, where it stands, by which of Docker's ways, and what says which GPUs, or how many."""

    asked: Request
    spot: Spot
    how: str
    named: tuple[Spot, ...] = ()


def request(service: Spot, name: str, account: Account) -> Request | None:
    """The GPUs of a service; None for none."""
    found = _requested(service, name, account) or _runtime(service) or _device_nodes(service, name, account)
    if found is None:
        _tell_unasked(service, name, account)
        return None
    if found.how not in {"devices", "cdi"}:
        for entry in (service.get("devices") or service).each():
            account.left(
                entry.place, f"a device of `{name}`", "instances get GPUs only, and these are asked for already"
            )
    asked, hiding = found.asked, _hiding(service, found.asked.vendor)
    for key, spot in hiding.items():
        seen = visible.seen(asked, spot.text or "")
        if seen is None:
            account.taken(found.spot.place, f"`{name}` -> no `gpus:`", f"{key} hides those that it asks for")
            return None
        asked = seen
    account.taken(found.spot.place, f"GPUs of `{name}` ({_shown(asked)}) -> `gpus:`")
    _tell_variables((*found.named, *hiding.values()), name, account)
    if found.how != "reservation" and asked.vendor == "nvidia":
        account.different(
            found.spot.place,
            f"`{name}` gets its GPUs by a reservation instead of `{found.how}`",
            "every Compose knows that form, and the data path is the same; `mode:` of the host chooses another",
        )
    return asked


def _hiding(service: Spot, vendor: str) -> dict[str, Spot]:
    """The variables that hide GPUs of a container from a program; an empty one hides all, except from HIP.

    HIP reads CUDA's variable where its own is empty or missing (`Device::init` of clr, `rocdevice.cpp`); ROCr selects
    no device by an empty one (`RvdFilter::SelectZeroDevices`, `amd_filter_device.cpp`).
    """
    spots = {key: spot for key in visible.HIDING[vendor] if (spot := _variable(service, key)) is not None}
    if vendor != "amd":
        return spots
    read_by_hip = [key for key in (visible.HIP, visible.CUDA) if key in spots and spots[key].text][:1]
    return {key: spot for key, spot in spots.items() if key in {visible.ROCR, *read_by_hip}}


def _shown(asked: Request) -> str:
    if asked.ids:
        return f"{asked.vendor} {', '.join(asked.ids)}"
    return f"{asked.vendor}, {asked.count or 'all'}"


def _variable(service: Spot, name: str) -> Spot | None:
    """A variable of a service that has a value in the file."""
    spot = mapping_of(service.get("environment")).get(name)
    return spot if spot is not None and spot.text is not None else None


def _tell_variables(named: Iterable[Spot], name: str, account: Account) -> None:
    """Say where variables of Compose decide which GPUs there are, or how many."""
    for spot in named:
        if references(spot.text or ""):
            account.todo(
                spot.place,
                f"check which GPUs `{name}` gets: `{spot.text}`",
                "variables say so, in the shell or in `.env`; their defaults were taken, and of GPUs without one the "
                "number",
            )


def _tell_unasked(service: Spot, name: str, account: Account) -> None:
    """Say that a variable chooses among GPUs for which nothing in the file asks."""
    for variable in visible.CHOOSING:
        spot = _variable(service, variable)
        if spot is not None and not visible.is_none(spot.text or ""):
            account.todo(
                spot.place,
                f"list the GPUs of `{name}` under `gpus.devices` of its host, if it has any",
                f"`{variable}` chooses among them, and nothing in the file asks for one: without `gpus` it gets none, "
                "also where Docker has a default runtime for them",
            )


def _requested(service: Spot, name: str, account: Account) -> _Found | None:
    """A request for devices in one of Compose's forms; the first one for GPUs counts."""
    found: _Found | None = None
    for entry, how in _entries(service):
        if not _asks_for_gpus(entry, name, account):
            continue
        if found is None:
            found = _request(entry, how)
        else:
            account.left(
                entry.place,
                f"a second request of `{name}` for GPUs",
                "the first one counts: list these under `gpus` of host and placement as well",
            )
    return found


def _entries(service: Spot) -> Iterator[tuple[Spot, str]]:
    """All requests for devices, and by which of Docker's ways; `gpus: all` is one of them."""
    reserved, gpus = service.get("deploy", "resources", "reservations", "devices"), service.get("gpus")
    for entry in (reserved or service).each():
        yield entry, "reservation"
    for entry in (gpus or service).each():
        yield entry, "gpus"
    if gpus is not None and static(gpus.text or "") == "all":
        yield gpus, "gpus"


def _asks_for_gpus(entry: Spot, name: str, account: Account) -> bool:
    """Whether a request is for GPUs; other devices in it are told."""
    driver = static(entry.text_at("driver"))
    if driver not in {"nvidia", "amd", "cdi", ""}:
        account.left(
            entry.place, f"a device of the driver `{driver}` that `{name}` reserves", "instances get GPUs only"
        )
        return False
    ids = _ids(entry)
    chosen = _of_gpus(ids)
    for spot in ids:
        if spot not in chosen:
            account.left(spot.place, f"device {static(spot.text or '')} of `{name}`", "instances get GPUs only")
    return bool(chosen) or not ids


def _ids(entry: Spot) -> list[Spot]:
    """The ids in a request, of whatever devices."""
    ids = entry.get("device_ids")
    return [spot for spot in (list(ids.each()) or [ids]) if spot.text is not None] if ids is not None else []


def _of_gpus(ids: list[Spot]) -> list[Spot]:
    """The ids of GPUs: numbers, UUIDs, and names of the Container Device Interface."""
    named = _by_interface(ids)
    return [spot for spot in ids if spot in named or "=" not in static(spot.text or "")]


def _request(entry: Spot, how: str) -> _Found:
    ids, count = _of_gpus(_ids(entry)), entry.get("count")
    vendor = _maker(ids) or ("amd" if static(entry.text_at("driver")) == "amd" else "nvidia")
    asked = visible.listed(vendor, [spot.text or "" for spot in ids])
    return _Found(
        asked=asked if asked.ids or asked.count else replace(asked, count=_number(count)),
        spot=entry,
        how=how,
        named=(entry, *([count] if count is not None else []), *ids),
    )


_MOST = 1000


def _number(count: Spot | None) -> int | None:
    text = static(count.text or "") if count is not None else ""
    return int(text) if text.isdecimal() and 0 < int(text) <= _MOST else None


def _runtime(service: Spot) -> _Found | None:
    spot = service.get("runtime")
    if spot is None or static(spot.text or "") != "nvidia":
        return None
    chosen = _variable(service, visible.NVIDIA)
    if chosen is None:
        return _Found(asked=Request(vendor="nvidia"), spot=spot, how="runtime")
    if visible.is_none(chosen.text or ""):
        return None
    asked = visible.listed("nvidia", visible.words(chosen.text or ""))
    return _Found(asked=asked, spot=spot, how="runtime", named=(chosen,))


_CDI = re.compile(r"(nvidia|amd|intel)\.com/gpu=(\S*)")


def _device_nodes(service: Spot, name: str, account: Account) -> _Found | None:
    """GPUs that come as device nodes, or by names of the Container Device Interface."""
    entries = list((service.get("devices") or service).each())
    named = _by_interface(entries)
    nodes = {_node(entry).split(":")[0]: entry for entry in entries if entry not in named}
    for node, entry in nodes.items():
        if not re.match(r"/dev/(kfd|dri|nvidia)", node):
            account.left(entry.place, f"device {node} of `{name}`", "instances get GPUs only")
    if named:
        asked = visible.listed(_maker(named) or "nvidia", [entry.text or "" for entry in named])
        return _Found(asked=asked, spot=named[0], how="cdi", named=tuple(named))
    if "/dev/kfd" in nodes:
        return _Found(asked=Request(vendor="amd"), spot=nodes["/dev/kfd"], how="devices")
    for node, entry in nodes.items():
        if node.startswith("/dev/nvidia"):
            return _Found(asked=Request(vendor="nvidia"), spot=entry, how="devices")
        if node.startswith("/dev/dri"):
            return _Found(asked=Request(vendor="intel"), spot=entry, how="devices")
    return None


def _node(entry: Spot) -> str:
    """A device in the short or in the long form."""
    return static(entry.text or entry.text_at("source"))


def _maker(entries: Iterable[Spot]) -> str | None:
    """The maker of the first GPU that has a name of the Container Device Interface."""
    matches = (_CDI.fullmatch(static(entry.text or "")) for entry in entries)
    return next((match[1] for match in matches if match is not None), None)


def _by_interface(entries: list[Spot]) -> list[Spot]:
    """GPUs by their names of the Container Device Interface, all of the maker of the first one."""
    vendor = _maker(entries)
    return [entry for entry in entries if vendor is not None and _maker([entry]) == vendor]
