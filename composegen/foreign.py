"""The parts of a topology that are written in the language of Compose, made ready to be checked against its schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from composegen.fields import VARIABLE
from composegen.shapes import FREE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from composegen.keypath import KeyPath

_ENVIRONMENT = "environment"


class Fragment(Struct, frozen=True, kw_only=True):
    """A mapping in Compose's language: where it stands, and the definition of Compose's schema that it must fit."""

    path: KeyPath
    schema: str
    data: Any


def fragments(data: Any) -> Iterator[Fragment]:
    """Every part in Compose's language; what is no mapping is left to the schema of topologies."""
    if not isinstance(data, dict):
        return
    yield from _services((), data, ("defaults",))
    for section in ("services", "apps"):
        for name in _mapping(data, section):
            yield from _services((section,), data[section], (name,))
    for name, app in _mapping(data, "apps").items():
        for section, schema in (("volumes", "volume"), ("networks", "network")):
            for key, value in _mapping(app, section).items():
                if isinstance(value, dict):
                    yield Fragment(path=("apps", name, section, key), schema=schema, data=value)


def _services(path: KeyPath, data: Any, keys: tuple[str]) -> Iterator[Fragment]:
    """The `compose:` of one service or app."""
    compose = _mapping(data, keys[0]).get("compose")
    if isinstance(compose, dict):
        yield Fragment(path=(*path, *keys, "compose"), schema="service", data=_without_secrets(compose))


def _without_secrets(compose: dict[str, Any]) -> dict[str, Any]:
    """The same with text in place of each `{secret: NAME}`, which is composegen's own addition."""
    environment = compose.get(_ENVIRONMENT)
    if not isinstance(environment, dict):
        return compose
    return {**compose, _ENVIRONMENT: {key: _plain(value) for key, value in environment.items()}}


def _is_free(key: str) -> bool:
    return key.startswith(FREE)


def _plain(value: Any) -> Any:
    match value:
        case {"secret": str(name), **rest} if re.search(VARIABLE.pattern or "", name):
            return name if all(_is_free(str(key)) for key in rest) else value
    return value


def _mapping(data: Any, key: str) -> dict[str, Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}
