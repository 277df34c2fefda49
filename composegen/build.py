"""From schema-valid data to a `Topology`, by reflection over its declarations.

This never fails on data that the schema admits.
Services get their defaults, short forms are written out, and every section knows where it stands in the file. Lists
become tuples and mappings read-only; `x-` keys of sections are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from composegen.fields import Foreign, Named, Section, Verbatim
from composegen.inheritance import SERVICES, merged, written_out
from composegen.shapes import Choice, Entries, Many, Nothing, Part, Plain, Shape, Words, declared, is_of
from composegen.topology import ServiceDefaults, Topology

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.keypath import KeyPath
    from composegen.scalars import Scalar

_ENVIRONMENT = "environment"


def build(document: Document) -> Topology:
    """The topology of a document in which validation found no error."""
    services, origins = merged(document.data)
    data = {**document.data, SERVICES: services}
    topology = _Builder(document=document, origins=origins).section(Topology, data, ())
    assert isinstance(topology, Topology)  # for the type checker
    return topology


class _Builder(Struct, frozen=True, kw_only=True):
    """Builds values; a path is one in the merged data, and `origins` says what stands elsewhere in the file."""

    document: Document
    origins: Mapping[KeyPath, KeyPath]

    def section(self, section: type[Section], data: Mapping[str, Any], path: KeyPath) -> Section:
        """One section; what is left out takes its default."""
        stated = {
            field.name: self._value(field.shape, data[field.name], (*path, field.name))
            for field in declared(section)
            if field.name in data
        }
        if issubclass(section, Named) and section is not ServiceDefaults:
            stated["name"] = str(path[-1])
        return section(origin=self._origin(path), **stated)

    def _value(self, shape: Shape, value: Any, path: KeyPath) -> Any:
        match shape:
            case Part(section=section):
                return self.section(section, written_out(value, shape), path)
            case Many(item=item):
                return tuple(self._value(item, one, (*path, index)) for index, one in enumerate(value))
            case Entries(value=inner):
                return self._entries(shape, inner, value, path)
            case Choice():
                return self._choice(shape, value, path)
            case Plain(kind=kind) if kind is int:
                return int(value)
        return value

    def _entries(self, shape: Entries, inner: Shape, value: Mapping[str, Any], path: KeyPath) -> Any:
        if any(isinstance(mark, Foreign) for mark in shape.marks):
            return self._foreign(value, path)
        return MappingProxyType({key: self._value(inner, one, (*path, key)) for key, one in value.items()})

    def _choice(self, shape: Choice, value: Any, path: KeyPath) -> Any:
        if any(isinstance(mark, Verbatim) for mark in shape.marks):
            return self._verbatim(value, path)
        chosen = next((one for one in shape.shapes if _fits(one, value)), None)
        return value if chosen is None else self._value(chosen, value, path)

    def _verbatim(self, value: Scalar, path: KeyPath) -> str:
        """A scalar as the text that stands in the file."""
        return value if isinstance(value, str) else self.document.texts.get(self._origin(path), str(value))

    def _foreign(self, value: Any, path: KeyPath) -> Any:
        """Somebody else's language, read-only, in an order of its own: that in the file must not move a line.

        The values of `environment` are text, as everywhere.
        """
        match value:
            case Mapping():
                keys = sorted(value, key=_rank)
                return MappingProxyType({key: self._foreign(value[key], (*path, key)) for key in keys})
            case list():
                return tuple(self._foreign(one, (*path, index)) for index, one in enumerate(value))
            case bool() | int() | float() if len(path) > 1 and path[-2:-1] == (_ENVIRONMENT,):
                return self._verbatim(value, path)
        return value

    def _origin(self, path: KeyPath) -> KeyPath:
        """Where something stands in the file: in its own place, or where it is inherited from."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return (*self.origins[path[:length]], *path[length:])
        return path


def _rank(key: str) -> tuple[bool, str]:
    """What a container is made of comes first, as people write it; all other keys by name."""
    return key not in ("build", "image"), key


def _fits(shape: Shape, value: Any) -> bool:  # noqa: PLR0911 - one for each shape
    """Whether this branch of a choice is meant, on valid data."""
    match shape:
        case Plain(kind=kind):
            return is_of(kind, value)
        case Words(words=words):
            return any(value == word and type(value) is type(word) for word in words)
        case Nothing():
            return value is None
        case Many():
            return isinstance(value, list)
        case Entries():
            return isinstance(value, Mapping)
        case Part(section=section):
            return _fits_section(section, value)
        case Choice(shapes=shapes):
            return any(_fits(one, value) for one in shapes)
    return True


def _fits_section(section: type[Section], value: Any) -> bool:
    if not isinstance(value, Mapping):
        return bool(section.SHORT)
    kinds = [field.shape for field in declared(section) if field.name == "kind"]
    return all(isinstance(kind, Words) and value.get("kind") in kind.words for kind in kinds)
