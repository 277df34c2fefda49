"""Generated YAML as plain data, read quickly: no places are kept, as nobody is told where in a generated file he is.

Files of others, with anchors and merge keys, are read the long way. What is no YAML of one document reads as None.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from composegen import document, stream
from composegen.scalars import resolve


class _UnreadableError(Exception):
    """The text holds what generated files never do."""


def read(data: bytes) -> Any:
    """The data of a YAML file; None when it cannot be read, or is empty."""
    try:
        return _document(stream.quick(data.decode()))
    except (UnicodeDecodeError, stream.RefusedError, RecursionError):
        return None
    except _UnreadableError:
        return _of_others(data)


def _of_others(data: bytes) -> Any:
    """The data of a file that composegen did not write; None where anything in it cannot be followed."""
    parsed, findings = document.parse("", data, "Compose file")
    return None if parsed is None or findings else parsed.data


def section(data: Any, key: str) -> dict[str, Any]:
    """The mapping below a key; an empty one when there is none."""
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _document(events: Iterator[stream.Event]) -> Any:
    for event in events:
        if type(event).__name__ in _BEGINS:
            return _value(event, events)
    return None


_BEGINS = frozenset({"ScalarEvent", "MappingStartEvent", "SequenceStartEvent", "AliasEvent"})


def _value(event: stream.Event, events: Iterator[stream.Event]) -> Any:
    if getattr(event, "anchor", None) or getattr(event, "tag", None):
        raise _UnreadableError
    match type(event).__name__:
        case "ScalarEvent":
            return resolve(event.value) if event.implicit[0] else event.value
        case "MappingStartEvent":
            return dict(_entries(events))
        case "SequenceStartEvent":
            return list(_items(events))
    raise _UnreadableError


def _entries(events: Iterator[stream.Event]) -> Iterator[tuple[str, Any]]:
    for event in events:
        match type(event).__name__:
            case "MappingEndEvent":
                return
            case "ScalarEvent":
                yield event.value, _value(next(events), events)
            case _:
                raise _UnreadableError


def _items(events: Iterator[stream.Event]) -> Iterator[Any]:
    for event in events:
        if type(event).__name__ == "SequenceEndEvent":
            return
        yield _value(event, events)
