"""The JSON Schema of a topology, made from the declarations in `topology`; editors and composegen check against it.

`generate` makes the document that is kept in `schemas/topology.schema.json`; nothing in that file is written by hand.
Beside the standard's keywords it bears `x-expected`: the phrase for what a value must look like.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from composegen.fields import Foreign, KeyLimits, Limits, NotEmpty, Ref, Section
from composegen.shapes import (
    FREE,
    Anything,
    Choice,
    Declared,
    Entries,
    Many,
    Nothing,
    Part,
    Plain,
    Shape,
    Words,
    declared,
    sections,
)
from composegen.topology import Topology
from composegen.validation import validate

__all__ = ["generate", "text", "validate"]

EXPECTED = "x-expected"
"""Keyword that holds the phrase for what a value must look like."""

FREE_KEYS = f"^{FREE}"
"""Keys of sections that are the user's own."""

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def text() -> str:
    """The schema as it is kept in a file."""
    return json.dumps(generate(), indent=2, ensure_ascii=False) + "\n"


def generate() -> dict[str, Any]:
    """The schema, as JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "composegen topology",
        **_section(Topology),
        "$defs": {
            section.__name__: _short_or_section(section) for section in sections(Topology) if section is not Topology
        },
    }


def _short_or_section(section: type[Section]) -> dict[str, Any]:
    """A section, or the one field that a value other than a mapping stands for."""
    if not section.SHORT:
        return _section(section)
    short = next(field for field in declared(section) if field.name == section.SHORT)
    whole = _section(section)
    about = {key: whole.pop(key) for key in ("description", "examples")}
    return {**about, "anyOf": [_shape(short.shape), whole]}


def _section(section: type[Section]) -> dict[str, Any]:
    """The mapping of one section: closed but for `x-` keys."""
    found = declared(section)
    schema = {
        "description": inspect.cleandoc(section.__doc__ or ""),
        "examples": [section.EXAMPLE],
        "type": "object",
        "properties": {field.name: _field(field) for field in found},
        "patternProperties": {FREE_KEYS: {}},
        "additionalProperties": False,
    }
    required = [field.name for field in found if not field.optional]
    return {**schema, "required": required} if required else schema


def _field(field: Declared) -> dict[str, Any]:
    schema = {"description": field.doc, "examples": [field.example], **_shape(field.shape)}
    if field.optional and field.default is not None:
        schema["default"] = _default(field.default)
    return schema


def _default(value: Any) -> Any:
    """A default as it would stand in the file; all defaults of a section are its own, so it is written empty."""
    match value:
        case Section() | Mapping():
            return {}
        case tuple():
            return list(value)
    return value


def _shape(shape: Shape) -> dict[str, Any]:  # noqa: PLR0911 - one for each shape
    """The schema of one shape."""
    match shape:
        case Plain():
            return {"type": _TYPES[shape.kind], **_marks(shape)}
        case Words(words=words):
            return {"enum": list(words)}
        case Nothing():
            return {"type": "null"}
        case Anything():
            return {}
        case Part(section=section):
            return {"$ref": f"#/$defs/{section.__name__}"}
        case Many(item=item):
            return {"type": "array", "items": _shape(item)}
        case Entries():
            return _entries(shape)
        case Choice():
            return _choice(shape)


def _entries(shape: Entries) -> dict[str, Any]:
    foreign = next((mark for mark in shape.marks if isinstance(mark, Foreign)), None)
    if foreign is not None:
        return {"type": "object", EXPECTED: f"a Compose {foreign.schema}", "x-foreign": foreign.schema}
    schema: dict[str, Any] = {"type": "object", "additionalProperties": _shape(shape.value)}
    names = _names(shape)
    if names:
        schema["propertyNames"] = names
    if any(isinstance(mark, NotEmpty) for mark in shape.marks):
        schema |= {"minProperties": 1, EXPECTED: "a mapping with at least one entry"}
    return schema


def _names(shape: Entries) -> dict[str, Any]:
    """What the keys of a mapping must look like."""
    for mark in shape.marks:
        if isinstance(mark, KeyLimits):
            return _limits(mark.limits)
    return _marks(shape.key) if isinstance(shape.key, Plain) else {}


def _choice(shape: Choice) -> dict[str, Any]:
    """Plain scalars without limits are one list of types; all else is a choice of schemas."""
    choices = [_shape(one) for one in shape.shapes]
    if all(choice.keys() == {"type"} for choice in choices):
        types = [choice["type"] for choice in choices]
        return {"type": [name for name in types if name != "integer" or "number" not in types]}
    return {"anyOf": choices}


def _marks(shape: Plain) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for mark in shape.marks:
        if isinstance(mark, Limits):
            schema |= _limits(mark)
        if isinstance(mark, Ref):
            schema |= {EXPECTED: f"a name from `{mark.section}`"}
    return schema


def _limits(limits: Limits) -> dict[str, Any]:
    stated = {"pattern": limits.pattern, "minimum": limits.minimum, "maximum": limits.maximum}
    return {EXPECTED: limits.expected, **{key: value for key, value in stated.items() if value is not None}}
