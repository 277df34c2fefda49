"""The diagram of the run book: the picture of the plan, for Mermaid, where it shows more than the tables do."""

from __future__ import annotations

from composegen.graph import building, mermaid
from composegen.plan import Plan

MOST_HOSTS = 60
"""Of more hosts nothing is drawn."""


def diagram(plan: Plan) -> tuple[str, ...] | None:
    """The lines of the diagram; None for a plan that is too large for one."""
    if len(plan.hosts) > MOST_HOSTS:
        return None
    graph = building.build(plan)
    return tuple(mermaid.lines(graph)) if mermaid.is_drawn(graph) else None
