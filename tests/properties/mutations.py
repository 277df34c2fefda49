"""Damage to a topology: of its structure, where it is known which nodes were touched, and of its text.

A structural mutant is a topology as plain data with one change; `touched` are the key paths at which, below which or
right above which somebody would look for the mistake.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from composegen.keypath import KeyPath

VALUES: Sequence[Any] = (
    None, True, False, 0, 1, -1, 3, 70000, 10**30, 0.5, 1e300, float("inf"), float("nan"), "", " ", "x", "yes", "0",
    "08", "1:30", "none", "all", "ollama", "10.0.0.1", "::1", "/", "..", "../x", "/x/../y", "~", "a b", "a\nb", "\0",
    "é", "\u2028", "\u202e", "😀", "${X}", "$${X}", "${OLLAMA_TAG}", "{{ x }}", "{% x %}", "x" * 5000, "'", '"', "\\",
    [], [None], [1], ["x"], [[]], [{}], {}, {"x": 1}, {"": 1}, {"secret": "A"}, {"secret": 1}, {"x-y": [1]},
    {"instances": 1}, {"kind": "nfs"}, {"kind": []}, {"name": "x"}, {"service": "x"}, {"<<": {}},
)  # fmt: skip
"""What stands in for a value: each kind, limits of kinds, and text that means something to somebody."""

KEYS = ("", "x", "x-free", "name", "Hosts", "kind", "a b", "<<", "1", "null", "é\u2028", "..", "$x", "${X}", "k" * 300)
"""What stands in for a key."""

CHARACTERS = "[]{}:,'\"&*!|>?-#%@`$~=<. \t\n\r\\/0a\u00e9\u2028\u202e😀\x00\x85\ufeff"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A damaged topology: what was done, its text, and which nodes were touched."""

    deed: str
    text: str
    touched: tuple[KeyPath, ...]


@dataclass(kw_only=True)
class Pairs:
    """A mapping as a list of pairs, so that a key can stand in it twice."""

    items: list[tuple[str, Any]]


def structural(data: Any, chance: random.Random) -> Mutant:
    """The data with one node deleted, doubled, replaced, renamed, moved, swapped with another, or added."""
    paths = [path for path in nodes(data) if path]
    deed = chance.choice((_delete, _duplicate, _replace, _replace, _replace, _rename, _move, _swap, _add))
    return deed(copy.deepcopy(data), paths, chance)


def textual(text: str, chance: random.Random) -> str:  # noqa: PLR0911 - one for each kind of damage
    """The text with some characters changed, cut or inserted, or with lines deleted, doubled or exchanged."""
    lines = text.splitlines(keepends=True)
    place, length = chance.randrange(len(text)), chance.randrange(1, 5)
    number, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(8):
        case 0:
            return text[:place]
        case 1:
            return text[:place] + text[place + length :]
        case 2:
            return "".join(lines[:number] + lines[number + 1 :])
        case 3:
            return "".join([*lines[:number], lines[other], *lines[number:]])
        case 4:
            lines[number] = chance.choice((" ", "  ", "\t", "- ")) + lines[number]
            return "".join(lines)
        case 5:
            lines[number] = lines[number].removeprefix(chance.choice((" ", "  ")))
            return "".join(lines)
    inserted = "".join(chance.choices(CHARACTERS, k=length))
    return text[:place] + inserted + text[place + chance.randrange(3) :]


def damaged_bytes(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one changed, inserted or cut out."""
    place = chance.randrange(len(data))
    return data[:place] + bytes([chance.randrange(256)]) * chance.randrange(2) + data[place + chance.randrange(2) :]


def nodes(data: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every path of the data."""
    yield path
    match data:
        case dict():
            for key, value in data.items():
                yield from nodes(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from nodes(value, (*path, index))


def at(data: Any, path: KeyPath) -> Any:
    """What stands at a path."""
    for step in path:
        data = data[step]
    return data


def dump(data: Any) -> str:
    """The data as YAML, one node a line, so that lines and columns tell nodes apart."""
    return "\n".join(_lines(data, 0)) + "\n"


def _lines(value: Any, depth: int) -> list[str]:
    inside = "  " * (depth + 1)
    match value:
        case Pairs(items=items) if items:
            entries = [(f"{_text(key)}: ", item) for key, item in items]
        case dict() if value:
            entries = [(f"{_text(key)}: ", item) for key, item in value.items()]
        case list() if value:
            entries = [("", item) for item in value]
        case _:
            return [_scalar(value)]
    opening, closing = ("[", "]") if isinstance(value, list) else ("{", "}")
    lines = [opening]
    for start, item in entries:
        first, *rest = _lines(item, depth + 1)
        lines += [inside + start + first, *rest]
        lines[-1] += ","
    return [*lines, "  " * depth + closing]


def _scalar(value: Any) -> str:
    match value:
        case str():
            return _text(value)
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - what nan is known by
            return ".nan" if value != value else ".inf"  # noqa: PLR0124
        case Pairs():
            return "{}"
    return json.dumps(value)


def _text(text: str) -> str:
    escaped = (
        one if one.isascii() and one.isprintable() and one not in '"\\' else f"\\U{ord(one):08x}" for one in text
    )
    return f'"{"".join(escaped)}"'


def _parent(data: Any, path: KeyPath) -> Any:
    return at(data, path[:-1])


def _mutant(deed: str, data: Any, *touched: KeyPath) -> Mutant:
    return Mutant(deed=deed, text=dump(data), touched=touched)


def _delete(data: Any, paths: Sequence[KeyPath], chance: random.Random) -> Mutant:
    path = chance.choice(paths)
    del _parent(data, path)[path[-1]]
    return _mutant(f"delete {path}", data, path)


def _duplicate(data: Any, paths: Sequence[KeyPath], chance: random.Random) -> Mutant:
    path = chance.choice(paths)
    parent = _parent(data, path)
    if isinstance(parent, list):
        parent.append(copy.deepcopy(at(data, path)))
        return _mutant(f"repeat {path}", data, path, (*path[:-1], len(parent) - 1))
    if chance.random() < 0.5:
        parent[f"{path[-1]}-2"] = copy.deepcopy(parent[path[-1]])
        return _mutant(f"repeat {path} under another name", data, path, (*path[:-1], f"{path[-1]}-2"))
    pairs = Pairs(items=[*parent.items(), (str(path[-1]), parent[path[-1]])])
    return _mutant(f"repeat {path}", _put(data, path[:-1], pairs), path)


def _replace(data: Any, paths: Sequence[KeyPath], chance: random.Random) -> Mutant:
    path, value = chance.choice(paths), chance.choice(VALUES)
    return _mutant(f"{path} becomes {value!r:.40}", _put(data, path, copy.deepcopy(value)), path)


def _rename(data: Any, paths: Sequence[KeyPath], chance: random.Random) -> Mutant:
    path = chance.choice([path for path in paths if isinstance(path[-1], str)])
    old = str(path[-1])
    slip = chance.randrange(len(old))
    new = chance.choice((*KEYS, old[:slip] + old[slip + 1 :], old.upper(), old + old[slip:]))
    parent = _parent(data, path)
    renamed = Pairs(items=[(new if key == old else key, value) for key, value in parent.items()])
    return _mutant(f"{path} is called {new!r:.40}", _put(data, path[:-1], renamed), path, (*path[:-1], new))


def _move(data: Any, paths: Sequence[KeyPath], chance: random.Random) -> Mutant:
    path = chance.choice(paths)
    node = _parent(data, path).pop(path[-1])
    target = chance.choice([one for one in nodes(data) if isinstance(at(data, one), (dict, list))])
    place: str | int = str(path[-1])
    parent = at(data, target)
    if isinstance(parent, list):
        place = len(parent)
        parent.append(node)
    else:
        parent[place] = node
    return _mutant(f"{path} moves to {target}", data, path, (*target, place))


def _swap(data: Any, paths: Sequence[KeyPath], chance: random.Random) -> Mutant:
    one, other = chance.choice(paths), chance.choice(paths)
    if one == other[: len(one)] or other == one[: len(other)]:
        return _delete(data, paths, chance)
    first, second = at(data, one), at(data, other)
    _parent(data, one)[one[-1]], _parent(data, other)[other[-1]] = second, first
    return _mutant(f"{one} and {other} change places", data, one, other)


def _add(data: Any, paths: Sequence[KeyPath], chance: random.Random) -> Mutant:
    path = chance.choice([path for path in paths if isinstance(at(data, path), dict)])
    key, value = chance.choice(KEYS), chance.choice(VALUES)
    at(data, path)[key] = copy.deepcopy(value)
    return _mutant(f"{path} gets {key!r:.40}: {value!r:.40}", data, (*path, key))


def _put(data: Any, path: KeyPath, value: Any) -> Any:
    if not path:
        return value
    _parent(data, path)[path[-1]] = value
    return data
