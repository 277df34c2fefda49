"""The schema for one topology: editors complete the names that it gives to hosts, stores and services.

A JSON Schema cannot point from one place of a file to another; so the names that are there are put in as examples. They
complete and never refuse: a name that is added later is no mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from composegen.schema import EXPECTED

SECTIONS = ("hosts", "stores", "services")
"""The top-level sections whose entries are referred to by name."""

Names = Mapping[str, tuple[str, ...]]
"""The names of each top-level section."""


def names(topology: object) -> Names:
    """What a topology calls its hosts, stores and so on; it may be half written."""
    if not isinstance(topology, Mapping):
        return {}
    sections = {section: topology.get(section) for section in SECTIONS}
    return {name: tuple(map(str, entries)) for name, entries in sections.items() if isinstance(entries, Mapping)}


def tailored(schema: object, known: Names) -> Any:
    """The schema with these names wherever it expects one of them; nothing else is changed."""
    match schema:
        case Mapping():
            whole = {key: tailored(value, known) for key, value in schema.items()}
            return {**whole, **_values(whole, known), **_keys(whole, known)}
        case list():
            return [tailored(one, known) for one in schema]
    return schema


def _values(node: Mapping[str, Any], known: Names) -> dict[str, Any]:
    """For a value that is such a name."""
    found = _expected(node, known)
    return {"examples": list(found)} if found else {}


def _keys(node: Mapping[str, Any], known: Names) -> dict[str, Any]:
    """For a mapping whose keys are such names."""
    limits = node.get("propertyNames")
    found = _expected(limits, known) if isinstance(limits, Mapping) else ()
    return {"properties": dict.fromkeys(found, node["additionalProperties"])} if found else {}


def _expected(node: Mapping[str, Any], known: Names) -> Iterable[str]:
    return next((names for section, names in known.items() if node.get(EXPECTED) == f"a name from `{section}`"), ())
