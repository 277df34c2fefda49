"""Whether data fits the declarations, as a plain yes or no: the quick way past the JSON Schema for what is right.

A yes is final, because the schema is made from the same declarations (a test holds the two together over thousands of
mutants). A no says nothing of the reason: `validation` then asks the schema itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from composegen import faults, foreign, inheritance
from composegen.fields import Foreign, KeyLimits, Limits, NotEmpty, Section, expression
from composegen.shapes import FREE, Choice, Declared, Entries, Many, Nothing, Part, Plain, Shape, Words, declared, is_of
from composegen.topology import Topology

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.findings import Findings


def check(document: Document, schema: Mapping[str, Any], compose_schema: Callable[[], Mapping[str, Any]]) -> Findings:
    """What does not fit in a document; see `validation.validate`, which is asked only when something may not."""
    data = inheritance.effective(document.data)
    doubts = any(foreign.fragments(data)) or any(faults.octal_numbers(document))
    if accepts(data) and not doubts:
        return ()
    from composegen.validation import validate  # jsonschema takes longer to import than most topologies to render

    return validate(document, schema, compose_schema, suspect=suspect(data))


def accepts(data: Any) -> bool:
    """Whether a topology fits its declarations."""
    return _fits_section(Topology, data)


def suspect(data: Any) -> Any:
    """The data without the entries that fit, which the schema need not see; one stays where all of a mapping fit.

    Nothing but its own entry decides whether an entry fits, so what does not fit is the same, in the same order.
    """
    return _suspect(Part(section=Topology), data)


def _suspect(shape: Shape, value: Any) -> Any:
    match shape:
        case Part(section=section) if isinstance(value, dict):
            fields, _ = _members(cast("Hashable", section))
            return {key: _suspect(fields[key].shape, one) if key in fields else one for key, one in value.items()}
        case Entries() if isinstance(value, dict) and not _is_foreign(shape):
            marks = _key_marks(shape)
            wrong = {key: one for key, one in value.items() if not (_within(marks, key) and fits(shape.value, one))}
            return {key: _suspect(shape.value, one) for key, one in (wrong or dict(islice(value.items(), 1))).items()}
    return value


def fits(shape: Shape, value: Any) -> bool:  # noqa: PLR0911 - one for each shape
    """Whether a value is of this shape."""
    match shape:
        case Plain():
            return is_of(shape.kind, value) and _within(shape.marks, value)
        case Part(section=section):
            return _fits_part(section, value)
        case Entries():
            return isinstance(value, dict) and _fits_entries(shape, value)
        case Choice(shapes=shapes):
            return any(fits(one, value) for one in shapes)
        case Many(item=item):
            return isinstance(value, list) and all(fits(item, one) for one in value)
        case Words(words=words):
            return any(value == word and type(value) is type(word) for word in words)
        case Nothing():
            return value is None
    return True


def _fits_part(section: type[Section], value: Any) -> bool:
    fields, _ = _members(cast("Hashable", section))
    return (bool(section.SHORT) and fits(fields[section.SHORT].shape, value)) or _fits_section(section, value)


def _fits_section(section: type[Section], value: Any) -> bool:
    fields, required = _members(cast("Hashable", section))
    if not isinstance(value, dict) or not required <= value.keys():
        return False
    return all(fits(fields[key].shape, one) if key in fields else key.startswith(FREE) for key, one in value.items())


def _fits_entries(shape: Entries, value: Mapping[str, Any]) -> bool:
    if _is_foreign(shape):
        return True
    if not value and any(isinstance(mark, NotEmpty) for mark in shape.marks):
        return False
    marks = _key_marks(shape)
    return all(_within(marks, key) and fits(shape.value, one) for key, one in value.items())


def _is_foreign(shape: Entries) -> bool:
    """Whether a mapping is written in another language than ours."""
    return any(isinstance(mark, Foreign) for mark in shape.marks)


def may_be_called(shape: Entries, key: str) -> bool:
    """Whether a key may be the name of an entry."""
    return _within(_key_marks(shape), key)


def _key_marks(shape: Entries) -> Iterable[Any]:
    limits = [mark.limits for mark in shape.marks if isinstance(mark, KeyLimits)]
    return limits or (shape.key.marks if isinstance(shape.key, Plain) else ())


def _within(marks: Iterable[Any], value: Any) -> bool:
    return all(_is_within(mark, value) for mark in marks if isinstance(mark, Limits))


def _is_within(limits: Limits, value: Any) -> bool:
    if limits.pattern is not None:
        return isinstance(value, str) and expression(limits.pattern).search(value) is not None
    low = limits.minimum is None or value >= limits.minimum
    return low and (limits.maximum is None or value <= limits.maximum)


@cache
def _members(section: Hashable) -> tuple[Mapping[str, Declared], frozenset[str]]:
    """The fields of a section by name, and the names of those that it must have."""
    fields = declared(cast("type[Section]", section))
    return {field.name: field for field in fields}, frozenset(field.name for field in fields if not field.optional)
