"""`docs/reference/templates.md`: what each template is given, read off the samples' plans and the declarations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import Any

from msgspec import Struct

from composegen.artifacts import Artifact
from composegen.fields import Section
from composegen.owntemplates import CONTEXT

_PLAIN = {str: "text", int: "a whole number", bool: "true or false", type(None): "nothing"}
_INTRODUCTION = f"""\
# What templates are given

Version {CONTEXT}. The version rises when something goes away or changes its meaning; what is added does not count. How
to use templates of your own: [templates.md](../templates.md). What may be nothing is `None` in the declarations.
Templates whose names begin with `_` are included by others, and are given what these are.
"""


def markdown(rows: Iterable[Artifact]) -> str:
    """The page, from the rows of all samples."""
    rows = tuple(rows)
    parts = [_INTRODUCTION, "## Templates\n"]
    names = sorted({row.template for row in rows})
    parts += [_template(name, [row for row in rows if row.template == name]) for name in names]
    parts.append("## Objects\n\nFields of the topology are described in [topology.md](topology.md).\n")
    found: dict[str, type] = {}
    for row in rows:
        _collect(row.context, found, set())
    parts += [_object(found[name]) for name in sorted(found)]
    return "\n".join(parts)


def _template(name: str, rows: list[Artifact]) -> str:
    kinds: dict[str, dict[str, None]] = {}
    for row in rows:
        for key, value in row.context.items():
            kinds.setdefault(key, {})[_kind(value)] = None
    table = "".join(f"| `{key}` | {_either(kinds[key])} |\n" for key in sorted(kinds))
    return f"### {name}\n\nSyntax: {rows[0].syntax.value}.\n\n| name | is |\n|---|---|\n{table}"


def _either(kinds: Iterable[str]) -> str:
    """Several kinds in words; an empty list tells nothing where there is another one."""
    names = sorted(kinds)
    useful = [name for name in names if name not in ("an empty list", "an empty mapping")]
    return " or ".join(useful or names)


def _kind(value: Any) -> str:
    name = type(value).__name__
    if isinstance(value, Section):
        return f"[{name}](topology.md)"
    if isinstance(value, Struct):
        return f"[{name}](#{name.lower()})"
    match value:
        case Enum():
            return f"one of {', '.join(f'`{one.name}`' for one in type(value))}"
        case Mapping():
            kinds = {_kind(one) for one in value.values()}
            return f"a mapping of names to {_either(kinds)}" if kinds else "an empty mapping"
        case list() | tuple():
            kinds = {_kind(one) for one in value}
            return f"a list of {_either(kinds)}" if kinds else "an empty list"
    return _PLAIN.get(type(value), type(value).__name__)


def _collect(value: Any, found: dict[str, type], seen: set[int]) -> None:
    """The classes of everything that can be reached, but for those of the topology."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Section):
        return
    if isinstance(value, Struct):
        found[type(value).__name__] = type(value)
        for name in (*value.__struct_fields__, *_properties(type(value))):
            _collect(getattr(value, name), found, seen)
    elif isinstance(value, Mapping):
        for one in value.values():
            _collect(one, found, seen)
    elif isinstance(value, list | tuple):
        for one in value:
            _collect(one, found, seen)


def _properties(kind: type) -> list[str]:
    return [
        name
        for name, one in vars(kind).items()
        if isinstance(one, property | cached_property) and not name.startswith("_")
    ]


def _object(kind: Any) -> str:
    """A class with its fields and what can be asked of it."""
    about = inspect.cleandoc(kind.__doc__ or "")
    lines = [f"### {kind.__name__}\n\n{about}\n\n| field | declared as |\n|---|---|"]
    lines += [f"| `{name}` | {_declared(kind.__annotations__[name])} |" for name in kind.__struct_fields__]
    lines += [f"| `{name}` | {_asked(vars(kind)[name])} |" for name in _properties(kind)]
    lines += [f"| `{name}()` | {_first_line(one)} |" for name, one in _methods(kind)]
    return "\n".join(lines) + "\n"


def _methods(kind: type) -> Iterator[tuple[str, Any]]:
    for name, one in vars(kind).items():
        if inspect.isfunction(one) and not name.startswith("_"):
            yield name, one


def _declared(annotation: str) -> str:
    return "`" + re.sub(r"\s+", " ", annotation).replace("|", "\\|") + "`"


def _asked(one: Any) -> str:
    function = one.fget if isinstance(one, property) else one.func
    return _first_line(function)


def _first_line(one: Any) -> str:
    return (one.__doc__ or "").strip().splitlines()[0]
