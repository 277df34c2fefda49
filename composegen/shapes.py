"""The shapes that a declared field may have, read off its annotation: the one place that knows how types are written.

The JSON Schema, the loader and the reference check all go by these shapes. Any other shape of an annotation is refused.
"""

from __future__ import annotations

import types
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct

from composegen.fields import REQUIRED, Said, Section

Marks = tuple[Any, ...]
"""What `Annotated` says beside the type: Limits, Ref, Verbatim, KeyLimits, Foreign."""


class Plain(Struct, frozen=True, kw_only=True):
    """A scalar: str, int, float or bool."""

    kind: type
    marks: Marks = ()


class Words(Struct, frozen=True, kw_only=True):
    """One of some constants."""

    words: tuple[Any, ...]
    marks: Marks = ()


class Nothing(Struct, frozen=True, kw_only=True):
    """YAML's null."""

    marks: Marks = ()


class Anything(Struct, frozen=True, kw_only=True):
    """Any value at all."""

    marks: Marks = ()


class Many(Struct, frozen=True, kw_only=True):
    """A list."""

    item: Shape
    marks: Marks = ()


class Entries(Struct, frozen=True, kw_only=True):
    """A mapping whose keys are the user's."""

    key: Shape
    value: Shape
    marks: Marks = ()


class Part(Struct, frozen=True, kw_only=True):
    """A section."""

    section: type[Section]
    marks: Marks = ()


class Choice(Struct, frozen=True, kw_only=True):
    """One of several shapes."""

    shapes: tuple[Shape, ...]
    marks: Marks = ()


FREE = "x-"
"""Beginning of the keys of sections that are the user's own."""

Shape = Plain | Words | Nothing | Anything | Many | Entries | Part | Choice


class Declared(Struct, frozen=True, kw_only=True):
    """One field of a section. `optional` says whether it may be left out."""

    name: str
    shape: Shape
    doc: str
    example: Any
    optional: bool
    default: Any


def declared(section: type[Section]) -> tuple[Declared, ...]:
    """The fields of a section that stand in the file, as declared in `topology`."""
    return _all_declared(cast("Hashable", section))  # as every class is, whatever its objects are


@cache
def _all_declared(section: Any) -> tuple[Declared, ...]:
    hints = get_type_hints(section, include_extras=True)
    return tuple(_declared(name, said, hints[name]) for name, said in section.SAID.items())


def _declared(name: str, said: Said, hint: Any) -> Declared:
    shape = shape_of(hint)
    default = said.default() if callable(said.default) else said.default
    return Declared(
        name=name,
        shape=_without_nothing(shape) if default is None else shape,
        doc=said.doc,
        example=said.example,
        optional=default is not REQUIRED,
        default=default,
    )


def _without_nothing(shape: Shape) -> Shape:
    """The shape of a field whose absence is None: None is not for the file."""
    if not isinstance(shape, Choice):
        return shape
    rest = tuple(one for one in shape.shapes if not isinstance(one, Nothing))
    return rest[0] if len(rest) == 1 else Choice(shapes=rest, marks=shape.marks)


def shape_of(hint: Any, marks: Marks = ()) -> Shape:
    """The shape that an annotation declares. Raises TypeError for one that is not known here."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return shape_of(arguments[0], (*arguments[1:], *marks))
    if origin in (Union, types.UnionType):
        return Choice(shapes=tuple(shape_of(argument) for argument in arguments), marks=marks)
    if origin is Literal:
        return Words(words=arguments, marks=marks)
    if origin is tuple and arguments[1:] == (...,):
        return Many(item=shape_of(arguments[0]), marks=marks)
    if origin is Mapping:
        return Entries(key=shape_of(arguments[0]), value=shape_of(arguments[1]), marks=marks)
    return _simple(hint, marks)


def _simple(hint: Any, marks: Marks) -> Shape:
    if hint is Any:
        return Anything(marks=marks)
    if hint is type(None):
        return Nothing(marks=marks)
    if hint in (str, int, float, bool):
        return Plain(kind=hint, marks=marks)
    if isinstance(hint, type) and issubclass(hint, Section):
        return Part(section=hint, marks=marks)
    raise TypeError(f"a topology field cannot be declared as {hint!r}")


def sections(root: type[Section]) -> tuple[type[Section], ...]:
    """The section and all that stand in it, by name."""
    found: dict[str, type[Section]] = {}
    waiting = [root]
    while waiting:
        section = waiting.pop()
        if section.__name__ not in found:
            found[section.__name__] = section
            waiting += [part for field in declared(section) for part in parts(field.shape)]
    return tuple(found[name] for name in sorted(found))


def parts(shape: Shape) -> Iterator[type[Section]]:
    """The sections in a shape."""
    match shape:
        case Part(section=section):
            yield section
        case Many(item=item):
            yield from parts(item)
        case Entries(value=value):
            yield from parts(value)
        case Choice(shapes=shapes):
            for one in shapes:
                yield from parts(one)


def is_free(root: type[Section], path: Sequence[str | int]) -> bool:
    """Whether a place is below a key of a section that is the user's own; elsewhere `x-` begins a name like any."""
    shape: Shape | None = Part(section=root)
    for step in path:
        if isinstance(shape, Part) and str(step).startswith(FREE):
            return True
        shape = _below(shape, step)
    return False


def scalar_kinds(root: type[Section], path: Sequence[str | int]) -> frozenset[type]:
    """The types of the scalars that may stand at a place; words that are text do not count."""
    shape: Shape | None = Part(section=root)
    for step in path:
        shape = _below(shape, step)
    return frozenset(_kinds(shape))


def _kinds(shape: Shape | None) -> Iterator[type]:
    match shape:
        case Plain(kind=kind):
            yield kind
        case Anything():
            yield str
        case Words(words=words):
            yield from (type(word) for word in words if not isinstance(word, str))
        case Part(section=section) if section.SHORT:
            yield from _kinds(_below(shape, section.SHORT))
        case Choice(shapes=shapes):
            for one in shapes:
                yield from _kinds(one)


def _below(shape: Shape | None, step: str | int) -> Shape | None:
    """The shape of an entry; None where the declarations say nothing of it."""
    match shape:
        case Part(section=section):
            return next((field.shape for field in declared(section) if field.name == step), None)
        case Many(item=inner) | Entries(value=inner):
            return inner
        case Choice(shapes=shapes):
            return next((one for one in shapes if isinstance(one, Part | Entries | Many)), None)
    return None


def is_of(kind: type, value: Any) -> bool:
    """Whether a scalar is of a `Plain` shape's type; as in JSON Schema, 2.0 is a whole number."""
    if kind is int and isinstance(value, float):
        return value.is_integer()
    return type(value) in ((int, float) if kind is float else (kind,))
