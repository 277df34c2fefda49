"""Which patch of the topology makes a place of a generated file what it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from composegen.findings import Location
from composegen.keypath import KeyPath
from composegen.selectors import Key, fits, parse
from composegen.topology import Patch


def place(patches: Iterable[Patch], host: str, file: str, path: KeyPath) -> Location | None:
    """The last patch that writes at a path of a file, or removes it; None where there is none."""
    for patch in reversed(tuple(patches)):
        if patch.file == file and any(fits(pattern, host) for pattern in patch.hosts) and _writes(patch, path):
            return Location(path=patch.at("match"), part="key")
    return None


def _writes(patch: Patch, path: KeyPath) -> bool:
    steps = parse(patch.match) or ()
    named = zip(steps, path, strict=False)
    if not all(fits(step.text, str(key)) for step, key in named if isinstance(step, Key)):
        return False
    return patch.merge is None or _holds(patch.merge, path[len(steps) :])


def _holds(merged: Any, path: KeyPath) -> bool:
    """Whether what is merged says something at a path, above or below it."""
    for key in path:
        if not isinstance(merged, Mapping):
            return True
        if key not in merged:
            return False
        merged = merged[key]
    return True
