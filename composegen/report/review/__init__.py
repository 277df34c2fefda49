"""Views of a review: what a change of files does to what runs, for people and programs. A view decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from composegen.findings import Location, Span
from composegen.impact.model import Capacity, Difference, Effect, Impact, Review, Risk
from composegen.impact.wording import in_words

_WORDS = {Effect.HOT_RELOAD: "reload"}
"""Words of the counts, where they are not those of the effects."""

Locate = Callable[[Location], Span]


@dataclass(frozen=True, kw_only=True)
class About:
    """What was compared: the topology, as it is called and with who finds its nodes, and the two sides in words.

    `locate_before` finds the nodes of the topology as it was, which `before_name` calls by name; None where that is not
    known. `next` is the command that makes the change.
    """

    name: str
    after: str
    locate: Locate
    next: str
    before_name: str = ""
    locate_before: Locate | None = None

    def place(self, impact: Impact | Difference | Risk) -> str:
        """`topology.yaml:29` of what caused something; "" where nothing in a topology did."""
        older = not isinstance(impact, Risk) and impact.by_older
        locate = self.locate_before if older else self.locate
        if impact.cause is None or locate is None:
            return ""
        return f"{self.before_name if older else self.name}:{locate(impact.cause).line}"


def counts(review: Review) -> str:
    """`1 create, 1 recreate, 1 remove, 1 reload, 12 unchanged`."""
    order = (Effect.CREATE, Effect.RECREATE, Effect.RESTART, Effect.REMOVE, Effect.HOT_RELOAD)
    found = [f"{count} {_WORDS.get(effect, effect.value)}" for effect in order if (count := review.count(effect))]
    steps = sum(1 for _ in groupby(review.actions, key=lambda action: (action.when, action.command, action.reason)))
    found += [f"{steps} step{'s' * (steps > 1)} on hosts"] if steps else []
    return ", ".join([*found, f"{review.unchanged} unchanged"])


def renames(review: Review) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Names before and after, and the hosts where services have them (none for names of hosts); alike ones as one."""
    found: dict[tuple[str, str], list[str]] = {}
    for host, group in groupby(review.renames, key=lambda rename: rename.host):
        own = tuple(group)
        if host:
            names = (in_words([one.before for one in own]), in_words([one.after for one in own]))
            found.setdefault(names, []).append(host)
        else:
            yield from ((one.before, one.after, ()) for one in own)
    yield from ((before, after, tuple(hosts)) for (before, after), hosts in found.items())


def serving(one: Capacity) -> str:
    """How many instances of a service serve meanwhile and afterwards: `3 of 4 serve meanwhile, one by one`."""
    if one.serving <= 0 < one.afterwards:
        return "answers nobody while it is replaced"
    if one.afterwards == one.serving:
        return f"{one.serving} serve instead of {one.total}" if one.serving else "serves no longer"
    how = f", {one.how}" if one.how else ""
    at_once = f"; all hosts at once: {one.at_once}" if one.at_once != one.serving else ""
    later = f"; {one.afterwards} afterwards" if one.afterwards < one.total else ""
    return f"{one.serving} of {one.total} serve meanwhile{how}{at_once}{later}"
