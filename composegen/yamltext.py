"""Values as YAML text that every reader understands alike, whichever version of YAML it speaks.

Text stands plain only where neither a YAML 1.1 nor a YAML 1.2 reader can take it for anything else; everything else is
double-quoted. This module knows YAML, and nothing of the programs that read it: `Style` carries what they ask for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

_PLAIN = re.compile(r"(?:[A-Za-z_/]|\./)[A-Za-z0-9_./@+=-]*(?::[A-Za-z0-9_./@+=-]+)*")
_MEASURE = re.compile(r"[0-9]{1,9}(?:ms|s|m|h|[KMGT]i?B)")
_OPTION = re.compile(r"--[A-Za-z][A-Za-z0-9-]*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What YAML 1.1 takes for a boolean or for nothing, in lower case."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def _same(text: str) -> str:
    return text


def _refuse(value: object) -> str:
    raise TypeError(f"{value!s:.80} has no form in YAML")


_REMEMBERED = 1 << 16
"""Texts whose form is kept: the files of many hosts hold the same words over and over."""


class Style(Struct, frozen=True, kw_only=True, eq=False):
    """What a reader wants beyond YAML."""

    literal: Callable[[str], str] = _same
    """Text of a value as the reader must find it to understand that text (keys are taken as they are)."""

    escaped: Mapping[str, str] = field(default_factory=lambda: _ESCAPES)
    """Characters that always stand escaped in double quotes, and force the double quotes."""

    other: Callable[[object], str] = _refuse
    """Values that are no YAML: returns the text between the quotes, or raises TypeError."""


PLAIN_YAML = Style()


def scalar(value: object, style: Style = PLAIN_YAML) -> str:
    """One value on one line: null, a boolean, a number, or text."""
    match value:
        case str():
            return literal(value, style)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number(value)
        case _:
            return quoted(style.other(value), style)


@lru_cache(maxsize=_REMEMBERED)
def literal(text: str, style: Style = PLAIN_YAML) -> str:
    """Text on one line, as it is or in double quotes."""
    return _text(style.literal(text), style)


@lru_cache(maxsize=_REMEMBERED)
def quoted(text: str, style: Style = PLAIN_YAML) -> str:
    """Text in double quotes, with everything escaped that is not printable."""
    return '"' + "".join(_escaped(character, style) for character in text) + '"'


def flow(value: Any, style: Style = PLAIN_YAML) -> str:
    """Any value on one line; text in a list is always quoted, so that a command reads like one."""
    match value:  # `{}` is any mapping, `[*_]` any sequence; asking for the classes of these names takes far longer
        case str():
            return literal(value, style)
        case {}:
            return "{" + ", ".join([f"{_key(key, style)}: {flow(item, style)}" for key, item in value.items()]) + "}"
        case [*_]:
            return "[" + ", ".join([_member(item, style) for item in value]) + "]"
        case _:
            return scalar(value, style)


def block(value: Any, indent: int, style: Style = PLAIN_YAML) -> str:
    """A value over several lines; the first one bears no indent, all others are `indent` spaces in."""
    match value:
        case {} if value:
            return _joined([f"{_key(key, style)}:{_entry(item, indent, style)}" for key, item in value.items()], indent)
        case [*_] if value:
            return _joined([f"- {block(item, indent + 2, style)}" for item in value], indent)
        case _:
            return flow(value, style)


def _joined(entries: list[str], indent: int) -> str:
    return f"\n{' ' * indent}".join(entries)


def _entry(value: Any, indent: int, style: Style) -> str:
    """What stands after the colon of a key that is `indent` spaces in."""
    match value:
        case {} | [*_] if value:
            return f"\n{' ' * (indent + 2)}{block(value, indent + 2, style)}"
        case _:
            return f" {flow(value, style)}"


def _member(value: object, style: Style) -> str:
    return quoted(style.literal(value), style) if isinstance(value, str) else flow(value, style)


def _key(key: object, style: Style) -> str:
    return _text(key, style) if isinstance(key, str) else scalar(key, style)


@lru_cache(maxsize=_REMEMBERED)
def _text(text: str, style: Style) -> str:
    if any(character in text for character in style.escaped) or not _is_plain(text):
        return quoted(text, style)
    return text


def _is_plain(text: str) -> bool:
    if _MEASURE.fullmatch(text) or _OPTION.fullmatch(text):
        return True
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _WORDS


def _escaped(character: str, style: Style) -> str:
    if character in style.escaped:
        return style.escaped[character]
    if character.isprintable():
        return character
    return _escape(ord(character))


def _escape(code: int) -> str:
    digits = f"{code:x}"
    mark, width = next((mark, width) for mark, width in (("x", 2), ("u", 4), ("U", 8)) if len(digits) <= width)
    return f"\\{mark}{digits:0>{width}}"


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    digits, mark, exponent = repr(value).partition("e")
    # YAML 1.1 reads `1e+22` as text: it wants a point.
    return digits + (mark and (".0" if "." not in digits else "") + mark + exponent)
