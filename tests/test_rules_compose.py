"""What stands under `compose:`, and the needs of apps: composegen finds what the real Compose would refuse."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from composegen import rules
from tests.ruling import places, said
from tests.sampling import compile_text, write
from tests.tools.compose import BIN

OURS = ("CG804", "CG805", "CG806", "CG807")

Keys = Mapping[str, Any]


def topology(web: Keys, needs: tuple[str, ...] = (), service: Keys | None = None, **rest: Any) -> str:
    """A topology in JSON, which is YAML: the app `web` with these keys beside `image`, and a plain app `db`."""
    compose = {"image": "example/web:1.4.2"} | dict(web)
    return json.dumps(
        {
            "name": "demo",
            "hosts": {
                "box": {"address": "10.0.0.1", "docker": {"engine": "29.2", "compose": "5.6"}},
                "far": {"address": "10.0.0.2"},
            },
            "services": {"chat": {"hosts": {"box": 1}, "compose": service or {}}},
            "apps": {
                "web": {
                    "host": "box",
                    "needs": list(needs),
                    "compose": {key: value for key, value in compose.items() if value is not None},
                }
                | rest,
                "db": {"host": "box", "compose": {"image": "example/db:7.0"}},
                "away": {"host": "far", "compose": {"image": "example/db:7.0"}},
            },
        }
    )


def found(text: str) -> set[tuple[str, str]]:
    return {(code, place) for code in OURS for place in places(code, text)}


REFUSED: list[tuple[Keys, str, str]] = [
    ({"links": ["nope"]}, "CG805", "links[0]"),
    ({"links": ["db:a:b"]}, "CG805", "links[0]"),
    ({"links": ["chat"]}, "CG805", "links[0]"),
    ({"links": ["web"]}, "CG805", "links[0]"),
    ({"volumes_from": ["nope:ro"]}, "CG805", "volumes_from[0]"),
    ({"network_mode": "service:nope"}, "CG805", "network_mode"),
    ({"pid": "service:away"}, "CG805", "pid"),
    ({"ipc": "service:nope"}, "CG805", "ipc"),
    ({"build": {"context": ".", "secrets": ["key"]}}, "CG805", "build.secrets[0]"),
    (
        {"build": {"context": ".", "additional_contexts": {"a": "service:db"}}},
        "CG805",
        "build.additional_contexts.a",
    ),
    ({"image": None}, "CG806", ""),
    ({"image": ""}, "CG806", "image"),
    ({"network_mode": "host", "networks": ["front"]}, "CG806", "networks"),
    ({"scale": 2, "container_name": "web"}, "CG806", "container_name"),
    ({"deploy": {"replicas": 2}, "container_name": "web"}, "CG806", "container_name"),
    ({"scale": 2, "deploy": {"replicas": 3}}, "CG806", "scale"),
    ({"mem_limit": "1g", "deploy": {"resources": {"limits": {"memory": "2g"}}}}, "CG806", "mem_limit"),
    ({"mem_limit": "1g", "deploy": {"resources": {"limits": {"cpus": "1"}}}}, "CG806", "mem_limit"),
    ({"cpus": 2, "deploy": {"resources": {"limits": {"cpus": "1"}}}}, "CG806", "cpus"),
    ({"pids_limit": 5, "deploy": {"resources": {"limits": {"pids": 6}}}}, "CG806", "pids_limit"),
    (
        {"mem_reservation": "1g", "deploy": {"resources": {"reservations": {"memory": "2g"}}}},
        "CG806",
        "mem_reservation",
    ),
    ({"build": {"dockerfile": "a", "dockerfile_inline": "FROM b"}}, "CG806", "build.dockerfile_inline"),
    ({"build": {"platforms": ["linux/arm64"]}, "platform": "linux/amd64"}, "CG806", "platform"),
    ({"tmpfs": ["/data:size=1m"], "volumes": ["/srv:/data"]}, "CG806", "tmpfs[0]"),
    ({"volumes": [{"type": "bind", "target": "/data"}]}, "CG806", "volumes[0]"),
    ({"ports": [{"published": "80"}]}, "CG806", "ports[0]"),
    ({"gpus": [{"count": 1, "device_ids": ["0"]}]}, "CG806", "gpus[0].count"),
    ({"ports": ["abc:80"]}, "CG807", "ports[0]"),
    ({"ports": ["99999:80"]}, "CG807", "ports[0]"),
    ({"ports": ["80:80-81"]}, "CG807", "ports[0]"),
    ({"ports": ["localhost:80:80"]}, "CG807", "ports[0]"),
    ({"ports": ["80/http"]}, "CG807", "ports[0]"),
    ({"ports": [{"target": 80, "host_ip": "localhost"}]}, "CG807", "ports[0].host_ip"),
    ({"healthcheck": {"test": ["CMD", "true"], "interval": "10"}}, "CG807", "healthcheck.interval"),
    ({"healthcheck": {"test": ["true"]}}, "CG807", "healthcheck.test"),
    ({"stop_grace_period": "abc"}, "CG807", "stop_grace_period"),
    ({"mem_limit": "1x"}, "CG807", "mem_limit"),
    ({"shm_size": "1 kg"}, "CG807", "shm_size"),
    ({"volumes": [":/x"]}, "CG807", "volumes[0]"),
    ({"volumes": ["aa:/bb:ro:dd"]}, "CG807", "volumes[0]"),
    ({"volumes": ["a b:/x"]}, "CG807", "volumes[0]"),
    ({"devices": ["/a:/b:rwm:x"]}, "CG807", "devices[0]"),
    ({"ulimits": {"nofile": "many"}}, "CG807", "ulimits.nofile"),
    ({"init": "maybe"}, "CG807", "init"),
    ({"cpus": "many"}, "CG807", "cpus"),
    ({"scale": -1}, "CG807", "scale"),
]

TAKEN: list[Keys] = [
    {"links": ["db", "db:base", "chat-1:models"], "volumes_from": ["db:ro", "container:other"], "pid": "service:db"},
    {"image": None, "build": "."},
    {"network_mode": "host", "networks": {}},
    {"scale": 1, "container_name": "web"},
    {"scale": 2, "deploy": {"replicas": 2}},
    {"mem_limit": "1g", "deploy": {"resources": {"limits": {"memory": "1024m"}}}},
    {"cpus": 2, "deploy": {"resources": {"limits": {"cpus": "2.0"}}}},
    {"mem_limit": "1g", "deploy": {"resources": {"reservations": {"memory": "1m"}}}},
    {"build": {"platforms": ["linux/amd64"]}, "platform": "linux/amd64"},
    {"tmpfs": "/run", "volumes": ["/srv:/data:ro", "db:/var/db", "/cache", "c:/y"]},
    {"ports": [80, "80-81:90-91", "8080-8081:80", "[::1]:83:80/udp", "127.0.0.1::80", ":84", "85:80/TCP"]},
    {"healthcheck": {"test": ["CMD-SHELL", "true"], "interval": "1m30s", "timeout": "1.5s", "start_period": "0"}},
    {"stop_grace_period": "1h", "mem_limit": "1.5g", "shm_size": "64KiB", "memswap_limit": "-1"},
    {
        "extra_hosts": ["a=1.2.3.4", "b:1.2.3.4", "c=::1"],
        "ulimits": {"nofile": "4096", "nproc": {"soft": 1, "hard": 2}},
    },
    {"extra_hosts": {"a": "1.2.3.4"}, "cpus": "1.5", "scale": 0, "devices": ["/dev/dri", "/dev/a:/dev/b:rwm"]},
]


def verdict(text: str, folder: Path) -> str:
    """What the real Compose has to say against the file of host `box`, whatever composegen says of it."""
    tree = compile_text(text).tree
    assert tree is not None
    done = subprocess.run(
        [BIN / "docker-compose", "config", "--quiet"],
        cwd=write(tree, folder) / "box",
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize(("keys", "code", "place"), REFUSED, ids=str)
def test_what_compose_refuses_is_found(keys: Keys, code: str, place: str) -> None:
    assert found(topology(keys)) == {(code, f"apps.web.compose.{place}".rstrip("."))}


@pytest.mark.tool
@pytest.mark.parametrize(("keys", "code", "place"), REFUSED, ids=str)
def test_compose_does_refuse_it(
    keys: Keys, code: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code
    assert place is not None
    others = tuple(rule for rule in rules.rules() if rule.code not in OURS)
    monkeypatch.setattr(rules, "rules", lambda: others)
    assert verdict(topology(keys), tmp_path)


@pytest.mark.tool
@pytest.mark.parametrize("keys", TAKEN, ids=str)
def test_what_compose_takes_is_taken(keys: Keys, tmp_path: Path) -> None:
    assert found(topology(keys)) == set()
    assert not verdict(topology(keys), tmp_path)


@pytest.mark.parametrize(
    ("service", "code", "place"),
    [
        ({"pid": "service:nope"}, "CG805", "pid"),
        ({"links": ["chat-1"]}, "CG805", "links[0]"),
        ({"tmpfs": ["/models"]}, "CG806", "tmpfs[0]"),
        ({"shm_size": "1x"}, "CG807", "shm_size"),
        ({"secrets": ["a"]}, "CG802", "secrets"),
        ({"configs": ["a"]}, "CG802", "configs"),
    ],
)
def test_services_are_held_to_the_same(service: Keys, code: str, place: str) -> None:
    assert places(code, topology({}, service=service)) == [f"services.chat.compose.{place}"]


def test_a_name_has_to_exist_on_every_host_of_a_service() -> None:
    data = json.loads(topology({}, service={"pid": "service:db"}))
    data["services"]["chat"]["hosts"] = {"box": 1, "far": 1}
    (finding,) = said("CG805", json.dumps(data))
    assert "host `far`" in finding.message


def test_an_extra_host_has_an_address() -> None:
    """composegen writes the list as a mapping, in which Compose would take the missing address for an empty one."""
    assert found(topology({"extra_hosts": ["a=1.2.3.4", "b"]})) == {("CG807", "apps.web.compose.extra_hosts[1]")}


def test_two_that_wait_for_each_other_are_found() -> None:
    text = topology({"links": ["chat-1"]}, service={"pid": "service:web"})
    assert places("CG805", text) == ["services.chat.compose.pid", "apps.web.compose.links[0]"]


def test_a_network_of_its_own_clashes_where_composegen_adds_one() -> None:
    keys = {"network_mode": "host", "networks": {}}
    assert places("CG806", topology(keys)) == []
    assert places("CG806", topology(keys, needs=("chat",))) == ["apps.web.compose.networks"]


def test_options_of_volumes_and_networks() -> None:
    text = topology(
        {}, volumes={"data": {"external": True, "driver": "local"}}, networks={"front": {"internal": "maybe"}}
    )
    assert found(text) == {("CG806", "apps.web.volumes.data.driver"), ("CG807", "apps.web.networks.front.internal")}


@pytest.mark.parametrize(("need", "expected"), [("db", []), ("away", ["apps.web.needs[1]"])])
def test_an_app_needs_only_apps_of_its_host(need: str, expected: list[str]) -> None:
    assert places("CG804", topology({}, needs=("chat", need))) == expected


@pytest.mark.parametrize(
    ("needs", "environment", "expected"),
    [
        (["chat", "code"], {}, ["apps.web.needs[1]"]),
        (["chat", {"service": "code", "variable": "CODE"}], {}, []),
        (["chat", "chat"], {}, []),
        (["chat", "code"], {"OLLAMA_HOST": "http://chat-1:11434"}, []),
        ([{"service": "db", "variable": "DATABASE"}], {}, ["apps.web.needs[0].variable"]),
        (["db"], {}, []),
    ],
)
def test_every_address_gets_into_a_variable(needs: list[Any], environment: Keys, expected: list[str]) -> None:
    data = json.loads(topology({"environment": dict(environment)}))
    data["services"]["code"] = {"hosts": {"box": {"port": 11440}}}
    data["apps"]["web"]["needs"] = needs
    assert places("CG808", json.dumps(data)) == expected


def test_the_variable_suggested_is_one() -> None:
    data = json.loads(topology({}))
    data["services"]["7b-code"] = {"hosts": {"box": {"port": 11440}}}
    data["apps"]["web"]["needs"] = ["chat", "7b-code"]
    (finding,) = said("CG808", json.dumps(data))
    assert finding.hint == "for example {service: 7b-code, variable: OLLAMA_HOST_7B_CODE}"


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("models: [{name: a, files: /srv/gguf}]", ["services.chat.models[0].files"]),
        ("models: [{name: a, modelfile: m, files: /srv/gguf}]", []),
        ("models: [{name: a, modelfile: m, insecure: true}]", ["services.chat.models[0].insecure"]),
        ("models: [{name: a, insecure: true}]", []),
        ("hosts: {box: {gpus: none, shared: true}}", ["services.chat.hosts.box.shared"]),
        ("hosts: {box: {gpus: all, shared: true}}", []),
    ],
)
def test_fields_without_effect(service: str, expected: list[str]) -> None:
    hosts = "" if "hosts" in service else "hosts: {box: 1}, "
    text = (
        "name: demo\nhosts: {box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ['0']}}}\n"
        f"services: {{chat: {{{hosts}{service}}}}}\n"
    )
    assert places("CG711", text) == expected


def test_the_port_of_a_service_is_no_secret() -> None:
    text = "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices: {chat: {hosts: {box: 1}, environment: {%s}}}\n"
    assert places("CG705", text % "OLLAMA_HOST: {secret: HOST}") == ["services.chat.environment.OLLAMA_HOST"]
    assert places("CG705", text % "OLLAMA_ORIGINS: {secret: HOST}") == []


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("ollama/ollama:0.32.15", []),
        ("ollama/ollama", ["services.chat.image"]),
        ("ollama/ollama@sha256:" + "a" * 64, ["services.chat.image"]),
        ("registry.example/ollama:0.32.15", ["services.chat.image"]),
        ("registry.example/ollama:0.32.15-rocm", []),
    ],
)
def test_amd_gpus_need_the_rocm_image(image: str, expected: list[str]) -> None:
    text = (
        "name: demo\nhosts: {box: {address: 10.0.0.1, gpus: {vendor: amd, devices: ['0']}}}\n"
        f"services: {{chat: {{image: '{image}', hosts: {{box: 1}}}}}}\n"
    )
    assert places("CG216", text) == expected
    assert places("CG216", text.replace("amd", "nvidia")) == []
