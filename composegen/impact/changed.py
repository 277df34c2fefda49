"""The files of one host before and after, with what tells a host from another one: the parts that `assess` works on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from composegen.artifacts import Entry
from composegen.changes import Action, Changes, same
from composegen.impact.reading import read
from composegen.impact.stack import FILE, Stack, stack
from composegen.plan import HostPlan, Plan
from composegen.topology import Host


class Pair(Struct, frozen=True, kw_only=True, dict=True):
    """A file before and after; None where it is not there."""

    before: Entry | None
    after: Entry | None

    @property
    def action(self) -> Action:
        """What happens to it."""
        if self.before is None:
            return Action.CREATE
        if self.after is None:
            return Action.DELETE
        return Action.KEEP if same(self.before, self.after) else Action.UPDATE

    @cached_property
    def data(self) -> tuple[Any, Any]:
        """What a YAML file says before and after; nothing where it is not there or cannot be read."""
        return _data(self.before), _data(self.after)

    @property
    def nothing(self) -> str:
        """What changed where nothing that means anything did."""
        equal = self.before is not None and self.after is not None and self.before.data == self.after.data
        return "executable bit only" if equal else "comment only"


class Changed(Struct, frozen=True, kw_only=True, dict=True):
    """One host: its name now and before, its files by their path in its folder, and what is planned for it.

    `plan` and `old_plan` are None where it is not part of that side, or where that side's topology is not known.
    """

    name: str
    was: str
    files: Mapping[str, Pair]
    plan: HostPlan | None = None
    old_plan: HostPlan | None = None

    @property
    def is_touched(self) -> bool:
        """Whether any file differs."""
        return any(pair.action is not Action.KEEP for pair in self.files.values())

    @property
    def is_new(self) -> bool:
        """Whether nothing was there."""
        return all(pair.before is None for pair in self.files.values())

    @property
    def is_gone(self) -> bool:
        """Whether nothing stays."""
        return all(pair.after is None for pair in self.files.values())

    @cached_property
    def before(self) -> Stack:
        """What ran. A file of others that names no project ran under that of a folder: it is taken for the same."""
        there = stack(self.files[FILE].before) if FILE in self.files else Stack()
        return there if there.name else replace(there, name=self.after.name)

    @cached_property
    def after(self) -> Stack:
        """What shall run."""
        return stack(self.files[FILE].after) if FILE in self.files else Stack()

    @property
    def spec(self) -> Host | None:
        """The host as a topology states it."""
        one = self.plan or self.old_plan
        return one.spec if one else None

    @property
    def directory(self) -> str:
        """Its folder, in which commands are run; as it was where the host goes."""
        planned = self.plan or self.old_plan
        return planned.directory if planned else self.after.directory or self.before.directory or "/opt"

    @property
    def old_directory(self) -> str:
        """The folder as it was."""
        return self.old_plan.directory if self.old_plan else self.before.directory or self.directory

    @property
    def project(self) -> str:
        """The name under which Compose knows what runs there before."""
        return self.before.name or self.after.name

    def path(self, file: str) -> PurePosixPath:
        """Where a file is in the output folder; where it was when it goes."""
        pair = self.files.get(file)
        return PurePosixPath(self.was if pair is not None and pair.after is None else self.name, file)


def _data(entry: Entry | None) -> Any:
    return {} if entry is None else read(entry.data) or {}


def of_hosts(changes: Changes, plan: Plan | None, old_plan: Plan | None) -> tuple[Changed, ...]:
    """Every host that has files on either side, by name."""
    files: dict[str, dict[str, Pair]] = {}
    for change in changes.items:
        host, *rest = change.path.parts
        if rest:
            files.setdefault(host, {})["/".join(rest)] = Pair(before=change.before, after=change.after)
    return tuple(
        Changed(name=name, was=name, files=own, plan=host_of(plan, name), old_plan=host_of(old_plan, name))
        for name, own in sorted(files.items())
    )


def of_all(changes: Changes) -> Iterable[tuple[PurePosixPath, Action]]:
    """The files of no single host that change."""
    return ((one.path, one.action) for one in changes.effective if len(one.path.parts) == 1)


def host_of(plan: Plan | None, name: str) -> HostPlan | None:
    """The plan of a host; None when there is none."""
    try:
        return plan.host(name) if plan is not None else None
    except KeyError:
        return None
