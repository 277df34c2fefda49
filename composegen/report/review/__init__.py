"""Views of a review: what a change of files does to what runs, for people and programs. A view decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from composegen.findings import Location, Span
from composegen.impact.model import Difference, Effect, Impact, Review, Risk

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
