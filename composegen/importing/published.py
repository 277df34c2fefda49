"""The port of a server, and the entries of `ports` in general."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from composegen.importing.interpolation import references, static, translated
from composegen.importing.notes import Account
from composegen.importing.spots import Spot

DEFAULT_PORT = 11434


def port(
    service: Spot, name: str, environment: Mapping[str, Any], account: Account
) -> tuple[int, str | None, str | None]:
    """The host port of a server, as a topology writes it where a variable decides, and the address it is bound to."""
    inside = _inside(environment)
    for entry in (service.get("ports") or service).each():
        address, outside, target = published_port(entry)
        if static(target or outside) != str(inside):
            account.left(
                entry.place, f"port {entry.text or target} of `{name}`", "an instance publishes its own port only"
            )
            continue
        number = static(outside)
        if not number.isdecimal() or not 0 < int(number) <= 65535:  # noqa: PLR2004 - the last port
            account.different(
                entry.place, f"`{name}` gets port {DEFAULT_PORT}", "composegen gives fixed ports, and none is stated"
            )
            return DEFAULT_PORT, None, address
        account.taken(entry.place, f"port {number} of `{name}` -> `port:`")
        return int(number), translated(outside) if references(outside) else None, address
    if static(service.text_at("network_mode")) == "host":
        account.different(service.place, f"`{name}` leaves the network of the host", "its port is published instead")
        return inside, None, None
    return DEFAULT_PORT, None, ""


def _inside(environment: Mapping[str, Any]) -> int:
    match = re.search(r":(\d{1,5})/?$", str(environment.get("OLLAMA_HOST", "")))
    return int(match[1]) if match else DEFAULT_PORT


def published_port(entry: Spot) -> tuple[str | None, str, str]:
    """Address, host port and container port of an entry of `ports`; "" for a port that is not stated."""
    if entry.is_mapping:
        return static(entry.text_at("host_ip")) or None, entry.text_at("published"), entry.text_at("target")
    text = (entry.text or "").removesuffix("/tcp")
    # Colons in `${PORT:-11434}` part nothing.
    pieces = re.findall(r"(?:\[[^\]]*\]|\$\{[^}]*\}|[^:])+", text)
    match pieces:
        case [target]:
            return None, "", target
        case [published, target]:
            return None, published, target
        case [*address, published, target]:
            return static(":".join(address)).strip("[]") or None, published, target
        case _:
            return None, "", ""
