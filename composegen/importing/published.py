"""The port of a server, and the entries of `ports` in general."""

from __future__ import annotations

import re

from composegen.importing.interpolation import references, static, translated
from composegen.importing.notes import Account
from composegen.importing.spots import Spot, mapping_of

DEFAULT_PORT = 11434
ANY = 0
"""Where no number is stated: a port that is free."""


def port(service: Spot, name: str, account: Account) -> tuple[int, str | None, str | None]:
    """The host port of a server, as a topology writes it where a variable decides, and the address it is bound to."""
    listening, inside = _listening(service)
    for entry in (service.get("ports") or service).each():
        address, outside, target = published_port(entry)
        if static(target or outside) != str(inside):
            account.left(
                entry.place, f"port {entry.text or target} of `{name}`", "an instance publishes its own port only"
            )
            continue
        number, dash, _ = static(outside).partition("-")
        if not number.isdecimal() or not 0 < int(number) <= 65535:  # noqa: PLR2004 - the last port
            return ANY, None, address
        if dash:
            account.different(
                entry.place,
                f"`{name}` gets port {number}, and each further instance the next one",
                f"Docker takes any free ones of {static(outside)}; composegen gives fixed ports",
            )
            return int(number), None, address
        account.taken(entry.place, f"port {number} of `{name}` -> `port:`")
        return int(number), translated(outside) if references(outside) else None, address
    if on_host(service):
        account.different(service.place, f"`{name}` leaves the network of the host", "its port is published instead")
        return inside, None, listening
    return ANY, None, ""


def on_host(service: Spot) -> bool:
    """Whether a service has the network of its host, so that what it listens on is what others ask."""
    return static(service.text_at("network_mode")) == "host"


def _listening(service: Spot) -> tuple[str | None, int]:
    """Address (None for every one) and port of `OLLAMA_HOST`."""
    stated = mapping_of(service.get("environment")).get("OLLAMA_HOST")
    match = _ADDRESS.fullmatch(static(stated.text or "").strip()) if stated is not None else None
    if match is None:
        return None, DEFAULT_PORT
    address = (match[1] or "").strip("[]").replace("localhost", "127.0.0.1")
    return None if address in {"", "0.0.0.0", "::"} else address, int(match[2] or DEFAULT_PORT)  # noqa: S104 - compared


_ADDRESS = re.compile(r"(?:https?://)?(\[[0-9a-fA-F:]+\]|[^:/\[\]]*)(?::([0-9]{1,5}))?/?")


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
