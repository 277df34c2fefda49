"""The diagram of the run book: complete while it is small, gathered when it is large, left out when it is huge."""

from __future__ import annotations

from composegen.targets._diagram import MOST_EDGES, Diagram, diagram
from tests.planning import plan_of
from tests.unit.test_runbook import book


def farm(hosts: int, instances: int, services: int = 1, gateway: str = "") -> str:
    """So many hosts, each with so many instances of each of the services, which are all on one NFS store."""
    names = [f"h{number:03}" for number in range(hosts)]
    listed = ", ".join(f"{name}: {{address: 10.0.0.{number}}}" for number, name in enumerate(names, start=1))
    placed = [
        ", ".join(f"{name}: {{instances: {instances}, port: {11434 + 1000 * number}}}" for name in names)
        for number in range(services)
    ]
    others = "".join(f", s{n}: {{store: models, writer: none, hosts: {{{placed[n]}}}}}" for n in range(1, services))
    return f"""
        name: farm
        hosts: {{{listed}}}
        stores: {{models: {{kind: nfs, server: h000, path: /srv/models}}}}
        services: {{chat: {{store: models, hosts: {{{placed[0]}}}}}{others}}}
        {gateway}
    """


def drawn(text: str) -> Diagram:
    found = diagram(plan_of(text))
    assert found is not None
    return found


def labels(found: Diagram) -> list[str]:
    return [node.label for group in found.groups for node in group.nodes]


def test_forty_instances_are_drawn_one_by_one() -> None:
    found = drawn(farm(5, 8))
    assert labels(found)[:2] == ["chat-1 :11434", "chat-2 :11435"]
    assert len([label for label in labels(found) if label.startswith("chat-")]) == 40
    assert [edge.label for edge in found.edges if edge.label != "reads"] == [""] * 40 + ["writes"]


def test_more_instances_share_a_box_for_each_service_of_a_host() -> None:
    found = drawn(farm(6, 8, gateway="gateway: {host: h000}"))
    assert labels(found) == [
        "Traefik :11400",
        "chat x 8, ports 11434-11441",
        "store models",
        *["chat x 8, ports 11434-11441"] * 5,
    ]
    boxes = [node.id for group in found.groups for node in group.nodes if node.label.startswith("chat")]
    assert [(edge.start, edge.end) for edge in found.edges if edge.label == ""] == [
        ("users", "gateway"),
        *(("gateway", box) for box in boxes),
    ]
    stored = {edge.start: edge.label for edge in found.edges if edge.label}
    assert list(stored) == boxes
    assert list(stored.values()) == ["chat-1 writes, others read", *["reads"] * 5]


def test_a_box_of_one_is_the_instance() -> None:
    assert labels(drawn(farm(41, 1)))[0] == "chat-1 :11434"


def test_services_do_not_share_a_box() -> None:
    found = drawn(farm(3, 8, services=2))
    assert labels(found)[:2] == ["chat x 8, ports 11434-11441", "s1 x 8, ports 12434-12441"]


def test_many_hosts_are_not_drawn_but_said() -> None:
    assert drawn(farm(60, 1)).groups[59].label == "h059 (10.0.0.60)"
    found = plan_of(farm(61, 2))
    assert diagram(found) is None
    text = book(found)
    assert (
        "A diagram of 122 instances on 61 hosts would show nothing: the tables say what runs where.\n\n| host |" in text
    )
    assert "mermaid" not in text


def test_more_edges_than_mermaid_draws_are_not_drawn() -> None:
    assert len(drawn(farm(50, 1, services=5)).edges) == MOST_EDGES
    assert diagram(plan_of(farm(51, 1, services=5))) is None
