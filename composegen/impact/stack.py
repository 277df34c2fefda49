"""What the Compose file of a host says, as far as it matters to what runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from composegen.artifacts import Entry
from composegen.impact import normal
from composegen.impact.reading import read, section

FILE = "compose.yaml"

_DIRECTORY = re.compile(rb"\A# What runs on host .*, for `docker compose` in (/.*)\.\n")
"""The first line of the file says where on the host it belongs."""


class Stack(Struct, frozen=True, kw_only=True):
    """The parts of a Compose file that matter. `directory` is where it is on the host, "" where it does not say."""

    name: str = ""
    directory: str = ""
    services: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    volumes: Mapping[str, Any] = field(default_factory=dict)
    networks: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    configs: Mapping[str, Any] = field(default_factory=dict)
    readable: bool = True

    def volume(self, key: str) -> str:
        """What Docker calls a volume of the file (compose-spec, `07-volumes.md`)."""
        stated = self.volumes.get(key)
        name = stated.get("name") if isinstance(stated, Mapping) else None
        return str(name) if name else key if self.is_external(key) else f"{self.name}_{key}"

    def is_external(self, key: str) -> bool:
        """Whether a volume is somebody else's, so that Compose neither makes nor removes it."""
        stated = self.volumes.get(key)
        return isinstance(stated, Mapping) and bool(stated.get("external"))


def stack(entry: Entry | None) -> Stack:
    """What a file says; no services where there is none, and not readable where it is no Compose file."""
    if entry is None:
        return Stack()
    data = read(entry.data)
    if not isinstance(data, dict):
        return Stack(readable=False)
    header = _DIRECTORY.match(entry.data)
    services = {name: one for name, one in section(data, "services").items() if isinstance(one, dict)}
    return Stack(
        name=str(data.get("name", "")),
        directory=header[1].decode(errors="replace") if header else "",
        services=services,
        volumes=section(data, "volumes"),
        networks=section(data, "networks"),
        secrets=section(data, "secrets"),
        configs=section(data, "configs"),
    )


def is_run(service: Mapping[str, Any] | None) -> bool:
    """Whether `up` runs it: not when it has scale 0, or a profile that must be asked for."""
    if service is None:
        return False
    return containers(service) > 0 and not service.get("profiles")


def containers(service: Mapping[str, Any]) -> int:
    """How many containers `up` runs of a service; 1 where that is no number."""
    deploy = service.get("deploy")
    replicas = deploy.get("replicas") if isinstance(deploy, Mapping) else None
    stated = service.get("scale", replicas)
    return stated if isinstance(stated, int) else int(stated) if str(stated).isdecimal() else 1


def volumes_of(service: Mapping[str, Any]) -> frozenset[str]:
    """The named volumes that a service mounts, by their names in the file."""
    mounts = normal.mounts(service.get("volumes"))
    return frozenset(str(one["source"]) for one in mounts if one.get("type") == "volume" and one.get("source"))


def changed_definitions(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The volumes or networks that both sides have, in different forms."""
    both = (name for name in before if name in after)
    return tuple(name for name in both if normal.definition(before[name]) != normal.definition(after[name]))
