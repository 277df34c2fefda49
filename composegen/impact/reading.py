"""Generated YAML as plain data, read quickly: no places are kept, as nobody is told where in a generated file he is.

What is not plain YAML of one document (a file that was edited by hand into something else) reads as None.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from composegen import stream
from composegen.scalars import resolve


class _UnreadableError(Exception):
    """The text holds what generated files never do."""


def read(data: bytes) -> Any:
    """The data of a YAML file; None when it cannot be read, or is empty."""
    try:
        return _document(stream.quick(data.decode()))
    except (UnicodeDecodeError, stream.RefusedError, _UnreadableError, RecursionError):
        return None


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
