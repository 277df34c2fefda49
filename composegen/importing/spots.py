"""Values of imported files that know where they stand. Reading a value of another kind than expected gives nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from composegen import document
from composegen.document import Document

if TYPE_CHECKING:
    from composegen.findings import Findings
    from composegen.keypath import KeyPath


class Place(Struct, frozen=True, kw_only=True):
    """A line, from 1, of a file as the user named it."""

    file: str
    line: int

    def __str__(self) -> str:
        """As compilers write it: `compose.yaml:12`."""
        return f"{self.file}:{self.line}"


class Spot(Struct, frozen=True, kw_only=True):
    """A value and its place; `value` is a dict or list of spots, or a scalar. `source`: a plain scalar as written."""

    value: Any
    place: Place
    source: str | None = None

    def get(self, *keys: str) -> Spot | None:
        """What stands below these keys; None where something on the way is missing or no mapping."""
        spot: Spot | None = self
        for key in keys:
            spot = spot.value.get(key) if spot is not None and isinstance(spot.value, dict) else None
        return spot

    def text_at(self, *keys: str) -> str:
        """The scalar below these keys as it was written; "" where there is none."""
        spot = self.get(*keys)
        return (spot.text or "") if spot is not None else ""

    def items(self) -> Iterator[tuple[str, Spot]]:
        """Keys and values of a mapping; nothing of anything else."""
        if isinstance(self.value, dict):
            yield from self.value.items()

    def each(self) -> Iterator[Spot]:
        """The members of a list; nothing of anything else."""
        if isinstance(self.value, list):
            yield from self.value

    def words(self) -> list[str]:
        """The texts of a list of scalars, or the one text of a scalar."""
        spots = self.value if isinstance(self.value, list) else [self]
        return [text for spot in spots if (text := spot.text) is not None]

    @property
    def text(self) -> str | None:
        """A scalar as it was written; None for nothing, mappings and lists."""
        if self.value is None or isinstance(self.value, (dict, list)):
            return None
        if self.source is not None:
            return self.source
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)

    @property
    def is_mapping(self) -> bool:
        """Whether it holds keys."""
        return isinstance(self.value, dict)

    def plain(self) -> Any:
        """The value without places."""
        match self.value:
            case dict():
                return {key: spot.plain() for key, spot in self.value.items()}
            case list():
                return [spot.plain() for spot in self.value]
            case value:
                return value

    def without(self, *keys: str) -> Spot:
        """A mapping less some keys."""
        if not isinstance(self.value, dict):
            return self
        return Spot(value={key: spot for key, spot in self.value.items() if key not in keys}, place=self.place)


def read(name: str, data: bytes) -> tuple[Spot | None, Document | None, Findings]:
    """A file of somebody else's as spots, with its document for the reports; no spot where anything is wrong."""
    parsed, findings = document.parse(name, data, "Compose file")
    if parsed is None or findings:
        return None, parsed, findings
    return _spot(parsed, parsed.data, ()), parsed, ()


def _spot(parsed: Document, value: Any, path: KeyPath) -> Spot:
    """A value and all below it; recursion ends at the depth that the reader allows."""
    span = parsed.keys.get(path) or parsed.values[path]
    place = Place(file=parsed.name, line=span.line)
    match value:
        case dict():
            return Spot(value={key: _spot(parsed, item, (*path, key)) for key, item in value.items()}, place=place)
        case list():
            return Spot(value=[_spot(parsed, item, (*path, i)) for i, item in enumerate(value)], place=place)
        case _:
            return Spot(value=value, place=place, source=parsed.texts.get(path))


def mapping_of(spot: Spot | None) -> Mapping[str, Spot]:
    """A mapping, or a list of `NAME=value` or `NAME` read as one, as for `environment` and `labels`."""
    if spot is None:
        return {}
    if spot.is_mapping:
        return dict(spot.items())
    found: dict[str, Spot] = {}
    for entry in spot.each():
        name, equals, value = (entry.text or "").partition("=")
        if name.strip():
            found[name.strip()] = Spot(value=value if equals else None, place=entry.place)
    return found
