"""`docs/reference/topology.md`: every field of the language, read off its declaration."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from composegen.fields import REQUIRED, Foreign, KeyLimits, Limits, Ref, Said, Section, Verbatim
from composegen.topology import Topology

_PLAIN = {str: "text", int: "a whole number", float: "a number", bool: "true or false", Any: "anything"}

_PLAIN_TEXT = re.compile(
    r"(?!(true|false|null|yes|no|on|off)$)[A-Za-z/][\w./:@+-]*[\w/]|[0-9]+(\.[0-9]+){2,}[\w./]*|[0-9]+[a-zA-Z]+"
)
"""Texts that need no quotes in YAML, in a flow mapping either."""


_INTRODUCTION = """\
# The topology language

`${NAME}` and `${NAME:-default}` stand for the variables that `variables:` lists, in every value. Keys that begin with
`x-` are your own in every section: nothing below them is checked, rendered or replaced. Under `compose:` an `x-` key is
Compose's: it is rendered, and variables in it are replaced.

"""


def markdown() -> str:
    """The page."""
    sections = dict.fromkeys(_sections(Topology))
    return _INTRODUCTION + "\n".join(_section(section) for section in sections)


def _sections(section: type[Section]) -> Iterator[type[Section]]:
    """The section and those below it, outermost first."""
    yield section
    for hint in get_type_hints(section, include_extras=True).values():
        for inner in _mentioned(hint):
            yield from _sections(inner)


def _mentioned(annotation: Any) -> Iterator[type[Section]]:
    """The sections that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _mentioned(argument)


def _section(section: type[Section]) -> str:
    """Heading, what it is, and a table of its fields."""
    lines = [f"## {_title(section)}", "", (section.__doc__ or "").strip(), ""]
    if section.SHORT:
        lines += [f"A value that is no mapping stands for its `{section.SHORT}`.", ""]
    lines += ["| key | takes | default | meaning | example |", "|---|---|---|---|---|"]
    hints = get_type_hints(section, include_extras=True)
    lines += [_row(name, said, hints[name]) for name, said in section.SAID.items()]
    return "\n".join(lines) + "\n"


def _row(name: str, said: Said, annotation: Any) -> str:
    """One field."""
    cells = (
        f"`{name}`",
        takes(annotation),
        _default(said.default),
        said.doc,
        f"`{_flow(said.example)}`",
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _default(default: Any) -> str:
    """What holds where the key is absent."""
    if callable(default):
        return "empty" if default in (dict, tuple) else "its defaults"
    if default is REQUIRED:
        return "**required**"
    return "" if default is None else f"`{_flow(default)}`"


def takes(annotation: Any) -> str:  # noqa: PLR0911 - one shape of type, one return
    """What a field takes, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin is Literal:
        return " or ".join(f"`{_flow(value)}`" for value in arguments)
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(takes(one) for one in arguments if one is not NoneType))
    if origin is tuple:
        return f"list of {takes(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return f"[{_title(annotation)}](#{_title(annotation).lower().replace(' ', '-')})"
    return f"mapping of {takes(arguments[0])} to {takes(arguments[1])}"


def _annotated(plain: Any, extras: tuple[Any, ...]) -> str:
    """What an annotated type takes: the phrase of its limits, else that of the type."""
    for extra in extras:
        match extra:
            case Limits(expected=phrase):
                return phrase
            case Ref(section=name):
                return f"a key of `{name}`" if plain is str else f"mapping of keys of `{name}` to {_value(plain)}"
            case KeyLimits():
                return f"mapping of names to {_value(plain)}"
            case Foreign(schema=name):
                return f"a {name} of Compose"
            case Verbatim():
                return "text, a number, true or false"
    return takes(plain)


def _value(mapping: Any) -> str:
    """What the values of a mapping take."""
    return takes(get_args(mapping)[1])


def _title(section: type[Section]) -> str:
    """The name of a section as words: `HostGpus` is `Host gpus`."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in section.__name__)
    return words.strip().capitalize()


def _flow(value: Any) -> str:
    """A value in the flow style of YAML, on one line."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_flow(inner) for inner in value) + "]"
        case str() if _PLAIN_TEXT.fullmatch(value):
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
