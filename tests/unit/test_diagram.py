"""The diagram of the run book: the picture of the plan for Mermaid, and left out where it is huge."""

from __future__ import annotations

import pytest

from composegen.graph import building, mermaid
from composegen.targets._diagram import diagram
from tests.planning import plan_of
from tests.unit.graph.pictures import farm
from tests.unit.test_runbook import book


def test_it_is_the_picture_of_the_plan() -> None:
    plan = plan_of(farm(3, 2, gateway="gateway: {host: h000}"))
    found = diagram(plan)
    assert found == tuple(mermaid.lines(building.build(plan)))
    assert "```mermaid\n" + "\n".join(found) + "\n```\n" in book(plan)


def test_many_hosts_are_not_drawn_but_said() -> None:
    found = diagram(plan_of(farm(60, 1)))
    assert found is not None
    assert '    subgraph host60["h059 (10.0.0.60)"]' in found
    plan = plan_of(farm(61, 2))
    assert diagram(plan) is None
    text = book(plan)
    assert (
        "A diagram of 122 instances on 61 hosts would show nothing: the tables say what runs where.\n\n| host |" in text
    )
    assert "mermaid" not in text


@pytest.mark.slow
def test_more_edges_than_mermaid_draws_are_not_drawn() -> None:
    found = diagram(plan_of(farm(50, 1, services=5)))
    assert found is not None
    assert sum(" --> " in line or "-->|" in line for line in found) == mermaid.MOST_EDGES
    assert diagram(plan_of(farm(51, 1, services=5))) is None
