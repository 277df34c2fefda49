"""Other machines beside the one that a space is: network namespaces, each with addresses of its own.

What runs in the space itself is the host; requests of the host to itself pass no firewall. A neighbour comes in from
outside, as clients and the gateway do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.engines.space import Space

ASK = "exec 3<>/dev/tcp/$1/$2 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3"
"""Asks a port in bash, as no machine has curl for certain."""


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A machine beside the host; it ends with the space."""

    space: Space
    name: str

    def asks(self, address: str, port: int) -> str:
        """The first line of what a port answers to HTTP, or why there is none."""
        return asked(self.space, address, port, "ip", "netns", "exec", self.name)


def asked(space: Space, address: str, port: int, *place: str) -> str:
    """What a port answers when it is asked from the host, or from a place on it."""
    done = space.run(*place, "timeout", "10", "bash", "-c", ASK, "bash", address, str(port), seconds=30)
    return (done.stdout or done.stderr or f"nothing, exit code {done.returncode}").splitlines()[0].strip()


def lan(space: Space, addresses: Sequence[str]) -> None:
    """Put the host on a network, with addresses of its own. The switch is no part of the host: it filters nothing."""
    space.must("mkdir", "-p", "/run/netns")
    space.must("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
    space.must("ip", "netns", "add", "switch")
    space.must("ip", "-n", "switch", "link", "add", "switch", "type", "bridge")
    space.must("ip", "-n", "switch", "link", "set", "switch", "up")
    space.must("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "host", "netns", "switch")
    _plug(space, "host", ("ip",), "lan0", addresses)


def neighbour(space: Space, name: str, addresses: Sequence[str]) -> Neighbour:
    """A machine on that network; `addresses` are with the length of their prefix."""
    space.must("ip", "netns", "add", name)
    space.must("ip", "-n", name, "link", "add", "lan0", "type", "veth", "peer", "name", name, "netns", "switch")
    _plug(space, name, ("ip", "-n", name), "lan0", addresses)
    return Neighbour(space=space, name=name)


def _plug(space: Space, port: str, there: Sequence[str], interface: str, addresses: Sequence[str]) -> None:
    space.must("ip", "-n", "switch", "link", "set", port, "master", "switch", "up")
    space.must(*there, "link", "set", "lo", "up")
    space.must(*there, "link", "set", interface, "up")
    for address in addresses:
        space.must(*there, "address", "add", address, "dev", interface, *(["nodad"] if ":" in address else []))
