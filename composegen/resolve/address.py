"""Addresses: how containers and users reach a port."""

from __future__ import annotations

import ipaddress
from functools import cache

from composegen.plan import Instance
from composegen.topology import Host


@cache
def is_ip(address: str) -> bool:
    """Whether it is an IP address rather than a name."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


def is_name(address: str) -> bool:
    """Whether it is a DNS name; what is neither name nor address is for a rule to find."""
    return ":" not in address and not is_ip(address) and bool(address.strip("0123456789."))


@cache
def is_loopback(address: str) -> bool:
    """Whether only the machine itself is reached by it."""
    if is_ip(address):
        return ipaddress.ip_address(address).is_loopback
    return address == "localhost" or address.endswith(".localhost")


def unreachable_by(host: Host) -> str | None:
    """The key of a host (`address` or `bind`) that keeps its ports from all other hosts; None when they get through."""
    if is_loopback(host.address):
        return "address"
    return "bind" if host.bind is not None and is_loopback(host.bind) else None


def url(scheme: str, host: str, port: int) -> str:
    """`scheme://host:port`, IPv6 in brackets; the port is always written, since Ollama's client takes 80 for none."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def endpoint_url(instance: Instance) -> str:
    """Base URL of an instance as people reach it: by the host's address, unless it listens on loopback only."""
    address = instance.binding.address
    return url("http", address if is_loopback(address) else instance.host.address, instance.binding.port)
