"""The ports that a Compose service of the user's publishes, from the short and the long form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from composegen.fields import LAST_PORT
from composegen.keypath import KeyPath
from composegen.plan import Binding

_SHORT = re.compile(
    r"(?:(?P<address>\[[^\]]+\]|[^:\[\]]+):)?(?:(?P<first>\d+)(?:-(?P<last>\d+))?)?:(?P<inside>\d+)(?:-\d+)?(?:/(?P<protocol>\w+))?"
)


def published(ports: Any, owner: str, origin: KeyPath) -> Iterator[Binding]:
    """Every host port that `ports` takes for certain; ports that Docker chooses at the start are left out."""
    for index, port in enumerate(ports or ()):
        match port:
            case {"published": stated} if stated not in (None, ""):
                first, _, last = str(stated).partition("-")
                address, inside = str(port.get("host_ip", "")), port.get("target", 0)
                protocol = str(port.get("protocol", "tcp"))
            case str() if (found := _SHORT.fullmatch(port)) and found["first"]:
                first, last = found["first"], found["last"] or ""
                address, inside = (found["address"] or "").strip("[]"), found["inside"]
                protocol = found["protocol"] or "tcp"
            case _:
                continue
        yield from _range(first, last, address, inside, protocol, owner, (*origin, index))


def _range(
    first: str, last: str, address: str, inside: Any, protocol: str, owner: str, origin: KeyPath
) -> Iterator[Binding]:
    if not first.isdecimal():
        return
    end = int(last) if last.isdecimal() else int(first)
    if end > LAST_PORT:
        return
    for offset, number in enumerate(range(int(first), end + 1)):
        yield Binding(
            address=address,
            port=number,
            container_port=int(inside) + offset if str(inside).isdecimal() else 0,
            owner=owner,
            protocol=protocol,
            origin=origin,
        )
