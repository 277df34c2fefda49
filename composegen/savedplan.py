"""A plan that was saved for review: from what it was made, so that it is applied as it was reviewed or not at all.

It holds digests, never contents. Nothing is read or written here; `io` and `cli` do that.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from composegen.artifacts import Entry, Tree
from composegen.errors import ComposegenError
from composegen.manifest import LOCK, Owned, inside, owned

FORMAT = 1

_NAMED = 3
"""So many files are named in a message."""

_MODE = re.compile("[0-7]{4}")

_BEGINNING = re.compile(
    rb'\{\s*"version": \d+,\s*"tool": \{\s*"name": "composegen",\s*"version": "[^"]*"\s*\},\s*"topology": '
)
"""How a report of `composegen diff` begins, in which a plan is saved, and no other one of composegen's."""

_DIGEST = 64
"""Hexadecimal digits of a SHA-256."""


class SavedPlan(Struct, frozen=True, kw_only=True):
    """Everything on which a plan rests, as SHA-256 in hex."""

    sources: Mapping[str, str]
    """The topology and its Modelfiles, by the paths that name them."""
    templates: str
    """All templates together, those of the user among them."""
    planned: Mapping[PurePosixPath, Owned]
    """The tree that was reviewed."""
    found: Mapping[PurePosixPath, Owned]
    """What stood in the output folder: the files of ours, and those in the way."""


def of(
    sources: Mapping[str, bytes],
    templates: Mapping[str, str],
    planned: Tree,
    found: Mapping[PurePosixPath, Entry],
) -> SavedPlan:
    """What a plan rests on; `found` are the files at the paths of the tree and of the lock file, itself included."""
    texts = "".join(f"{_sha256(name.encode())}{_sha256(templates[name].encode())}" for name in sorted(templates))
    return SavedPlan(
        sources={name: _sha256(data) for name, data in sorted(sources.items())},
        templates=_sha256(texts.encode()),
        planned=owned(planned),
        found=owned(found),
    )


def moved(reviewed: SavedPlan, now: SavedPlan) -> tuple[str, ...]:
    """What is no longer as it was when the plan was made, a sentence each; nothing when it can be applied."""
    return tuple(_moved(reviewed, now))


def document(plan: SavedPlan) -> dict[str, Any]:
    """The plan as plain data, for a key of a JSON document."""
    return {
        "format": FORMAT,
        "sources": dict(plan.sources),
        "templates": plan.templates,
        "planned": _files(plan.planned),
        "found": _files(plan.found),
    }


def loads(data: bytes, name: str) -> SavedPlan:
    """Read what `document` made out of the JSON file `name`, in which it is the key `rests_on`.

    Raises ComposegenError when it is not such a file, is damaged, or newer.
    """
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _broken(name, "it is not JSON") from error
    match whole:
        case {"rests_on": {"format": int(number)}} if number > FORMAT:
            raise ComposegenError(f"{name} was written by a newer composegen (format {number}); use that one")
        case {
            "rests_on": {
                "format": 1,
                "sources": dict(sources),
                "templates": str(templates),
                "planned": dict(planned),
                "found": dict(found),
            }
        } if all(map(_is_digest, [templates, *sources.values()])):
            return SavedPlan(
                sources=sources, templates=templates, planned=_owned(name, planned), found=_owned(name, found)
            )
    raise _broken(name, "it has no key `rests_on` as `composegen diff --out` writes it")


def may_be_replaced(data: bytes) -> bool:
    """Whether a file holds nothing but a plan that `document` went into, even if only its beginning, or nothing."""
    if not data.strip():
        return True
    return _BEGINNING.match(data) is not None and _is_plan_or_cut_off(data.decode(errors="replace"))


def _is_plan_or_cut_off(report: str) -> bool:
    """A report that is whole is told by its key; of one that is not, nobody can say more than its beginning does."""
    try:
        whole, end = json.JSONDecoder().raw_decode(report)
    except (ValueError, RecursionError):
        return True
    return "rests_on" in whole and not report[end:].strip()


def _moved(reviewed: SavedPlan, now: SavedPlan) -> Iterator[str]:
    sources = _differing(reviewed.sources, now.sources)
    if sources:
        yield f"{_names(sources)} changed"
    if reviewed.templates != now.templates:
        yield "the templates changed: other ones of yours, or another version of composegen"
    planned = _differing(reviewed.planned, now.planned)
    if planned and not sources and reviewed.templates == now.templates:
        yield f"{_names(planned)} would be other than reviewed: a value of `variables:` changed, or composegen did"
    found = _differing(reviewed.found, now.found)
    if found:
        yield f"{_names(found)} changed in the output folder"


def _differing(first: Mapping[Any, Any], second: Mapping[Any, Any]) -> list[str]:
    """The keys that only one has, or with another value."""
    return sorted(str(key) for key in {*first, *second} if first.get(key) != second.get(key))


def _names(names: Iterable[str]) -> str:
    names = list(names)
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _files(files: Mapping[PurePosixPath, Owned]) -> dict[str, Any]:
    return {str(path): {"mode": f"{one.mode:04o}", "sha256": one.sha256} for path, one in sorted(files.items())}


def _owned(name: str, files: Mapping[str, Any]) -> Mapping[PurePosixPath, Owned]:
    return dict(_item(name, path, entry) for path, entry in files.items())


def _item(name: str, text: str, entry: Any) -> tuple[PurePosixPath, Owned]:
    path = LOCK if text == str(LOCK) else inside(text)
    match entry:
        case {"sha256": str(sha256), "mode": str(mode)} if path and _is_digest(sha256) and _MODE.fullmatch(mode):
            return path, Owned(sha256=sha256, mode=int(mode, 8))
    raise _broken(name, f"the entry of {text!r} is not a path with a hash and a mode")


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == _DIGEST


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _broken(name: str, reason: str) -> ComposegenError:
    return ComposegenError(f"{name} is no saved plan: {reason}. Make one: composegen diff --out FILE")
