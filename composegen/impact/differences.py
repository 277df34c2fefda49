"""In which places two values of a file differ. Entries of a list are told apart by what names them, not by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from composegen.impact.model import ABSENT, Difference
from composegen.impact.secrecy import covered
from composegen.keypath import KeyPath

_NAMES = ("url", "target", "path", "name", "driver")
"""Keys that name an entry of a list."""

_GROUPS = frozenset({"deploy", "resources", "limits", "reservations"})
"""Keys that say nothing by themselves."""


def differences(before: Any, after: Any, path: KeyPath = ()) -> tuple[Difference, ...]:
    """Every place in which the two differ, in the order of the file; what is new or gone is one place."""
    return tuple(_between(before, after, path))


def _between(before: Any, after: Any, path: KeyPath) -> Iterator[Difference]:
    if before == after and type(before) is type(after):
        return
    match before, after:
        case Mapping(), Mapping():
            for key in dict.fromkeys((*before, *after)):
                yield from _between(*_sides(key, before.get(key, ABSENT), after.get(key, ABSENT)), (*path, key))
        case list(), list() if (naming := _naming((*before, *after))) is not None:
            yield from _of_entries(before, after, naming, path)
        case _:
            yield covered(path, before, after)


def _sides(key: str, before: Any, after: Any) -> tuple[Any, Any]:
    """Both sides of a key; of one that only groups others, what is not there is empty."""
    if (
        key in _GROUPS
        and ABSENT in (before, after)
        and any(isinstance(one, Mapping) and one for one in (before, after))
    ):
        return ({} if before is ABSENT else before), ({} if after is ABSENT else after)
    return before, after


def _naming(entries: Sequence[Any]) -> str | None:
    """The key by which entries are told apart; None where they have no name."""
    if not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return None
    return next((key for key in _NAMES if all(key in entry for entry in entries)), None)


def _of_entries(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], naming: str, path: KeyPath
) -> Iterator[Difference]:
    old = {_name(one, naming): (index, one) for index, one in enumerate(before)}
    new = {_name(one, naming): (index, one) for index, one in enumerate(after)}
    if len(old) < len(before) or len(new) < len(after):
        yield covered(path, before, after)
        return
    if path[-1:] == ("ports",) and len(before) == len(after) == 1:
        new = dict.fromkeys(old, (0, after[0]))  # the only port of a service is another one now
    for name, (index, entry) in old.items():
        number, other = new.get(name, (index, ABSENT))
        if isinstance(other, Mapping) and entry.get("type") != other.get("type"):
            yield covered((*path, number), entry, other)
        else:
            yield from _between(entry, other, (*path, number))
    for name, (index, entry) in new.items():
        if name not in old:
            yield covered((*path, index), ABSENT, entry)


def _name(entry: Mapping[str, Any], naming: str) -> str:
    return f"{entry[naming]}/{entry.get('protocol', '')}"
