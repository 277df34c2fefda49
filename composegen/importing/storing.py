"""The stores of a topology, from the mounts of the servers: what is shared, who writes it, what has to be copied."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct, field

from composegen.importing.draft import Draft
from composegen.importing.mounts import StoreMount
from composegen.importing.names import base, free
from composegen.importing.notes import Account
from composegen.importing.placing import Group
from composegen.importing.servers import Server
from composegen.importing.spots import mapping_of
from composegen.importing.stacks import Stack
from composegen.resolve.stores import NFS_OPTIONS


class Plan(Struct, frozen=True, kw_only=True):
    """What is known when the topology is drafted."""

    project: str
    stacks: Sequence[Stack]
    addresses: Mapping[str, str]
    """Host names to addresses, as far as they are known."""
    groups: Sequence[Group]
    weights: Mapping[tuple[str, int], int]
    """Share of the requests by host and port, from a gateway."""
    models: Mapping[tuple[str, str], Sequence[str]]
    """What containers of their own pull, by host and server."""
    account: Account

    def servers(self, host: str) -> list[Server]:
        """All servers of a host."""
        return [server for group in self.groups for server in group.servers if server.host == host]


class Stores(Struct, kw_only=True):
    """Gives every service its store; services on one store have one writer."""

    plan: Plan
    draft: Draft
    _known: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Names of stores by what they are."""

    def of(self, group: Group) -> dict[str, Any]:
        """`store`, `writer` and `migrate_from` of a service."""
        mounts = [server.mount for server in group.servers if server.mount is not None]
        self._note_writers(group)
        if not mounts:
            return {}
        sources = list(
            dict.fromkeys(
                (mount.kind, self._path(mount) if mount.kind != "volume" else mount.source) for mount in mounts
            )
        )
        if mounts[0].kind == "nfs":
            return self._nfs(group, mounts[0], self._path(mounts[0]))
        if mounts[0].kind == "directory" and len(sources) == 1:
            return self._directory(group, mounts[0])
        return self._volume(group, mounts)

    def _note_writers(self, group: Group) -> None:
        writing = [server for server in group.servers if server.mount is not None and not server.mount.read_only]
        for server in writing[1:]:
            if server.mount is not None:
                self.plan.account.different(
                    server.mount.place,
                    f"`{server.name}` no longer writes the models",
                    "Ollama has no lock across servers: one instance writes, all others mount the store read-only",
                )

    def _path(self, mount: StoreMount) -> str:
        path = PurePosixPath(mount.source) / mount.below
        if not path.is_absolute():
            folder = PurePosixPath("/opt", self.plan.project)
            self.plan.account.todo(
                mount.place,
                f"move `{mount.source}` to {folder}, or state `directory:` and the path of the store",
                "a path relative to the Compose file; the generated one lies in the `directory:` of the host",
            )
            path = folder / path
        kept: list[str] = []
        for part in path.parts:
            kept = kept[:-1] if part == ".." else [*kept, part]
        return str(PurePosixPath("/", *kept))

    def _shared(
        self, identity: tuple[str, ...], definition: Mapping[str, Any], wish: str, mount: StoreMount
    ) -> dict[str, Any]:
        """A store by name; its first service writes, all others read."""
        if identity in self._known:
            return {"store": self._known[identity], "writer": "none"}
        name = free(wish, {*self._known.values(), *self._volumes()})
        self._known[identity] = name
        self.draft.put(("stores", name), dict(definition), mount.place)
        return {"store": name}

    def _volumes(self) -> set[str]:
        """Names of all volumes in the files: a store of such a name would be that volume."""
        return {name for stack in self.plan.stacks for name in mapping_of(stack.root.get("volumes"))}

    def _directory(self, group: Group, mount: StoreMount) -> dict[str, Any]:
        path = self._path(mount)
        writing = {server.host for server in group.servers if server.mount and not server.mount.read_only}
        hosts = {run.host for run in group.runs}
        if len(hosts) > 1 and len(writing) == 1:
            server = next(iter(writing))
            self.plan.account.taken(
                mount.place,
                f"`{mount.source}` -> a store that `{server}` exports over NFS",
                f"only `{server}` writes it, and the others mount the same folder read-only: it is taken for one",
            )
            return self._shared(("nfs", path), {"kind": "nfs", "server": server, "path": path}, "models", mount)
        self.plan.account.taken(mount.place, f"`{mount.source}` -> a store in the folder {path}")
        return self._shared(("directory", path), {"kind": "directory", "path": path}, "models", mount)

    def _nfs(self, group: Group, mount: StoreMount, path: str) -> dict[str, Any]:
        server = next((host for host, address in self.plan.addresses.items() if address == mount.server), None)
        definition: dict[str, Any] = {"kind": "nfs", "path": path, "mount": "volume"}
        definition |= {"server": server} if server else {"external": mount.server}
        if server not in {run.host for run in group.runs}:
            writing = [one.host for one in group.servers if one.mount and not one.mount.read_only]
            definition["writer"] = (writing or [group.runs[0].host])[0]
        self.plan.account.taken(mount.place, f"`{mount.source}` of {mount.server} -> an NFS store that Docker mounts")
        self._tell_options(group)
        return self._shared(("nfs", mount.server, path), definition, "models", mount)

    def _tell_options(self, group: Group) -> None:
        """Say which options of mounts become others."""
        for mount in (server.mount for server in group.servers if server.mount is not None):
            other = [f"`{option}`" for option in mount.options if option not in NFS_OPTIONS.split(",")]
            if other:
                self.plan.account.different(mount.place, f"mount options {', '.join(other)}", _MOUNTED)

    def _volume(self, group: Group, mounts: Sequence[StoreMount]) -> dict[str, Any]:
        """A volume of composegen's; models of the old ones are copied into it, unless it is the old one itself."""
        first = mounts[0]
        old = list(dict.fromkeys(self._old(mount) for mount in mounts))
        as_it_is = (
            len(old) == 1
            and not first.below
            and not first.docker_name
            and re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", first.source)
        )
        identity = ("volume", base(first.source))
        if as_it_is and first.kind == "volume":
            self.plan.account.taken(
                first.place, f"volume `{first.source}` -> the store `{first.source}`, the same volume"
            )
            if identity not in self._known:
                self._known[identity] = first.source
                self.draft.put(("stores", first.source), {"kind": "volume"}, first.place)
                return {"store": first.source}
            return {"store": self._known[identity], "writer": "none"}
        why = _HOME if first.below else _CALLED
        for mount in mounts:
            self.plan.account.different(mount.place, f"models move from `{self._old(mount)}` into a store", why)
        self.plan.account.todo(
            None,
            "run migrate-models.sh on each host that writes a store, before `up`",
            "it copies the models; the old volumes are only read",
        )
        implicit = f"{group.name}-models"
        used = identity in self._known or self._elsewhere(group, identity) or implicit in self._volumes()
        stated = self._shared(identity, {"kind": "volume"}, "models", first) if used else {}
        return stated | ({"migrate_from": old} if stated.get("writer") != "none" else {})

    def _old(self, mount: StoreMount) -> str:
        return (mount.docker_name or mount.source) if mount.kind == "volume" else self._path(mount)

    def _elsewhere(self, group: Group, identity: tuple[str, ...]) -> bool:
        """Whether another service is on the same volume."""
        others = [server.mount for other in self.plan.groups if other is not group for server in other.servers]
        return any(mount is not None and ("volume", base(mount.source)) == identity for mount in others)


_MOUNTED = "composegen mounts with NFS 4.2 and `hard`: a server that is away for a while makes nothing fail that waits"
_HOME = "the old one holds Ollama's whole home, with its private key; a store holds models only, one copy for all"
_CALLED = "a store is a volume that is called as the store is, and this one has a name that no store can have here"
