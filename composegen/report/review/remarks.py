"""What is said beside the table of a review, for every view: what is equal on several hosts is one remark.

A view adds the marks of its format, and no words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePosixPath

from msgspec import Struct

from composegen.counting import counted
from composegen.impact.model import Capacity, Effect, Review, When
from composegen.impact.wording import in_words
from composegen.report.review import About, hosts_in_words

_WORDS = {Effect.HOT_RELOAD: "reload"}
"""Words of the counts, where they are not those of the effects."""


class Step(Struct, frozen=True, kw_only=True):
    """A command with its reason and its number in the order, and the hosts on which it is to be run."""

    number: int
    hosts: str
    command: str
    reason: str


class Alarm(Struct, frozen=True, kw_only=True):
    """What may happen to data, or is left or needed; the `command` ("" for none) is what the message ends with."""

    hosts: str
    message: str
    command: str
    place: str
    grave: bool


class Renamed(Struct, frozen=True, kw_only=True):
    """Another name for the same; `hosts` are those on which services have it, "" for a host itself."""

    before: str
    after: str
    hosts: str = ""

    @property
    def words(self) -> str:
        """What stands between the names."""
        where = f"on {self.hosts} " if self.hosts else ""
        return f"{where}{'are' if ' ' in self.before else 'is'} called"


class Serving(Struct, frozen=True, kw_only=True):
    """How many instances of services serve meanwhile; `silent`: none of them does."""

    services: str
    words: str
    silent: bool = False


def counts(review: Review) -> str:
    """`1 create, 1 recreate, 1 remove, 1 reload, 12 unchanged`."""
    order = (Effect.CREATE, Effect.RECREATE, Effect.RESTART, Effect.REMOVE, Effect.HOT_RELOAD)
    found = [f"{count} {_WORDS.get(effect, effect.value)}" for effect in order if (count := review.count(effect))]
    if some := sum(len(steps) for _, steps in on_hosts(review)):
        found.append(f"{counted(some, 'step')} on hosts")
    return ", ".join([*found, f"{review.unchanged} unchanged"])


def on_hosts(review: Review) -> Iterator[tuple[When, Sequence[Step]]]:
    """The commands in order, by when they are to be run; one that several hosts need at that point is one step."""
    number = 0
    for when, actions in groupby(review.actions, key=lambda action: action.when):
        steps = []
        for (command, reason), same in groupby(actions, key=lambda action: (action.command, action.reason)):
            number += 1
            hosts = hosts_in_words([action.host for action in same])
            steps.append(Step(number=number, hosts=hosts, command=command, reason=reason))
        yield when, steps


def alarms(review: Review, about: About) -> tuple[Alarm, ...]:
    """What may happen to data, grave things first."""
    same: dict[tuple[str, str, str, bool], list[str]] = {}
    for risk in review.risks:
        message = risk.message.removesuffix(risk.command).rstrip()
        same.setdefault((message, risk.command, about.place(risk), risk.grave), []).append(risk.host)
    found = (
        Alarm(hosts=hosts_in_words(hosts), message=message, command=command, place=place, grave=grave)
        for (message, command, place, grave), hosts in same.items()
    )
    return tuple(sorted(found, key=lambda alarm: not alarm.grave))


def renames(review: Review) -> Iterator[Renamed]:
    """What has another name now: hosts, and services on hosts."""
    found: dict[tuple[str, str], list[str]] = {}
    for host, group in groupby(review.renames, key=lambda rename: rename.host):
        own = tuple(group)
        if host:
            names = (in_words([one.before for one in own]), in_words([one.after for one in own]))
            found.setdefault(names, []).append(host)
        else:
            yield from (Renamed(before=one.before, after=one.after) for one in own)
    for (before, after), hosts in found.items():
        yield Renamed(before=before, after=after, hosts=hosts_in_words(hosts))


def serving(review: Review) -> Iterator[Serving]:
    """What of each service serves while it is replaced and afterwards; what answers nobody meanwhile comes first."""
    silent = [one.service for one in review.capacities if _is_silent(one)]
    if silent:
        some = "answer nobody while they are" if len(silent) > 1 else "answers nobody while it is"
        yield Serving(services=", ".join(silent), words=f"{some} replaced", silent=True)
    for one in review.capacities:
        if not _is_silent(one):
            yield Serving(services=one.service, words=_served(one))


def _is_silent(one: Capacity) -> bool:
    return one.serving <= 0 < one.afterwards


def _served(one: Capacity) -> str:
    """`3 of 4 serve meanwhile, one by one`."""
    if one.afterwards == one.serving:
        return f"{one.serving} serve instead of {one.total}" if one.serving else "serves no longer"
    how = f", {one.how}" if one.how else ""
    at_once = f"; all hosts at once: {one.at_once}" if one.at_once != one.serving else ""
    later = f"; {one.afterwards} afterwards" if one.afterwards < one.total else ""
    return f"{one.serving} of {one.total} serve meanwhile{how}{at_once}{later}"


def conflicts(review: Review) -> Iterator[tuple[PurePosixPath, str]]:
    """The files that render would not touch without being told to, and why."""
    for path, lines in review.edited.items():
        yield path, f"was edited by hand since the last render ({counted(lines, 'line')})"
    for path in review.foreign:
        yield path, "is in the way: composegen did not write it"
