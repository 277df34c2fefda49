"""The findings about data that does not fit a schema: one function each, with what would be right and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from composegen import wording
from composegen.reading import Reading
from composegen.shapes import is_free
from composegen.suggestion import cut, did_you_mean, one_of
from composegen.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from composegen.document import Document
    from composegen.findings import Finding, Part
    from composegen.keypath import KeyPath

_LATER_KEYS: Mapping[tuple[str, ...], frozenset[str]] = {
    (): frozenset({"environments", "target"}),
    ("gateway", "routes", "*"): frozenset({"path", "failover"}),
}
"""Keys of the language that this version does not know yet, by where they stand."""

_LATER_ENGINES = frozenset({"model-runner", "vllm"})

_BOOLEANS = {
    **dict.fromkeys(("y", "yes", "on", "true"), "true"),
    **dict.fromkeys(("n", "no", "off", "false"), "false"),
}
"""What YAML 1.1, or a person, takes for a boolean."""

_SEXAGESIMAL = re.compile(r"[0-9]+(:[0-9]+)+")
_OCTAL = re.compile(r"[-+]?0[0-9]+")
_MANY = 20


def unknown_key(reading: Reading, path: KeyPath, key: str, known: Iterable[str]) -> Finding:
    """A key that does not belong here: misspelt, or of a later version."""
    if not reading.compose and key in _later(path):
        return _not_yet(reading, (*path, key), f"`{key}` in {wording.place(path)}", "key")
    return reading.finding(
        "CG104",
        "unknown-key",
        f"unknown key `{cut(key)}` in {wording.place(path)}",
        (*path, key),
        part="key",
        expected=_keys(reading, known),
        hint=did_you_mean(key, known),
        label="" if reading.compose else wording.setting(path),
    )


def _keys(reading: Reading, known: Iterable[str]) -> str:
    """What keys belong here; Compose has too many to name them all."""
    names = sorted(known)
    if reading.compose and len(names) > _MANY:
        return f"one of the {len(names)} keys that Compose knows here"
    return one_of(names) if names else "no key at all"


def missing_key(reading: Reading, path: KeyPath, key: str, schema: Mapping[str, Any]) -> Finding:
    """A key that must be there."""
    field = reading.resolved(schema).get("properties", {}).get(key, {})
    example = next((one for one in field.get("examples", ()) if not isinstance(one, dict | list)), None)
    expected = reading.expected(field)
    return reading.finding(
        "CG101",
        "missing-key",
        f"{wording.place(path)} has no `{key}`",
        path,
        part="key",
        expected=f"`{key}`: {expected}" if expected else f"`{key}`",
        hint=f"for example `{key}: {wording.written(example)}`" if example is not None else "",
    )


def wrong_type(reading: Reading, path: KeyPath, found: Any, schema: Mapping[str, Any]) -> Finding:
    """A value of a kind that cannot stand here; the traps of YAML's two versions get a hint of their own."""
    kinds = wording.kinds(schema, reading.definitions)
    text = reading.text(path)
    return reading.finding(
        "CG102",
        "wrong-type",
        f"{wording.place(path)} is {wording.value(found, text)}, not {wording.of_kinds(kinds)}",
        path,
        expected=reading.expected(schema),
        hint=_trap(found, text, kinds, admitted=reading.admits(schema, text or "")),
    )


def wrong_value(reading: Reading, path: KeyPath, found: Any, schema: Mapping[str, Any], rule: Any = None) -> Finding:
    """A value of the right kind that is out of bounds, misspelt, or not of the right form.

    `rule` is the part of `schema` that the value was meant for, when that is a choice.
    """
    words = [word for word in (rule or schema).get("enum", ()) if isinstance(word, str)]
    place = wording.place(path)
    if path[-1:] == ("engine",) and isinstance(found, str) and found in _LATER_ENGINES and words:
        return _not_yet(reading, path, f"engine `{found}`", "value")
    return reading.finding(
        "CG103",
        "wrong-value",
        f"{place} cannot be {wording.value(found, reading.text(path))}",
        path,
        expected=reading.expected(schema),
        hint=did_you_mean(found, words) if isinstance(found, str) else "",
    )


def nothing_in(reading: Reading, path: KeyPath, schema: Mapping[str, Any]) -> Finding:
    """A mapping without any entry, where that would mean nothing."""
    return reading.finding(
        "CG103", "wrong-value", f"{wording.place(path)} has no entry", path, expected=reading.expected(schema)
    )


def bad_key(reading: Reading, path: KeyPath, key: str, schema: Mapping[str, Any]) -> Finding:
    """A name of the user's own that cannot be one."""
    return reading.finding(
        "CG103",
        "wrong-value",
        f"`{cut(key)}` cannot be a name in {wording.place(path)}",
        (*path, key),
        part="key",
        expected=reading.expected(schema),
    )


def octal_numbers(document: Document) -> Iterator[Finding]:
    """Plain numbers that begin with a zero: YAML 1.2 drops the zero, readers of YAML 1.1 take the rest for octal."""
    reading = Reading(document=document, definitions={})
    for path, text in document.texts.items():
        if _OCTAL.fullmatch(text) and path[-2:-1] != ("environment",) and not is_free(Topology, path):
            yield reading.finding(
                "CG103",
                "wrong-value",
                f"{wording.place(path)} is `{cut(text)}`, which YAML 1.2 and 1.1 read as different numbers",
                path,
                expected="a number without leading zero, or text in quotes",
                hint=f'write `"{cut(text)}"` for the text, `{cut(text.lstrip("-+0") or "0")}` for the number',
            )


def _later(path: KeyPath) -> frozenset[str]:
    """Keys of later versions at a path."""
    for place, keys in _LATER_KEYS.items():
        if len(place) == len(path) and all(part in ("*", step) for part, step in zip(place, path, strict=True)):
            return keys
    return frozenset()


def _not_yet(reading: Reading, path: KeyPath, what: str, part: Part) -> Finding:
    return reading.finding("CG105", "not-yet-known", f"{what} is not known to this version yet", path, part=part)


def _trap(  # noqa: PLR0911 - one for each trap
    found: Any, text: str | None, kinds: frozenset[str], *, admitted: bool
) -> str:
    """What to do about a value that YAML reads as something else than was meant; `admitted`: as text it would do."""
    match found:
        case None:
            return "write a value, or remove the key"
        case bool() | int() | float() if admitted and text:
            return f'put it in quotes: "{cut(text)}"'
        case str() if "boolean" in kinds and found.lower() in _BOOLEANS:
            return f"write {_BOOLEANS[found.lower()]}, without quotes"
        case str() if kinds & {"integer", "number"} and found.strip().isdecimal():
            return f"remove the quotes: {cut(found.strip())}"
        case str() if kinds & {"integer", "number"} and _SEXAGESIMAL.fullmatch(found):
            return "with a colon this is text; write one number"
        case dict() if list(found) == ["secret"]:
            return "a secret is `{secret: NAME}`, NAME a variable, as a value of `environment`"
    return ""
