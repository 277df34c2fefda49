"""What users write under `compose:`, with the names that exist beside it in the Compose files. Not a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from composegen.keypath import KeyPath
from composegen.plan import HostPlan, Plan
from composegen.topology import App, Service

EACH = "*"
"""Stands in a pattern for every entry of a list or a mapping."""


class Written(Struct, frozen=True, kw_only=True):
    """The `compose:` of one service or app, and the hosts in whose files it stands."""

    owner: Service | App
    hosts: tuple[HostPlan, ...]

    @property
    def keys(self) -> Mapping[str, Any]:
        """The keys themselves."""
        return self.owner.compose

    @property
    def whose(self) -> str:
        """The owner, in words."""
        return f"{'app' if isinstance(self.owner, App) else 'service'} `{self.owner.name}`"

    def at(self, *keys: str | int) -> KeyPath:
        """The key path of something under this `compose:`."""
        return self.owner.at("compose", *keys)


def written(plan: Plan) -> Iterator[Written]:
    """Every `compose:` that is not empty, those of services first."""
    for service in plan.topology.services.values():
        if service.compose:
            yield Written(owner=service, hosts=tuple(plan.host(name) for name in service.hosts))
    for app in plan.topology.apps.values():
        yield Written(owner=app, hosts=(plan.host(app.host),))


def found(value: Any, pattern: Sequence[str], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """The values at the paths that fit a pattern, with their paths; nothing where the shape is another one."""
    if not pattern:
        yield path, value
        return
    first, rest = pattern[0], pattern[1:]
    for key, child in _children(value):
        if first in (EACH, key):
            yield from found(child, rest, (*path, key))


def at_path(value: Any, *keys: str) -> Any:
    """What stands at one path; None where nothing does."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    match value:
        case Mapping():
            yield from value.items()
        case list() | tuple():
            yield from enumerate(value)
