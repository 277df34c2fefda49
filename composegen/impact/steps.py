"""A command on a host with its place in the order in which all commands are to be run."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from enum import IntEnum

from msgspec import Struct

from composegen.impact.changed import Changed
from composegen.impact.model import HostAction, When


class Phase(IntEnum):
    """When a command is to be run, first to last: servers before clients when something comes, after when it goes."""

    DOWN = 1
    """Before the new files are there: what must stop while its definition still is."""
    LEAVE = 2
    """On a host that goes, once the gateway has its new files."""
    UNMOUNT = 3
    SERVER = 4
    CLIENT = 5
    GUARD = 6
    UP = 7
    AFTER = 8
    """Once the new files are in force: what reads them only at its start, and files that nobody deletes."""
    TAKE_MOUNT = 9
    TAKE_EXPORT = 10
    OPEN = 11


class Step(Struct, frozen=True, kw_only=True):
    """A command with its phase."""

    phase: Phase
    action: HostAction


def in_folder(phase: Phase, host: Changed, command: str, reason: str) -> Step:
    """A command that is run in the host's folder; in that of before where the files of before are needed."""
    folder = host.old_directory if phase in (Phase.DOWN, Phase.LEAVE) else host.directory
    return anywhere(phase, host, f"cd {shlex.quote(folder)} && {command}", reason)


def anywhere(phase: Phase, host: Changed, command: str, reason: str) -> Step:
    """A command for which it does not matter in which folder it is run."""
    return Step(phase=phase, action=HostAction(host=host.name, command=command, reason=reason, when=_when(phase)))


def umount(phase: Phase, host: Changed, folder: str, reason: str) -> Step:
    """Take a mount away until the next boot."""
    return anywhere(phase, host, f"sudo umount {shlex.quote(folder)}", reason)


def ordered(found: Iterable[Step]) -> tuple[HostAction, ...]:
    """The commands, first to last; within a phase the first one of each host, then the second one.

    Of these, hosts with the same one stand together: between hosts nothing but the phases counts.
    """
    numbers: Counter[tuple[Phase, str]] = Counter()
    alike: dict[tuple[Phase, int, str, str], list[HostAction]] = {}
    for step in sorted(found, key=lambda step: (step.phase, step.action.host)):
        own, action = (step.phase, step.action.host), step.action
        alike.setdefault((step.phase, numbers[own], action.command, action.reason), []).append(action)
        numbers[own] += 1
    in_order = sorted(alike.items(), key=lambda item: item[0][:2])
    return tuple(action for _, same in in_order for action in same)


def _when(phase: Phase) -> When:
    if phase is Phase.DOWN:
        return When.BEFORE_FILES
    return When.BEFORE_UP if phase < Phase.UP else When.AFTER_UP
