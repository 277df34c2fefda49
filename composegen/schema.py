"""The JSON Schema of a topology, made from the declarations in `topology`; editors and composegen check against it.

`generate` makes the document that is kept in `schemas/topology.schema.json`; nothing in that file is written by hand.
Beside the standard's keywords it bears `x-expected`: the phrase for what a value must look like; and what the YAML
language server reads for hovers and completion: `markdownDescription`, `defaultSnippets` (docs/editor.md).
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from composegen import yamltext
from composegen.fields import OR_VARIABLE, Foreign, KeyLimits, Limits, NotEmpty, Ref, Section
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
        **_section(Topology),
        "title": "composegen topology",
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
    about = {key: whole.pop(key) for key in ("title", "description", "markdownDescription", "examples")}
    return {**about, "anyOf": [_shape(short.shape), whole]}


def _section(section: type[Section]) -> dict[str, Any]:
    """The mapping of one section: closed but for `x-` keys."""
    found = declared(section)
    doc = inspect.cleandoc(section.__doc__ or "")
    schema = {
        "title": _title(section),
        "description": doc,
        "markdownDescription": doc,
        "examples": [section.EXAMPLE],
        "defaultSnippets": [_snippet(f"{_title(section)}, an example", section.EXAMPLE)],
        "type": "object",
        "properties": {field.name: _field(field) for field in found},
        "patternProperties": {FREE_KEYS: {}},
        "additionalProperties": False,
    }
    required = [field.name for field in found if not field.optional]
    return {**schema, "required": required} if required else schema


def _title(section: type[Section]) -> str:
    """The name of the section in words: `NfsStore` is `Nfs store`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", section.__name__).capitalize()


def _field(field: Declared) -> dict[str, Any]:
    schema = {
        "title": field.name,
        "description": field.doc,
        "markdownDescription": _markdown(field),
        "examples": [field.example],
        **_shape(field.shape),
    }
    if field.optional and field.default is not None:
        schema["default"] = _default(field.default)
    # Beside a reference the language server takes all but words for a second schema, and shows the first one's words.
    if isinstance(field.example, Mapping | list) and "$ref" not in schema:
        schema["defaultSnippets"] = [_snippet(f"{field.name}, an example", field.example)]
    return schema


def _snippet(label: str, example: Any) -> dict[str, Any]:
    """What an editor offers to write."""
    return {"label": label, "body": _body(example)}


def _body(value: Any) -> Any:
    """A value of a snippet; the language server writes text as it is, so what must be quoted is quoted here."""
    match value:
        case Mapping():
            return {key: _body(item) for key, item in value.items()}
        case list():
            return [_body(item) for item in value]
        case str():
            return yamltext.literal(value, yamltext.PLAIN_YAML)
    return value


def _markdown(field: Declared) -> str:
    """What a field is, with its default where that is a plain value and its words do not say it."""
    plain = isinstance(field.default, str | int) and "Default:" not in field.doc
    return f"{field.doc}\n\nDefault: `{json.dumps(field.default)}`." if plain and field.optional else field.doc


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
    return {"anyOf": choices, **_kinds(shape)}


def _kinds(shape: Choice) -> dict[str, Any]:
    """Where `kind:` chooses among sections, what editors offer for it; the choices themselves refuse any other."""
    kinds = {
        word: one.section.EXAMPLE
        for one in shape.shapes
        if isinstance(one, Part)
        for field in declared(one.section)
        if field.name == "kind" and isinstance(field.shape, Words)
        for word in field.shape.words
    }
    if not kinds:
        return {}
    snippets = [_snippet(f"{word}, an example", example) for word, example in kinds.items()]
    return {"properties": {"kind": {"examples": list(kinds)}}, "defaultSnippets": snippets}


def _marks(shape: Plain) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for mark in shape.marks:
        if isinstance(mark, Limits):
            schema |= _limits(mark)
            schema |= {"pattern": f"{mark.pattern}{OR_VARIABLE}"} if mark.pattern else {}
        if isinstance(mark, Ref):
            schema |= {EXPECTED: f"a name from `{mark.section}`"}
    return schema


def _limits(limits: Limits) -> dict[str, Any]:
    stated = {"pattern": limits.pattern, "minimum": limits.minimum, "maximum": limits.maximum}
    said = {"patternErrorMessage": f"expected: {limits.expected}"} if limits.pattern else {}
    return {EXPECTED: limits.expected, **said, **{key: value for key, value in stated.items() if value is not None}}
