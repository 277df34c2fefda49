"""Addresses of hosts and ports, compared as the network does and not as text. Not a rule."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address


@cache
def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address that the text spells; None for a DNS name or for nothing."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def normal(text: str) -> IPv4Address | IPv6Address | str:
    """What all spellings of one address have in common; DNS names do not mind upper case."""
    return parsed(text) or text.lower()


def overlap(one: str, other: str) -> bool:
    """Whether a port cannot be published on both: "" is every address, 0.0.0.0 and :: are every one of their family."""
    if not one or not other or one == other:
        return True
    first, second = parsed(one), parsed(other)
    if first is None or second is None or first.version != second.version:
        return False
    return first == second or first.is_unspecified or second.is_unspecified
