"""What a plain (unquoted) scalar means by the core schema of YAML 1.2: https://yaml.org/spec/1.2.2/#103-core-schema.

There are no dates, no sexagesimal numbers and no `yes` here: those are YAML 1.1, and text in YAML 1.2.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {text: text.lower() == "true" for text in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_BEGIN = frozenset("-+.0123456789")
"""How numbers begin; most text does not, and is known for text by that."""
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_BASES = {"0o": 8, "0x": 16}
_LONGEST_NUMBER = 300
"""Longer digits stay text: nobody means them, and turning them into numbers takes more than linear time."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    return text if text[0] not in _BEGIN or len(text) > _LONGEST_NUMBER else _number(text)


def _number(text: str) -> str | int | float:
    if _INT.fullmatch(text):
        base = _BASES.get(text[:2])
        return int(text[2:], base) if base else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text in _NAN:
        return float("nan")
    infinite = _SPECIAL.fullmatch(text)
    return float(f"{infinite[1]}inf") if infinite else text
