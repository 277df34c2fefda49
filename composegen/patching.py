"""One generated file while it is patched: what is found in it, and how its text changes with its data."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from composegen import document, quoting, selectors
from composegen import patchfaults as faults
from composegen.artifacts import Syntax, Tree
from composegen.keypath import KeyPath
from composegen.ownership import touched
from composegen.splicing import Edits, SpliceError, Write, applied, splice

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.plan import HostPlan
    from composegen.selectors import Selector
    from composegen.topology import Patch


class PatchedFile(Struct, kw_only=True):
    """A file while it is patched."""

    host: HostPlan
    path: PurePosixPath
    syntax: Syntax
    document: Document
    owned: Mapping[KeyPath, str]
    changed: list[tuple[Patch, KeyPath]] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """What it holds now."""
        return "\n".join(self.document.lines).encode()

    def apply(self, patch: Patch, selector: Selector) -> None:
        """Change it. Raises WrongError, and then nothing is changed."""
        places = tuple(selectors.select(self.document.data, selector))
        if not places or (patch.count != "any" and len(places) != patch.count):
            raise faults.miscounted(patch, self.path, self.document.data, selector)
        edits = Edits()
        for place in places:
            self._edit(patch, place, edits)
        for path in edits.paths:
            ours = touched(self.owned, path)
            if ours is not None:
                inside = path[len(selector) :]  # each step of a selector finds one of the path
                raise faults.taken(patch, inside, self.path, path, ours, self.owned[ours])
        self.document = _changed(self.document, self.syntax, edits)
        self.changed += [(patch, path) for path in edits.paths]

    def _edit(self, patch: Patch, place: KeyPath, edits: Edits) -> None:
        """What a patch does at one place."""
        before = selectors.at(self.document.data, place)
        if patch.remove:
            edits.removed.add(place)
        elif patch.merge is None:
            edits.replaced[place] = _value(patch.set, self.syntax)
        elif isinstance(before, dict):
            _merge(place, before, _value(patch.merge, self.syntax), edits)
        else:
            raise faults.no_mapping(patch, self.path, place)


def labelled(tree: Tree, path: PurePosixPath, service: str, label: Mapping[str, str]) -> Tree:
    """The tree with a label more on a service of a Compose file; as it was where there is no such service."""
    parsed, findings = document.parse(str(path), tree[path].data)
    stated = selectors.parse(f'services."{service}"') or ()
    place = next(selectors.select(parsed.data, stated), None) if parsed is not None and not findings else None
    keys = None if parsed is None or place is None else selectors.at(parsed.data, place)
    if parsed is None or place is None or not isinstance(keys, dict) or not isinstance(keys.get("labels", {}), dict):
        return tree
    edits = Edits()
    _merge(place, keys, {"labels": dict(label)}, edits)
    changed = _changed(parsed, Syntax.COMPOSE, edits)
    return {**tree, path: replace(tree[path], data="\n".join(changed.lines).encode())}


def _merge(place: KeyPath, before: dict[str, Any], merged: dict[str, Any], edits: Edits) -> None:
    for key, value in merged.items():
        path = (*place, key)
        if value is None:
            edits.removed.update({path} if key in before else ())
        elif key not in before:
            edits.added[path] = _without_nulls(value)
        elif isinstance(value, dict) and isinstance(before[key], dict):
            _merge(path, before[key], value, edits)
        else:
            edits.replaced[path] = _without_nulls(value)


def _without_nulls(value: Any) -> Any:
    """What is merged into nothing: `null` has nothing to remove."""
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return value


def _value(value: Any, syntax: Syntax) -> Any:
    """A value of the topology as the file must hold it, in an order of its own: that in the topology moves no line.

    Every `$` reaches the program as one, so in a Compose file it is doubled.
    """
    match value:
        case Mapping():
            return {key: _value(value[key], syntax) for key in sorted(value)}
        case list() | tuple():
            return [_value(one, syntax) for one in value]
        case str() if syntax is Syntax.COMPOSE:
            return value.replace("$", "$$")
    return value


def _changed(before: Document, syntax: Syntax, edits: Edits) -> Document:
    """The document with the edits: in place where the text allows it, else written anew below its header."""
    expected = applied(copy.deepcopy(before.data), edits)
    write = _writer(syntax)
    with suppress(SpliceError, LookupError, TypeError):
        parsed = _parsed(before.name, splice(before, expected, edits, write))
        if parsed is not None and parsed.data == expected:
            return parsed
    header = [line for line in before.lines[: _header(before)] if line]
    anew = _parsed(before.name, "\n".join([*header, "", write(expected, 0), ""]))
    assert anew is not None  # composegen's own words
    return anew


def _parsed(name: str, text: str) -> Document | None:
    parsed, findings = document.parse(name, text.encode())
    return parsed if not findings else None


def _header(parsed: Document) -> int:
    """How many lines of comment a document begins with."""
    lines = parsed.lines
    return next((number for number, line in enumerate(lines) if line and not line.startswith("#")), len(lines))


def _writer(syntax: Syntax) -> Write:
    return quoting.yaml if syntax is Syntax.COMPOSE else quoting.traefik
