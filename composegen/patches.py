"""The changes under `patches:`: applied to generated files in memory, each checked against what it must find.

A patch that finds nothing, or more or less than it says, changes nothing and is an error; so is one that touches what
composegen relies on. What a patch does not touch keeps every byte.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from composegen import document, ownership, quoting, selectors
from composegen import patchfaults as faults
from composegen.artifacts import Syntax, Tree
from composegen.findings import Finding, Findings
from composegen.keypath import KeyPath
from composegen.limits import first
from composegen.ownership import touched
from composegen.patchfaults import OPERATIONS, WrongError
from composegen.splicing import Edits, SpliceError, Write, applied, splice

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.plan import HostPlan, Plan
    from composegen.selectors import Selector
    from composegen.topology import Patch

PATCHED = frozenset({Syntax.COMPOSE, Syntax.YAML})
"""Files that can be patched."""


@dataclass(frozen=True, kw_only=True)
class Patched:
    """The tree with its patches, what is wrong with them, and by path what each of them changed in a file."""

    tree: Tree
    findings: Findings
    changed: Mapping[PurePosixPath, tuple[tuple[Patch, KeyPath], ...]]


@dataclass(kw_only=True)
class _File:
    """A file while it is patched."""

    host: HostPlan
    path: PurePosixPath
    syntax: Syntax
    document: Document
    owned: Mapping[KeyPath, str]
    changed: list[tuple[Patch, KeyPath]] = field(default_factory=list)


def apply(plan: Plan, tree: Tree, syntaxes: Mapping[PurePosixPath, Syntax]) -> Patched:
    """The tree with every patch of the topology, in their order. `syntaxes` are those of the generated files.

    A file that is no YAML is left as it is: that is somebody else's finding.
    """
    work = _Work(plan=plan, tree=tree, syntaxes=syntaxes)
    findings = first(found for patch in plan.topology.patches for found in work.patch(patch))
    after = {file.path: replace(tree[file.path], data=_text(file).encode()) for file in work.patched()}
    changed = {file.path: tuple(file.changed) for file in work.patched()}
    return Patched(tree={**tree, **after}, findings=findings, changed=changed)


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


@dataclass(kw_only=True)
class _Work:
    plan: Plan
    tree: Tree
    syntaxes: Mapping[PurePosixPath, Syntax]
    files: dict[PurePosixPath, _File | None] = field(default_factory=dict)

    def patched(self) -> tuple[_File, ...]:
        """The files that are not as they were."""
        return tuple(file for file in self.files.values() if file is not None and file.changed)

    def patch(self, patch: Patch) -> Iterator[Finding]:
        """Apply one patch, or say what is wrong with it."""
        try:
            selector = _selector(patch)
            hosts = self._hosts(patch)
        except WrongError as error:
            yield error.finding
            return
        for host in hosts:
            file = self._file(host, host.name / PurePosixPath(patch.file))
            if file is not None:
                try:
                    _apply(file, patch, selector)
                except WrongError as error:
                    yield error.finding

    def _hosts(self, patch: Patch) -> tuple[HostPlan, ...]:
        """The hosts that have the file, in the order of the topology."""
        if not patch.hosts:
            raise faults.no_host(patch, None, [host.name for host in self.plan.hosts])
        chosen: dict[str, HostPlan] = {}
        for index, pattern in enumerate(patch.hosts):
            meant = {host.name: host for host in self.plan.hosts if selectors.fits(pattern, host.name)}
            with_file = {name: host for name, host in meant.items() if self._has(name, patch.file)}
            if not with_file:
                raise self._nowhere(patch, index, meant)
            chosen |= with_file
        return tuple(host for host in self.plan.hosts if host.name in chosen)

    def _has(self, host: str, file: str) -> bool:
        return self.syntaxes.get(host / PurePosixPath(file)) in PATCHED

    def _nowhere(self, patch: Patch, index: int, meant: Mapping[str, HostPlan]) -> WrongError:
        if not meant:
            return faults.no_host(patch, index, [host.name for host in self.plan.hosts])
        own = [path for path in self.tree if path.parts[0] in meant and len(path.parts) > 1]
        there = any(path.relative_to(path.parts[0]) == PurePosixPath(patch.file) for path in own)
        files = sorted({"/".join(path.parts[1:]) for path in own if self.syntaxes.get(path) in PATCHED})
        return faults.not_yaml(patch, files) if there else faults.no_file(patch, index, files)

    def _file(self, host: HostPlan, path: PurePosixPath) -> _File | None:
        """A file, read once; None when it is no YAML."""
        if path not in self.files:
            parsed, findings = document.parse(str(path), self.tree[path].data)
            usable = parsed is not None and not findings and isinstance(parsed.data, dict)
            self.files[path] = (
                _File(
                    host=host,
                    path=path,
                    syntax=self.syntaxes[path],
                    document=parsed,
                    owned=ownership.owned(host, path, self.syntaxes[path], parsed.data),
                )
                if parsed is not None and usable
                else None
            )
        return self.files[path]


def _selector(patch: Patch) -> Selector:
    """What a patch looks for. Raises WrongError where it does not say what it wants."""
    stated = [name for name in OPERATIONS if getattr(patch, name) is not None]
    if len(stated) != 1:
        raise faults.not_one_operation(patch, stated)
    selector = selectors.parse(patch.match)
    if selector is None:
        raise faults.no_path(patch)
    return selector


def _apply(file: _File, patch: Patch, selector: Selector) -> None:
    """Change a file. Raises WrongError, and then nothing is changed."""
    places = tuple(selectors.select(file.document.data, selector))
    if not places or (patch.count != "any" and len(places) != patch.count):
        raise faults.miscounted(patch, file.path, file.document.data, selector)
    edits = Edits()
    for place in places:
        _edit(file, patch, place, edits)
    for path in edits.paths:
        ours = touched(file.owned, path)
        if ours is not None:
            raise faults.taken(patch, file.path, path, ours, file.owned[ours])
    file.document = _changed(file.document, file.syntax, edits)
    file.changed += [(patch, path) for path in edits.paths]


def _edit(file: _File, patch: Patch, place: KeyPath, edits: Edits) -> None:
    """What a patch does at one place."""
    before = selectors.at(file.document.data, place)
    if patch.remove:
        edits.removed.add(place)
    elif patch.merge is None:
        edits.replaced[place] = _value(patch.set, file.syntax)
    elif isinstance(before, dict):
        _merge(place, before, _value(patch.merge, file.syntax), edits)
    else:
        raise faults.no_mapping(patch, file.path, place)


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


def _text(file: _File) -> str:
    return "\n".join(file.document.lines)
