"""Plans for the tests of host files and scripts, and the files they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from msgspec.structs import replace

from composegen import artifacts
from composegen.artifacts import Artifact, Entry
from composegen.plan import Plan
from composegen.resolve import resolve
from composegen.topology import (
    Admin,
    EntryPoint,
    Gateway,
    Host,
    Model,
    NfsStore,
    Placement,
    Service,
    Topology,
)
from tests import sampling


def topology(
    *,
    store: NfsStore | None = None,
    addresses: Mapping[str, str] | None = None,
    service: Service | None = None,
    gateway: bool = True,
) -> Topology:
    """server80 exports and writes, server84 reads with three instances, Traefik on server80."""
    found = addresses or {"server80": "10.0.0.80", "server84": "10.0.0.84"}
    return Topology(
        name="ollama",
        hosts={name: Host(name=name, address=address, ssh=f"ops@{name}") for name, address in found.items()},
        stores={"models": store or nfs_store()},
        services={"ollama": service or ollama()},
        gateway=Gateway(
            host="server80",
            hostname="ollama.local",
            entrypoint=EntryPoint(name="ollama", port=11400),
            admin=Admin(users="secrets/traefik.users", allow=("10.0.0.0/24",)),
        )
        if gateway
        else None,
    )


def nfs_store(**changes: object) -> NfsStore:
    """A store exported by server80."""
    store = NfsStore(name="models", kind="nfs", server="server80", path="/opt/ollama-models")
    return replace(store, **changes)


def ollama(**changes: object) -> Service:
    """One instance on server80, three on server84."""
    service = Service(
        name="ollama",
        image="ollama/ollama:0.32.15",
        store="models",
        memory="16GiB",
        models=(Model(name="mistral:7b"), Model(name="llama2:7b")),
        hosts={"server80": Placement(), "server84": Placement(instances=3, weight=2)},
    )
    return replace(service, **changes)


def plan(**parts: object) -> Plan:
    """The plan of `topology(**parts)`."""
    return resolve(topology(**parts), {})  # type: ignore[arg-type]


def render(found: Iterable[Artifact]) -> dict[str, Entry]:
    """The files, by path as text."""
    tree = artifacts.render(found, sampling.templates())
    return {str(PurePosixPath(path)): entry for path, entry in tree.items()}
