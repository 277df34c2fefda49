"""What services take from `defaults`: mappings are merged by key, lists and scalars replaced, and `null` removes.

Short forms are written out first, so `box: 2` merges with `box: {port: 11500}`. All of this happens on plain data,
which may be wrong in any way: what does not fit the language is left as it is for validation to find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from composegen.shapes import Choice, Entries, Part, Shape, declared
from composegen.topology import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from composegen.keypath import KeyPath

DEFAULTS = "defaults"
SERVICES = "services"

_SERVICE = Part(section=Service)


def merged(data: Any) -> tuple[dict[str, Any], dict[KeyPath, KeyPath]]:
    """The services with their defaults, and where everything stands that they take from there, by its path."""
    origins: dict[KeyPath, KeyPath] = {}
    base = data.get(DEFAULTS, {})
    services = {
        name: _merge(base, service, _SERVICE, ((SERVICES, name), (DEFAULTS,)), origins)
        for name, service in data[SERVICES].items()
    }
    return services, origins


def effective(data: Any) -> Any:
    """The data without each `null` that only takes away what `defaults` states."""
    return _without(data, frozenset(removals(data)))


def removals(data: Any) -> Iterator[KeyPath]:
    """Every `null` in a service that takes away something that `defaults` states."""
    match data:
        case {"defaults": dict() as base, "services": dict() as services}:
            for name, service in services.items():
                yield from _removals(base, service, _SERVICE, (SERVICES, name))


def _merge(base: Any, own: Any, shape: Shape, paths: tuple[KeyPath, KeyPath], origins: dict[KeyPath, KeyPath]) -> Any:
    """`own` over `base`; `paths` are where the two stand."""
    base, own = written_out(base, shape), written_out(own, shape)
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    there, here = paths[1], paths[0]
    result = {}
    for key in [*base, *(key for key in own if key not in base)]:
        if key not in own:
            origins[*here, key] = (*there, key)
            result[key] = base[key]
        elif key not in base:
            result[key] = own[key]
        elif own[key] is not None:
            result[key] = _merge(base[key], own[key], below(shape, key), ((*here, key), (*there, key)), origins)
    return result


def _removals(base: Any, own: Any, shape: Shape, path: KeyPath) -> Iterator[KeyPath]:
    base, own = written_out(base, shape), written_out(own, shape)
    if not isinstance(base, dict) or not isinstance(own, dict):
        return
    for key in own.keys() & base.keys():
        if own[key] is None:
            yield (*path, key)
        else:
            yield from _removals(base[key], own[key], below(shape, key), (*path, key))


def _without(value: Any, paths: frozenset[KeyPath], path: KeyPath = ()) -> Any:
    """The data without some keys; lists are taken as they are."""
    if not paths or not isinstance(value, dict):
        return value
    return {key: _without(item, paths, (*path, key)) for key, item in value.items() if (*path, key) not in paths}


def written_out(value: Any, shape: Shape) -> Any:
    """A short form as the mapping that it stands for; all else as it is."""
    match shape:
        case Part(section=section) if section.SHORT and value is not None and not isinstance(value, dict):
            return {section.SHORT: value}
    return value


def below(shape: Shape, key: str) -> Shape:
    """The shape of what stands under a key; the shape itself where it says nothing of it."""
    match shape:
        case Part(section=section):
            return next((field.shape for field in declared(section) if field.name == key), shape)
        case Entries(value=value):
            return value
        case Choice(shapes=shapes):
            return next((below(one, key) for one in shapes if isinstance(one, Part | Entries)), shape)
    return shape
