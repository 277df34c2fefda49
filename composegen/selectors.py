"""Key paths with patterns in them, as patches use them: `services.*.labels`, `http.routers.*.middlewares[0]`.

They are written as findings write key paths; a key with other characters stands in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from composegen.keypath import KeyPath

_STEP = re.compile(
    r'(?P<dot>\.)?(?:(?P<plain>[^.\[\]"\s]+)|"(?P<quoted>(?:[^"\\]|\\.)+)")'
    r"|\[(?:(?P<index>[0-9]{1,6})|(?P<each>\*)|(?P<key>[^=\]]+)=(?P<value>[^\]]*))\]"
)


class Key(Struct, frozen=True, kw_only=True):
    """A key of a mapping; in a pattern `*` stands for any characters."""

    text: str
    is_pattern: bool = False


class Item(Struct, frozen=True, kw_only=True):
    """Items of a list: the one of that number, or all, or those that are mappings with that value at that key."""

    index: int | None = None
    key: str = ""
    value: str = ""


Step = Key | Item
Selector = Sequence[Step]


def parse(text: str) -> Selector | None:
    """The steps of a path; None for a text that is none."""
    steps: list[Step] = []
    place = 0
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None or (not found[0].startswith("[") and bool(found["dot"]) != bool(steps)):
            return None
        steps.append(_step(found))
        place = found.end()
    return tuple(steps) or None


def _step(found: re.Match[str]) -> Step:
    if found["plain"]:
        return Key(text=found["plain"], is_pattern="*" in found["plain"])
    if found["quoted"]:
        return Key(text=re.sub(r"\\(.)", r"\1", found["quoted"]))
    if found["index"]:
        return Item(index=int(found["index"]))
    return Item(key=found["key"] or "", value=found["value"] or "")


def at(data: Any, path: KeyPath) -> Any:
    """What stands at a place."""
    for step in path:
        data = data[step]
    return data


def select(data: Any, selector: Selector, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The places that a selector finds in plain data, in their order."""
    if not selector:
        yield path
        return
    for key, value in _below(data, selector[0]):
        yield from select(value, selector[1:], (*path, key))


def _below(data: Any, step: Step) -> Iterator[tuple[str | int, Any]]:
    match data, step:
        case dict(), Key(text=text, is_pattern=False) if text in data:
            yield text, data[text]
        case dict(), Key(text=text, is_pattern=True):
            yield from ((key, value) for key, value in data.items() if fits(text, key))
        case list(), Item():
            yield from ((index, value) for index, value in enumerate(data) if _is_item(step, index, value))


def _is_item(step: Item, index: int, value: Any) -> bool:
    if step.index is not None:
        return step.index == index
    return not step.key or (isinstance(value, dict) and step.key in value and str(value[step.key]) == step.value)


def fits(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern, in time that grows with the two lengths only."""
    if "*" not in pattern:
        return pattern == text
    first, *middle, last = pattern.split("*")
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    place, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True
