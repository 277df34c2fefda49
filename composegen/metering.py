"""How much a template of the user's may do: steps, sizes of values, printed text. Jinja is not known here."""

from __future__ import annotations

import re
from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from types import MappingProxyType
from typing import Any

STEPS = 5_000_000
"""Steps for one file: a turn of a loop, a call, a filter, a piece of text. The run book of a thousand hosts with eight
instances each takes more than a third of that."""

LARGEST = 4 * 1024 * 1024
"""Characters and items of a single value; no file of a tree comes near."""

MOST_TEXT = 16 * 1024 * 1024
"""Characters that one file may take to be printed, macros and captured blocks included."""

_CHARACTERS_PER_STEP = 64
_BITS = 4096
_EXPONENT = 64
_GROWTH = 16 * LARGEST
_WIDE = re.compile(r"\*|[0-9]{4}")
"""What makes text wide in a format: a number of four digits, or one that is given elsewhere."""


class ExceededError(OverflowError):
    """A template does more than any template needs; the text says what."""


class Meter:
    """What a template may still do for the file that it makes."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin a file."""
        self._steps, self._text = STEPS, MOST_TEXT

    def step(self, count: int = 1) -> None:
        """Count steps. Raises ExceededError."""
        self._steps -= count
        if self._steps < 0:
            raise ExceededError(f"the template takes more than {STEPS:,} steps for one file")

    def weigh(self, *values: object) -> int:
        """The size of values, in characters and items, and as many steps as it takes to go through them."""
        size, visited = _measured(values)
        if size > LARGEST:
            raise ExceededError(f"a value grows beyond {LARGEST:,} characters or items")
        self.step(1 + visited + size // _CHARACTERS_PER_STEP)
        return size

    def print(self, value: object) -> None:
        """Count a piece of text that is printed. Raises ExceededError."""
        self._text -= self.weigh(value)
        if self._text < 0:
            raise ExceededError(f"the template prints more than {MOST_TEXT:,} characters for one file")


def check_operands(operator: str, left: object, right: object) -> None:
    """Refuse a calculation whose result would be too large. Raises ExceededError."""
    match operator, left, right:
        case "**", _, int() | float() if abs(right) > _EXPONENT:
            raise ExceededError(f"an exponent is at most {_EXPONENT}")
        case "%", str(), _:
            _check_format(left)
        case "*", int(), str() | list() | tuple():
            _check_growth(left, _size(right))
        case "*", str() | list() | tuple(), int():
            _check_growth(right, _size(left))


def check_number(result: object) -> None:
    """Refuse a number that takes long to be calculated with. Raises ExceededError."""
    if isinstance(result, int) and result.bit_length() > _BITS:
        raise ExceededError("a number has more than a thousand digits")


def check_widening(name: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """Refuse a filter whose result may be larger than what it is given by far. Raises ExceededError."""
    given = [one for one in (*arguments, *named.values()) if isinstance(one, str | list | tuple | Mapping | int)]
    if name == "format" and given and isinstance(given[0], str):
        _check_format(given[0])
    first, *others = given or [0]
    factor = max((abs(one) if isinstance(one, int) else _size(one) for one in others), default=0)
    if (_size(first) + 1) * (factor + 1) > _GROWTH:
        raise ExceededError(f"what the filter `{name}` is asked for is too large")


def _check_growth(times: int, size: int) -> None:
    if times * size > LARGEST:
        raise ExceededError(f"what `*` is asked for is larger than {LARGEST:,} characters or items")


def _check_format(form: str) -> None:
    if _WIDE.search(form):
        raise ExceededError(f"the format {form[:80]!r} asks for a width of a thousand or more")


def _size(value: object) -> int:
    """Characters and items of a value, with all in it; beyond `LARGEST` counting stops."""
    return _measured(value)[0]


def _measured(value: object) -> tuple[int, int]:
    """The size of a value, and how many values were looked at for it."""
    size, visited, waiting = 0, 0, [value]
    while waiting and size <= LARGEST:
        visited += 1
        match waiting.pop():
            case str() | bytes() as text:
                size += len(text)
            case dict() | MappingProxyType() as mapping:
                size += len(mapping)
                waiting.extend(mapping)
                waiting.extend(mapping.values())
            case list() | tuple() | set() | frozenset() | KeysView() | ValuesView() | ItemsView() as items:
                size += len(items)
                waiting.extend(items)
            case range() as numbers:
                size += len(numbers)
                visited += len(numbers)
    return size, visited
