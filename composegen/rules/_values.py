"""The texts that the user's own settings put into containers, with their names. Not a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from composegen.environment import of_compose
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.topology import App, Secret, Service


class Value(Struct, frozen=True, kw_only=True):
    """A literal text: the name under which it stands ("" for none), and where."""

    name: str
    text: str
    at: KeyPath
    owner: Service | App

    @property
    def whose(self) -> str:
        """The owner, in words."""
        return f"{'app' if isinstance(self.owner, App) else 'service'} `{self.owner.name}`"


def keys_of_services(plan: Plan) -> Iterator[tuple[str, KeyPath]]:
    """The name of every variable of every service, also of secret ones, and where it stands."""
    for service in plan.topology.services.values():
        yield from ((name, service.at("environment", name)) for name in service.environment)


def of_services(plan: Plan) -> Iterator[Value]:
    """The environment of every service, as the user states it; secrets are none of our business."""
    for service in plan.topology.services.values():
        for name, value in service.environment.items():
            if not isinstance(value, Secret):
                yield Value(name=name, text=str(value), at=service.at("environment", name), owner=service)


def of_apps(plan: Plan) -> Iterator[Value]:
    """The environment of every app, in either form that Compose knows."""
    for app in plan.topology.apps.values():
        origin = app.at("compose", "environment")
        for variable in of_compose(app.compose.get("environment"), origin).values():
            if isinstance(variable.value, str):
                yield Value(name=variable.name, text=variable.value, at=variable.origin, owner=app)


def of_compose_keys(plan: Plan) -> Iterator[Value]:
    """Every text under `compose:`, and in the options of volumes, but for the environment of apps."""
    for service in plan.topology.services.values():
        yield from _walk(service.compose, "", service.at("compose"), service)
    for app in plan.topology.apps.values():
        rest = {name: value for name, value in app.compose.items() if name != "environment"}
        yield from _walk(rest, "", app.at("compose"), app)
        yield from _walk(app.volumes, "", app.at("volumes"), app)


def _walk(value: Any, name: str, at: KeyPath, owner: Service | App) -> Iterator[Value]:
    match value:
        case Mapping():
            for key, child in value.items():
                yield from _walk(child, str(key), (*at, key), owner)
        case list() | tuple():
            for index, child in enumerate(value):
                yield from _walk(child, "", (*at, index), owner)
        case str():
            yield _named(value, name, at, owner)


def _named(text: str, name: str, at: KeyPath, owner: Service | App) -> Value:
    """An entry of a list such as `NAME=value` or `--name=value` names its text itself."""
    before, equals, after = text.partition("=")
    if not name and equals and before.lstrip("-").replace("-", "_").replace(".", "_").isidentifier():
        name, text = before.lstrip("-"), after
    return Value(name=name, text=text, at=at, owner=owner)
