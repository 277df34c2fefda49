"""The picture of a change: the graph of a plan, marked with what a review says of each container and host."""

from __future__ import annotations

from collections.abc import Iterator
from re import fullmatch

from composegen.graph import building
from composegen.graph.marking import Marks, marked
from composegen.graph.model import Graph, Kind, Mark, Node
from composegen.impact.model import Effect, Impact, Review
from composegen.plan import Plan
from composegen.resolve.gateway import CONTAINER

_MARKS = {
    Effect.CREATE: Mark.ADDED,
    Effect.REMOVE: Mark.REMOVED,
    Effect.RECREATE: Mark.CHANGED,
    Effect.RESTART: Mark.CHANGED,
    Effect.HOT_RELOAD: Mark.CHANGED,
    Effect.HOST_ACTION: Mark.CHANGED,
}
_ONE_SHOTS = r".*-(init|wait|ready)"
"""What brings models and waits for them; the picture has no box for it."""


def picture(plan: Plan, before: Plan | None, review: Review) -> Graph:
    """What the plan becomes, with what the change adds, takes away and changes.

    `before` is the plan as it was; where that is not known (a folder of files), what goes has no edges.
    """
    return marked(
        building.build(plan, beside=before),
        building.build(before, beside=plan) if before is not None else None,
        _marks(review),
    )


def _marks(review: Review) -> Marks:
    hosts = {impact.host: Mark.CHANGED for impact in review.impacts if _is_of_host(impact)}
    hosts |= dict.fromkeys(review.added, Mark.ADDED) | dict.fromkeys(review.removed, Mark.REMOVED)
    containers = {
        (impact.host, _container(impact)): _MARKS[impact.effect]
        for impact in reversed(review.impacts)
        if _container(impact) and impact.effect is not Effect.NONE and not _brings_the_same(impact)
    }
    return Marks(hosts=hosts, containers=containers, gone=tuple(_gone(review)))


def _is_of_host(impact: Impact) -> bool:
    """Whether somebody has to do something on the host itself."""
    return bool(impact.host) and impact.effect is Effect.HOST_ACTION


def _brings_the_same(impact: Impact) -> bool:
    """Whether a one-shot is made anew and brings what it brought before: its store, which it stands for, stays."""
    if impact.effect is not Effect.RECREATE or not fullmatch(_ONE_SHOTS, impact.subject):
        return False
    paths = [difference.path for difference in impact.differences]
    return not any(path[-1:] in {("command",), ("composegen.modelfiles",)} for path in paths)


def _container(impact: Impact) -> str:
    """The container that a change meets; "" where it meets none."""
    if impact.subject:
        return impact.subject
    return CONTAINER if CONTAINER in impact.file.parts[1:2] else ""


def _gone(review: Review) -> Iterator[Node]:
    """Containers of which only the name is known."""
    for impact in review.impacts:
        if impact.effect is Effect.REMOVE and impact.subject and not fullmatch(_ONE_SHOTS, impact.subject):
            yield Node(
                key=f"{impact.host}/{impact.subject}",
                kind=_kind(impact.subject),
                title=impact.subject,
                members=((impact.host, impact.subject),),
            )


def _kind(name: str) -> Kind:
    """What a container probably is, by its name."""
    if name == CONTAINER:
        return Kind.GATEWAY
    return Kind.INSTANCE if fullmatch(r".+-\d+", name) else Kind.APP
