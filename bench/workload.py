"""The work: topologies of any size in composegen's language, after the pattern of samples/nfs-replicas."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

FIRST_ADDRESS = ipaddress.IPv4Address("10.0.0.10")
MISTAKES = ("instances: eight", "prot: 11434", "weight: heavy")
"""What stands in a placement instead of something right: a wrong type, a typing error, a wrong type again."""


SETTINGS = {"image": "ollama/ollama:0.32.15", "memory": "16GiB", "keep_alive": "30m", "path": "/opt/ollama-models"}
"""Values of the topology that come back in many files."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a topology is."""

    name: str
    hosts: int
    instances: int
    """Per host."""


SMALL = Size(name="small", hosts=2, instances=2)
MEDIUM = Size(name="medium", hosts=50, instances=8)
LARGE = Size(name="large", hosts=1000, instances=8)
HUGE = Size(name="huge", hosts=10_000, instances=8)
SIZES = (SMALL, MEDIUM, LARGE, HUGE)


def host(number: int) -> str:
    """Name of the host of that number; numbers start at 1."""
    return f"host{number:05d}"


def address(number: int) -> str:
    """Address of the host of that number."""
    return str(FIRST_ADDRESS + number - 1)


def topology(size: Size, *, mistakes: int = 0, changed: bool = False) -> str:
    """A topology: one writer, all others read its store over NFS, Traefik in front of all.

    With `mistakes`, so many hosts hold one mistake each. With `changed`, one line differs: a host has an instance less.
    """
    return "".join(
        f"{line}\n"
        for part in (_hosts(size), _service(), _placements(size, mistakes, changed=changed), _gateway())
        for line in part
    )


def _hosts(size: Size) -> Iterator[str]:
    yield "name: ollama"
    yield "hosts:"
    for number in range(1, size.hosts + 1):
        yield f"  {host(number)}: {{address: {address(number)}, ssh: ops@{address(number)}}}"


def _service() -> Iterator[str]:
    yield "stores:"
    yield f"  models: {{kind: nfs, server: {host(1)}, path: {SETTINGS['path']}, mount: fstab}}"
    yield "services:"
    yield "  ollama:"
    yield f"    image: {SETTINGS['image']}"
    yield "    store: models"
    yield f"    memory: {SETTINGS['memory']}"
    yield f"    environment: {{OLLAMA_KEEP_ALIVE: {SETTINGS['keep_alive']}}}"
    yield "    models: [mistral:7b, llama2:7b]"
    yield "    init: {attempts: 5, deadline: 45m, pull: missing}"


def _placements(size: Size, mistakes: int, *, changed: bool) -> Iterator[str]:
    yield "    hosts:"
    every = size.hosts // mistakes if mistakes else size.hosts + 1
    for number in range(1, size.hosts + 1):
        fields = {"instances": str(size.instances), "port": "11434", "weight": "2"}
        if changed and number == size.hosts:
            fields["instances"] = str(size.instances - 1)
        nth, rest = divmod(number, every)
        if rest == 0 and nth <= mistakes:
            key, _, value = MISTAKES[nth % len(MISTAKES)].partition(": ")
            fields[key] = value
        yield f"      {host(number)}: {{{', '.join(f'{key}: {value}' for key, value in fields.items())}}}"


def _gateway() -> Iterator[str]:
    yield "gateway:"
    yield f"  host: {host(1)}"
    yield "  hostname: ollama.local"
    yield "  entrypoint: {name: ollama, port: 11400}"
    yield '  traefik: {version: "3.7.15", run: true}'
    yield "  admin: {users: secrets/traefik.users, allow: [10.0.0.0/8]}"
    yield "  balance: wrr"
    yield "  retry: 3"
