"""Who uses a store, and who writes it. Not a rule."""

from __future__ import annotations

from collections.abc import Iterator

from composegen.keypath import KeyPath
from composegen.topology import NfsStore, Service, Store, Topology


def used(topology: Topology) -> Iterator[tuple[Store, tuple[Service, ...]]]:
    """Every store that services name, with these services."""
    for name, store in topology.stores.items():
        users = tuple(service for service in topology.services.values() if service.store == name)
        if users:
            yield store, users


def writing(services: tuple[Service, ...]) -> tuple[Service, ...]:
    """Those that do not say `writer: none`."""
    return tuple(service for service in services if service.writer != "none")


def stated_writer(service: Service) -> str | None:
    """The host that a service names as its writer."""
    return None if service.writer == "none" else service.writer


def claim(service: Service) -> KeyPath:
    """Where a service becomes a user of its store: what to change when it should be a reader."""
    return service.at("store" if service.writer is None else "writer")


def is_nfs(topology: Topology, service: Service) -> bool:
    """Whether the service keeps its models in an nfs store."""
    return isinstance(topology.stores.get(service.store or ""), NfsStore)


def stores_in(source: str) -> tuple[str, ...]:
    """Where `migrate-models.sh` looks for stores in an old folder or volume: at its top, and as Ollama makes them."""
    return tuple(source + within for within in ("", "/models", "/.ollama/models"))
