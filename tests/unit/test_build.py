"""Data to topology: short forms, defaults, texts as written, and where each section stands."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from composegen import build, document, schema
from composegen.io import resources
from composegen.keypath import KeyPath
from composegen.topology import (
    DirectoryStore,
    Init,
    Model,
    Need,
    NfsStore,
    Placement,
    Secret,
    Service,
    Topology,
    VolumeStore,
)

HEAD = "name: demo\nhosts: {box: {address: 10.0.0.1}, big: {address: 10.0.0.2}}\n"


def topology(text: str) -> Topology:
    parsed, findings = document.parse("t.yaml", (HEAD + text).encode())
    assert parsed is not None
    assert (*findings, *schema.validate(parsed, schema.generate(), resources.compose_schema)) == ()
    return build.build(parsed)


def service(fields: str, defaults: str = "{}") -> Service:
    return topology(f"defaults: {defaults}\nservices: {{s: {{{fields}}}}}\n").services["s"]


def test_what_is_left_out_takes_its_default() -> None:
    found = topology("services: {s: {}}\n")
    assert (found.output, found.gateway, found.stores, found.variables) == ("deploy", None, {}, ())
    assert (found.services["s"].init, found.services["s"].hosts) == (Init(), {})
    assert found.hosts["box"].docker.compose == "2.20"


def test_entries_are_named_by_their_keys() -> None:
    found = topology("services: {s: {}}\napps: {web: {host: box, compose: {image: x}}}\nstores: {m: {kind: volume}}\n")
    assert [found.hosts["big"].name, found.services["s"].name] == ["big", "s"]
    assert [found.apps["web"].name, found.stores["m"].name] == ["web", "m"]
    assert found.defaults.name == ""
    assert found.name == "demo"


def test_short_forms_are_written_out() -> None:
    found = topology(
        "services: {s: {hosts: {box: 2, big: {port: 12000}}, models: ['x:1', {name: y, insecure: true}]}}\n"
        "apps: {web: {host: box, needs: [s, {service: s, variable: URL}], compose: {image: x}}}\n"
    )
    assert found.services["s"].hosts == {"box": Placement(instances=2), "big": Placement(port=12000)}
    assert found.services["s"].models == (Model(name="x:1"), Model(name="y", insecure=True))
    assert found.apps["web"].needs == (Need(service="s"), Need(service="s", variable="URL"))


def test_the_kind_of_a_store_decides_its_type() -> None:
    stores = topology(
        "services: {s: {}}\nstores:\n  a: {kind: volume}\n  b: {kind: directory, path: /x}\n"
        "  c: {kind: nfs, server: box, path: /y}\n"
    ).stores
    assert [type(store) for store in stores.values()] == [VolumeStore, DirectoryStore, NfsStore]


@pytest.mark.parametrize(
    ("written", "gpus"),
    [("one-each", "one-each"), ("none", "none"), ("2", 2), ("2.0", 2), ("['0', a]", ("0", "a")), ("[]", ())],
)
def test_gpus_are_what_they_look_like(written: str, gpus: Any) -> None:
    found = service(f"hosts: {{box: {{gpus: {written}}}}}").hosts["box"].gpus
    assert (found, type(found)) == (gpus, type(gpus))


def test_whole_numbers_are_whole() -> None:
    placement = service("hosts: {box: {instances: 2.0, port: 1.2e4}}").hosts["box"]
    assert (type(placement.instances), placement.port, type(placement.port)) == (int, 12000, int)


def test_init_may_be_switched_off() -> None:
    assert service("init: false").init is False
    assert service("init: {attempts: 1}").init == Init(attempts=1)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1.10", "1.10"),
        ("true", "true"),
        ("True", "True"),
        ("yes", "yes"),
        ("017", "017"),
        ("0o17", "0o17"),
        ("1e3", "1e3"),
        ("-0", "-0"),
        (".inf", ".inf"),
        ("'5'", "5"),
        ("1:20", "1:20"),
        ("!!int '7'", "7"),
        ("''", ""),
    ],
)
def test_environment_is_text_as_written_everywhere(written: str, text: str) -> None:
    assert service(f"environment: {{A: {written}}}").environment["A"] == text
    assert service("", f"{{environment: {{A: {written}}}}}").environment["A"] == text
    assert service("environment: {B: x}", f"{{environment: {{A: {written}}}}}").environment["A"] == text


def test_secrets_are_secrets() -> None:
    found = service("environment: {A: {secret: TOKEN}, B: x}", "{environment: {B: {secret: OTHER}, C: {secret: C}}}")
    assert found.environment == {"A": Secret(secret="TOKEN"), "B": "x", "C": Secret(secret="C")}


def test_compose_keys_stay_what_they_are_but_for_the_environment() -> None:
    environment = "environment: {A: 1.10, B: null, C: {secret: T}}"
    compose = service(f"compose: {{cpus: 1.5, command: [a, b], {environment}, privileged: true}}").compose
    assert compose["cpus"] == 1.5
    assert compose["command"] == ("a", "b")
    assert compose["privileged"] is True
    assert compose["environment"] == {"A": "1.10", "B": None, "C": {"secret": "T"}}


def test_a_volume_may_have_no_options() -> None:
    volumes = (
        topology("services: {s: {}}\napps: {w: {host: box, compose: {image: x}, volumes: {a: , b: {driver: local}}}}\n")
        .apps["w"]
        .volumes
    )
    assert volumes == {"a": None, "b": {"driver": "local"}}


def test_free_keys_are_dropped() -> None:
    assert service("x-note: {a: 1}").name == "s"


def test_defaults_hold_for_what_a_service_does_not_state() -> None:
    found = service("memory: 2GiB", "{memory: 1GiB, image: 'x:1', models: [a], hosts: {box: 3}, init: {attempts: 1}}")
    assert (found.memory, found.image, found.models) == ("2GiB", "x:1", (Model(name="a"),))
    assert found.hosts == {"box": Placement(instances=3)}
    assert found.init == Init(attempts=1)


def test_mappings_are_merged_short_forms_first() -> None:
    found = service(
        "hosts: {box: 2, big: {weight: 5}}, init: {pull: always}, compose: {labels: {b: c}}",
        "{hosts: {box: {port: 12000}, big: 4}, init: {attempts: 1}, compose: {labels: {a: b}, cpus: 2}}",
    )
    assert found.hosts == {"box": Placement(instances=2, port=12000), "big": Placement(instances=4, weight=5)}
    assert found.init == Init(attempts=1, pull="always")
    assert found.compose == {"labels": {"a": "b", "b": "c"}, "cpus": 2}


def test_lists_and_scalars_are_replaced() -> None:
    found = service(
        "models: [b], hosts: {box: {gpus: ['1']}}, init: false",
        "{models: [a], hosts: {box: {gpus: ['0']}}, init: {attempts: 1}}",
    )
    assert found.models == (Model(name="b"),)
    assert found.hosts["box"].gpus == ("1",)
    assert found.init is False
    assert service("init: {attempts: 2}", "{init: false}").init == Init(attempts=2)


def test_null_removes() -> None:
    found = service(
        "memory: null, hosts: {box: null, big: {port: null}}, environment: {A: null}, compose: {labels: {a: null}}",
        "{memory: 1GiB, hosts: {box: 1, big: {port: 12000, weight: 2}}, environment: {A: 1, B: 2},"
        " compose: {labels: {a: 1}}}",
    )
    assert found.memory is None
    assert found.hosts == {"big": Placement(weight=2)}
    assert found.environment == {"B": "2"}
    assert found.compose == {"labels": {}}


def test_services_do_not_share_what_they_inherit() -> None:
    found = topology("defaults: {environment: {A: 1}}\nservices: {s: {environment: {B: 2}}, t: {}}\n")
    assert found.services["s"].environment == {"A": "1", "B": "2"}
    assert found.services["t"].environment == {"A": "1"}
    assert found.defaults.environment == {"A": "1"}


def test_every_section_knows_where_it_stands() -> None:
    found = topology(
        "defaults: {hosts: {box: {port: 12000}, big: 1}, models: [{name: a}], init: {attempts: 1}}\n"
        "services: {s: {hosts: {box: 2}, environment: {A: {secret: T}}}}\n"
        "gateway: {host: box, routes: [{service: s}]}\n"
    )
    s = found.services["s"]
    origins: dict[KeyPath, KeyPath] = {
        found.origin: (),
        found.hosts["big"].origin: ("hosts", "big"),
        s.origin: ("services", "s"),
        s.hosts["box"].origin: ("services", "s", "hosts", "box"),
        s.hosts["big"].origin: ("defaults", "hosts", "big"),
        s.models[0].at("name"): ("defaults", "models", 0, "name"),
        found.defaults.models[0].origin: ("defaults", "models", 0),
    }
    assert all(got == wanted for got, wanted in origins.items())
    assert isinstance(s.init, Init)
    assert s.init.origin == ("defaults", "init")
    secret = s.environment["A"]
    assert isinstance(secret, Secret)
    assert secret.origin == ("services", "s", "environment", "A")
    assert found.gateway is not None
    assert found.gateway.routes[0].origin == ("gateway", "routes", 0)


def test_a_topology_cannot_be_changed() -> None:
    found = topology("services: {s: {compose: {a: {b: [1]}}}}\n".replace("a: {b: [1]}", "labels: {b: x}, dns: [a]"))
    with pytest.raises(AttributeError, match="immutable"):
        found.name = "x"  # type: ignore[misc]
    assert isinstance(found.services, MappingProxyType)
    assert isinstance(found.services["s"].compose["labels"], MappingProxyType)
    assert isinstance(found.services["s"].compose["dns"], tuple)


def test_the_document_is_not_changed() -> None:
    text = HEAD + "defaults: {hosts: {box: 1}}\nservices: {s: {hosts: {box: null, big: 2}}}\n"
    parsed, _ = document.parse("t.yaml", text.encode())
    again, _ = document.parse("t.yaml", text.encode())
    assert parsed is not None
    assert again is not None
    build.build(parsed)
    assert parsed.data == again.data
