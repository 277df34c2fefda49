"""Views of a review: what a change of files does to what runs, for people and programs. A view decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from composegen.findings import Location, Span
from composegen.impact.model import Difference, Impact, Risk

Locate = Callable[[Location], Span]


class About(Struct, frozen=True, kw_only=True):
    """What was compared: the topology, as it is called and with who finds its nodes, and the two sides in words.

    `locate_before` finds the nodes of the topology as it was, which `before_name` calls by name; None where that is not
    known. `next` is the command that renders the change, empty where that is done.
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


def hosts_in_words(names: Sequence[str]) -> str:
    """The hosts; of many, the first one and how many more."""
    if list(names) == [""]:
        return "(all)"
    if len(names) <= 3:  # noqa: PLR2004
        return ", ".join(names)
    return f"{names[0]} and {len(names) - 1} more"
