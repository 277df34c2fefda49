"""The graph of a plan: complete while it is small, gathered when it is large."""

from __future__ import annotations

import pytest

from composegen.graph import building
from composegen.graph.model import Graph, Kind, Way
from tests.planning import behind_a_gateway, plan_of
from tests.sampling import compiled
from tests.unit.graph.pictures import farm


def graph(text: str) -> Graph:
    return building.build(plan_of(text))


def of_sample(name: str) -> Graph:
    plan = compiled(name).plan
    assert plan is not None
    return building.build(plan)


def titles(found: Graph, kind: Kind = Kind.INSTANCE) -> list[str]:
    return [f"{node.title} :{node.ports}" for node in found.nodes() if node.kind is kind]


def lines(found: Graph, *ways: Way) -> set[tuple[str, str, str]]:
    return {(edge.start, edge.end, edge.label) for edge in found.edges if edge.way in ways}


def test_forty_instances_are_drawn_one_by_one() -> None:
    found = graph(farm(5, 8))
    assert len(titles(found)) == 40
    assert titles(found)[:2] == ["chat-1 :11434", "chat-2 :11435"]
    assert [edge.label for edge in found.edges if edge.way is Way.WRITES] == ["rw"]
    assert len(lines(found, Way.READS)) == 39


def test_more_instances_share_a_box_for_each_service_of_a_host() -> None:
    found = graph(farm(6, 8, services=2, gateway="gateway: {host: h000, routes: [{service: chat}]}"))
    assert titles(found) == ["chat x 8 :11434-11441", "s1 x 8 :12434-12441"] * 6
    assert titles(found, Kind.GATEWAY) == ["Traefik :11400"]
    assert ("h000/chat", "h000/store models", "chat-1 rw, others ro") in lines(found, Way.WRITES)
    assert len(lines(found, Way.READS)) == 11
    asked = lines(found, Way.ASKS)
    assert ("h000/the gateway", "h003/chat", "") in asked
    assert ("users", "h003/s1", "") in asked


def test_a_box_of_one_is_the_instance() -> None:
    assert titles(graph(farm(41, 1)))[0] == "chat-1 :11434"


@pytest.mark.slow
def test_of_many_hosts_those_that_are_alike_share_a_frame() -> None:
    assert len(graph(farm(60, 1)).frames) == 60
    found = graph(farm(61, 2))
    assert [frame.title for frame in found.frames] == ["h000", "h001 and 59 like it"]
    assert found.frames[1].details == ()
    assert len(found.frames[1].nodes[0].members) == 120
    assert found.summary == "122 instances on 61 hosts"


def test_hosts_without_instances_are_not_those_on_which_the_instances_are() -> None:
    assert of_sample("init-and-apps").summary == "1 instance on 1 host", "apps alone are on the other one"


def test_beside_a_large_one_a_small_one_is_gathered_too() -> None:
    small, large = plan_of(farm(5, 8)), plan_of(farm(5, 9))
    assert titles(building.build(small, beside=large)) == ["chat x 8 :11434-11441"] * 5


def test_the_gateway_and_its_weights() -> None:
    found = of_sample("nfs-replicas")
    assert found.entry == "http://ollama.local:11400"
    assert ("server80/the gateway", "server84/ollama-3", "weight 2") in lines(found, Way.ASKS)
    assert ("server84/ollama-3", "server80/store models", "ro") in lines(found, Way.READS)
    assert lines(found, Way.WRITES) == {("server80/ollama-1", "server80/store models", "rw")}
    even = building.build(behind_a_gateway())
    assert {label for _, _, label in lines(even, Way.ASKS)} == {""}


def test_what_stands_on_the_boxes() -> None:
    found = of_sample("kitchen-sink")
    details = {node.key: node.details for node in found.nodes()}
    assert details["big/chat-1"] == ("GPU 0", "24GiB")
    assert details["big/draft-1"] == ("GPU 2",)
    assert details["small/embed-1"] == ("all GPUs", "24GiB")
    assert details["gate/store pool"] == ("NFS export", "/srv/models", "4 models")
    assert details["gate/store cache"] == ("volume", "kitchen_sink_cache", "1 model")
    assert details["@10.0.0.9/store nas"] == ("NFS on 10.0.0.9", "/export/embed", "1 model")
    assert found.frames[0].details == ("10.0.0.3", "3 nvidia GPUs")


def test_apps_and_what_they_need() -> None:
    found = of_sample("kitchen-sink")
    assert {(start, end) for start, end, _ in lines(found, Way.NEEDS)} == {
        ("gate/web", "gate/the gateway"),
        ("gate/web", "gate/db"),
        ("gate/web", "gate/notes-1"),
    }
    assert ("users", "gate/web", "") in lines(found, Way.ASKS)
    assert ("users", "gate/db", "") not in lines(found, Way.ASKS)
    other = of_sample("init-and-apps")
    assert ("server84/browser", "server80/ollama-1", "") in lines(other, Way.NEEDS)


def test_users_of_one_instance_have_its_url() -> None:
    assert of_sample("minimal").entry == "http://192.168.1.10:11434"
    assert of_sample("amd").entry == ""
