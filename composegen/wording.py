"""How findings speak of places and values of a topology: the reader's nouns, never a schema's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from composegen.keypath import KeyPath, show
from composegen.suggestion import cut, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NOUNS = {"hosts": "host", "stores": "store", "services": "service", "apps": "app"}
_SECTIONS = {"gateway": "the gateway", "defaults": "`defaults`"}
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
FORMS = {
    "[a-zA-Z0-9][a-zA-Z0-9_.-]+": "at least two letters, digits, `_`, `.` and `-`, beginning with a letter or digit",
    "^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+)$": (
        "one of: always, never, build, if_not_present, missing, refresh, daily, weekly, or a time such as every_12h"
    ),
}
"""The patterns of Compose's schema in words; those of topologies come with theirs."""


def place(path: KeyPath) -> str:
    """A node as one speaks of it: ``host `box` ``, `` `gpus.mode` of host `box` ``, the topology."""
    whole, rest = _whole(path)
    if not rest:
        return whole
    inside = f"`{cut(show(rest))}`"
    return inside if whole == "the topology" else f"{inside} of {whole}"


def setting(path: KeyPath) -> str:
    """What an unknown key here is not: "host setting"; "" where there is no good word."""
    match path:
        case (str(section), _) if section in _NOUNS:
            return f"not a {_NOUNS[section]} setting"
    return "not known here"


def _whole(path: KeyPath) -> tuple[str, KeyPath]:
    """The thing that a node belongs to, and the way from there."""
    match path:
        case (str(section), name, *rest) if section in _NOUNS:
            return f"{_NOUNS[section]} `{cut(str(name))}`", tuple(rest)
        case (str(section), *rest) if section in _SECTIONS:
            return _SECTIONS[section], tuple(rest)
    return "the topology", path


def value(found: Any, text: str | None) -> str:
    """A value as one speaks of it; `text` is how it was written, where that is known."""
    match found:
        case None:
            return "empty"
        case bool():
            return f"`{text or str(found).lower()}`"
        case int() | float():
            return f"the number `{cut(text or str(found))}`"
        case str():
            return f"the text `{cut(found)}`" if found else "empty text"
        case list():
            return "a list"
    return "a mapping"


def expected(  # noqa: PLR0911 - one for each keyword
    schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> str:
    """What a schema wants, in words."""
    match schema:
        case {"x-expected": str(phrase)}:
            return phrase
        case {"$ref": str(reference)}:
            return expected(definitions.get(reference.rpartition("/")[2], {}), definitions)
        case {"anyOf": branches} | {"oneOf": branches}:
            return _any_of(branches, definitions)
        case {"enum": [word]}:
            return f"`{written(word)}`"
        case {"enum": words}:
            return one_of(written(word) for word in words)
        case {"pattern": str(pattern)} if pattern in FORMS:
            return FORMS[pattern]
        case {"type": names}:
            return " or ".join(_TYPES[name] for name in _names(names))
    return ""


def _any_of(branches: Sequence[Mapping[str, Any]], definitions: Mapping[str, Any]) -> str:
    phrases = [expected(branch, definitions) for branch in branches]
    return ", or ".join(dict.fromkeys(phrase for phrase in phrases if phrase))


def kinds(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types that a schema admits at its root; empty when it says nothing."""
    match schema:
        case {"$ref": str(reference)}:
            return kinds(definitions.get(reference.rpartition("/")[2], {}), definitions)
        case {"anyOf": branches} | {"oneOf": branches}:
            return frozenset().union(*(kinds(branch, definitions) for branch in branches))
        case {"type": names}:
            return frozenset(_names(names))
        case {"enum": words}:
            return frozenset(kind(word) for word in words)
    return frozenset()


def of_kinds(names: frozenset[str]) -> str:
    """JSON types in words."""
    order = [name for name in _TYPES if name in names]
    return " or ".join(_TYPES[name] for name in order) or "what belongs here"


def kind(found: Any) -> str:  # noqa: PLR0911 - one for each type
    """The JSON type of a value."""
    match found:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def written(word: Any) -> str:
    """A constant as it would stand in YAML."""
    return str(word).lower() if isinstance(word, bool) else str(word)


def _names(names: str | Sequence[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else names
