"""What is sound of a topology with faults, and what counts as doubtful then."""

from __future__ import annotations

from typing import Any

import pytest

from composegen import acceptance, document, inheritance, variables
from composegen.document import Document
from composegen.doubts import Doubts
from composegen.io import resources
from composegen.keypath import show
from composegen.salvage import salvage

HEAD = "name: demo\n"
HOSTS = "hosts: {box: {address: 10.0.0.1}}\n"
SERVICES = "services: {chat: {hosts: {box: 1}}}\n"


def salvaged(text: str) -> tuple[Document, Doubts] | None:
    """What is left of a topology without `name`, by the findings of the stages before."""
    parsed, _ = document.parse("t.yaml", (HEAD + text).encode())
    assert parsed is not None
    parsed, findings = variables.substitute(parsed, {})
    return salvage(parsed, (*findings, *acceptance.check(parsed, resources.schema(), resources.compose_schema)))


def left(text: str) -> tuple[Any, list[str]]:
    """The data that is left, and what was cut."""
    result = salvaged(text)
    assert result is not None
    assert acceptance.accepts(inheritance.effective(result[0].data))
    return result[0].data, sorted(show(path) for path in result[1].cut)


@pytest.mark.parametrize(
    ("service", "sound", "cut"),
    [
        ("imge: x, hosts: {box: 1}", {"hosts": {"box": 1}}, ["imge"]),
        ("image: 5, hosts: {box: 1}", {"hosts": {"box": 1}}, ["image"]),
        ("hosts: {box: two}", {"hosts": {"box": {}}}, ["hosts.box"]),
        ("hosts: {box: {instances: two, port: 1}}", {"hosts": {"box": {"port": 1}}}, ["hosts.box.instances"]),
        ("models: [a, [b]], hosts: {box: 1}", {"hosts": {"box": 1}}, ["models"]),
        ("models: [{nme: a}], hosts: {box: 1}", None, ["models[0].name", "models[0].nme"]),
        ("environment: {A: [], 1B: x, C: y}, hosts: {box: 1}", {"environment": {"C": "y"}, "hosts": {"box": 1}},
         ["environment.1B", "environment.A"]),
        ("compose: {imagee: x, cpus: 1}, hosts: {box: 1}", {"compose": {"cpus": 1}, "hosts": {"box": 1}},
         ["compose.imagee"]),
        ("compose: {healthcheck: {tset: x}}, hosts: {box: 1}", {"compose": {}, "hosts": {"box": 1}},
         ["compose.healthcheck"]),
        ("x-own: [1], hosts: {box: 1}", {"x-own": [1], "hosts": {"box": 1}}, []),
        ("image: '${TAG}', hosts: {box: 1}", {"hosts": {"box": 1}}, ["image"]),
        ("hosts: {box: 010}", {"hosts": {"box": {}}}, ["hosts.box"]),
    ],
)  # fmt: skip
def test_a_faulty_part_is_cut(service: str, sound: Any, cut: list[str]) -> None:
    data, found = left(HOSTS + f"services: {{chat: {{{service}}}}}\n")
    assert found == [f"services.chat.{path}" for path in cut]
    assert sound is None or data["services"]["chat"] == sound


def test_what_must_be_there_gets_a_stand_in() -> None:
    data, cut = left("hosts: {box: {adress: 10.0.0.1, ssh: me@box}}\n" + SERVICES)
    assert data["hosts"]["box"] == {"ssh": "me@box", "address": "10.0.0.84"}
    assert cut == ["hosts.box.address", "hosts.box.adress"]


def test_an_entry_that_is_wrong_as_a_whole_gets_a_stand_in() -> None:
    data, cut = left("hosts: {box: 5}\n" + SERVICES)
    assert data["hosts"] == {"box": {"address": "10.0.0.84"}}
    assert cut == ["hosts.box", "hosts.box.address"]


def test_nothing_stands_in_for_a_name_of_something_else() -> None:
    data, cut = left(HOSTS + SERVICES + "gateway: {hst: box}\napps: {a: {host: 5, compose: {image: x:1}}}\n")
    assert "gateway" not in data
    assert data["apps"] == {}
    assert {"gateway", "apps.a"} <= set(cut)


def test_of_several_kinds_the_one_is_taken_of_which_most_is_left() -> None:
    data, cut = left(HOSTS + SERVICES + "stores: {m: {kind: nsf, external: nas, path: /m}}\n")
    assert data["stores"]["m"] == {"kind": "nfs", "external": "nas", "path": "/m"}
    assert cut == ["stores.m.kind"]


def test_a_null_goes_with_what_it_takes_away() -> None:
    data, _ = left(HOSTS + "defaults: {image: 5}\nservices: {chat: {image: null, hosts: {box: 1}}}\n")
    assert data["services"] == {"chat": {"hosts": {"box": 1}}}
    data, cut = left(HOSTS + "defaults: {image: 'a:1', memory: x}\nservices: {chat: {image: null, hosts: {box: 1}}}\n")
    assert data["services"]["chat"]["image"] is None
    assert cut == ["defaults.memory"]


def test_an_alias_of_a_fault_is_one_as_well() -> None:
    data, cut = left(HOSTS + "services: {a: {memory: &m 010, hosts: {box: 1}}, b: {memory: *m, hosts: {box: 1}}}\n")
    assert data["services"] == {"a": {"hosts": {"box": 1}}, "b": {"hosts": {"box": 1}}}
    assert cut == ["services.a.memory", "services.b.memory"]


@pytest.mark.parametrize("text", ["hosts: 5\n" + SERVICES, HOSTS, HOSTS + "services: {}\n", HOSTS + "service: {}\n"])
def test_without_hosts_or_services_nothing_is_left(text: str) -> None:
    assert salvaged(text) is None


def test_a_topology_that_is_no_mapping() -> None:
    parsed, _ = document.parse("t.yaml", b"[1]")
    assert parsed is not None
    assert salvage(parsed, ()) is None


def test_what_might_be_there_once_all_is_mended() -> None:
    result = salvaged(HOSTS + SERVICES + "stores: {Big: {kind: volume}}\napps: {web: {hots: {other: 1}}}\n")
    assert result is not None
    doubts = result[1]
    assert doubts.may_exist("stores", "big")
    assert doubts.may_exist("hosts", "other")
    assert doubts.may_exist("services", "web")
    assert not doubts.may_exist("hosts", "attic")
    assert not doubts.may_exist("apps", "attic")
