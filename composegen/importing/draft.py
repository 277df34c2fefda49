"""A topology in the making: its data, what is said about parts of it, and from which line each part comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from composegen.yamltext import block, flow, scalar

if TYPE_CHECKING:
    from composegen.importing.spots import Place
    from composegen.keypath import KeyPath

SECTIONS = ("name", "variables", "hosts", "stores", "services", "gateway", "apps")
_WIDTH = 110
_IN_PLACEMENT = 5
"""How deep the keys of a placement of a service on a host are."""
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)")


class Draft(Struct, kw_only=True):
    """Sections by name; comments and source lines by key path."""

    data: dict[str, Any] = field(default_factory=dict)
    comments: dict[KeyPath, str] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)

    def put(self, path: KeyPath, value: Any, place: Place | None = None, comment: str = "") -> None:
        """Set what stands at a path of keys."""
        target = self.data
        for key in path[:-1]:
            target = target.setdefault(str(key), {})
        target[str(path[-1])] = value
        if place is not None:
            self.places[path] = place
        if comment:
            self.comments[path] = comment

    def place(self, path: KeyPath) -> Place | None:
        """The source line of a path, or of the nearest part around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path)

    def remove(self, path: KeyPath) -> None:
        """Take out what stands at a path, and a mapping that becomes empty by it; a placement is one instance then."""
        target: Any = self.data
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]
        if not target and path[:1] == ("services",) and path[2:3] == ("hosts",) and len(path) == _IN_PLACEMENT:
            self.put(path[:-1], 1)
        elif not target and len(path) > 1:
            self.remove(path[:-1])

    def text(self, head: str) -> str:
        """The whole file, below a head of comment lines."""
        self.data.pop("variables", None)
        if names := sorted({match[1] for match in _VARIABLE.finditer(flow(self.data)) if match[1]}):
            self.data["variables"] = names
        parts = [head]
        for section in SECTIONS:
            if section in self.data:
                gap = "\n" if section in ("hosts", "stores", "services", "gateway", "apps") else ""
                parts.append(gap + "".join(f"{line}\n" for line in self._entry((section,), self.data[section])))
        return "".join(parts)

    def _entry(self, path: KeyPath, value: Any) -> Iterator[str]:
        """The lines of a key and its value, the comment before them."""
        indent = "  " * (len(path) - 1)
        if path in self.comments:
            yield from (f"{indent}# {line}" for line in self.comments[path].splitlines())
        key = scalar(str(path[-1]))
        one_line = f"{indent}{key}: {_flow(value)}"
        if not isinstance(value, dict | list) or not value or (self._is_flat(path, value) and len(one_line) <= _WIDTH):
            yield one_line
            return
        yield f"{indent}{key}:"
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from self._entry((*path, name), inner)
        else:
            yield from (f"{indent}  {line}" for item in value for line in _item(item))

    def _is_flat(self, path: KeyPath, value: Any) -> bool:
        """Whether a value may stand on one line: flat, not too full, and nothing is said about a part of it."""
        if len(path) == 1:
            return isinstance(value, list)
        if path[0] in {"services", "apps"} and len(path) == 2:  # noqa: PLR2004 - an entry of the section
            return False
        inner = list(value.values()) if isinstance(value, dict) else value
        told = any(other[: len(path)] == path for other in self.comments if len(other) > len(path))
        return not told and all(_is_short(one) for one in inner) and (isinstance(value, list) or len(inner) <= _MOST)


_MOST = 4
"""Entries of a mapping on one line."""


def _is_short(value: Any) -> bool:
    """A scalar, a list of scalars, or a mapping with one."""
    match value:
        case dict():
            return len(value) <= 1 and not any(isinstance(one, dict | list) for one in value.values())
        case list():
            return not any(isinstance(one, dict | list) for one in value)
    return True


def _flow(value: Any) -> str:
    """A value on one line, text plain where that is safe."""
    match value:
        case dict():
            return "{" + ", ".join(f"{scalar(str(key))}: {_flow(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(_flow(one) for one in value) + "]"
    return scalar(value)


def _item(value: Any) -> Iterator[str]:
    """The lines of a list item."""
    if not isinstance(value, dict | list) or (_is_short(value) and len(_flow(value)) <= _WIDTH // 2):
        yield f"- {_flow(value)}"
        return
    first, *rest = block(value, 0).splitlines()
    yield f"- {first}"
    yield from (f"  {line}" for line in rest)
