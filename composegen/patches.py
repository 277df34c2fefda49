"""The changes under `patches:`: applied to generated files in memory, each checked against what it must find.

A patch that finds nothing, or more or less than it says, changes nothing and is an error; so is one that touches what
composegen relies on. What a patch does not touch keeps every byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from composegen import document, ownership, selectors
from composegen import patchfaults as faults
from composegen.artifacts import Syntax, Tree
from composegen.findings import Finding, Findings
from composegen.keypath import KeyPath
from composegen.limits import first
from composegen.patchfaults import OPERATIONS, WrongError
from composegen.patching import PatchedFile

if TYPE_CHECKING:
    from composegen.plan import HostPlan, Plan
    from composegen.selectors import Selector
    from composegen.topology import Patch

PATCHED = frozenset({Syntax.COMPOSE, Syntax.YAML})
"""Files that can be patched."""


class Patched(Struct, frozen=True, kw_only=True):
    """The tree with its patches, what is wrong with them, and by path what each of them changed in a file."""

    tree: Tree
    findings: Findings
    changed: Mapping[PurePosixPath, tuple[tuple[Patch, KeyPath], ...]]


def apply(plan: Plan, tree: Tree, syntaxes: Mapping[PurePosixPath, Syntax]) -> Patched:
    """The tree with every patch of the topology, in their order. `syntaxes` are those of the generated files.

    A file that is no YAML is left as it is: that is somebody else's finding.
    """
    work = _Work(plan=plan, tree=tree, syntaxes=syntaxes)
    findings = first(found for patch in plan.topology.patches for found in work.patch(patch))
    after = {file.path: replace(tree[file.path], data=file.data) for file in work.patched()}
    changed = {file.path: tuple(file.changed) for file in work.patched()}
    return Patched(tree={**tree, **after}, findings=findings, changed=changed)


class _Work(Struct, kw_only=True):
    plan: Plan
    tree: Tree
    syntaxes: Mapping[PurePosixPath, Syntax]
    files: dict[PurePosixPath, PatchedFile | None] = field(default_factory=dict)

    def patched(self) -> tuple[PatchedFile, ...]:
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
                    file.apply(patch, selector)
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

    def _file(self, host: HostPlan, path: PurePosixPath) -> PatchedFile | None:
        """A file, read once; None when it is no YAML."""
        if path not in self.files:
            parsed, findings = document.parse(str(path), self.tree[path].data)
            usable = parsed is not None and not findings and isinstance(parsed.data, dict)
            self.files[path] = (
                PatchedFile(
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
