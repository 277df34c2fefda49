"""`init --from` on what published kits do: defaults in defaults, files of variables, names of containers."""

from __future__ import annotations

import pytest

from composegen.importing.notes import Kind
from tests.test_import import converted, notes, topology
from tests.test_import_told import SERVER


@pytest.mark.parametrize(
    ("written", "unsaid"),
    [
        ("${X:-a} $$Z", []),
        ("${X:+https://}${X:-a}", ["X"]),
        ("${X:-${Y:-a}}", ["Y"]),
        ("$$${X:-a}", ["X"]),
        ("$PWD/a", []),
    ],
)
def test_a_variable_that_no_longer_decides_is_told(written: str, unsaid: list[str]) -> None:
    result = converted(f"services:\n{SERVER}  web: {{image: 'web:1', environment: {{URL: '{written}'}}}}\n")
    told = [note.message for note in result.notes if note.message.startswith("what ")]
    assert told == [f"what {name} decides here in `web`" for name in unsaid]


@pytest.mark.parametrize(("default", "secret"), [("false", False), ("", True), ("canary-12", True)])
def test_a_switch_with_the_name_of_a_secret_is_none(default: str, secret: bool) -> None:
    part = f"  web: {{image: 'web:1', environment: {{CHECK_TOKEN: '${{CHECK:-{default}}}'}}}}\n"
    stated = topology(converted(f"services:\n{SERVER}{part}"))["apps"]["web"]["compose"]["environment"]["CHECK_TOKEN"]
    assert isinstance(stated, dict) is secret


def test_unlike_servers_with_a_gpu_each_share_none() -> None:
    def server(number: int, image: str) -> str:
        devices = f"[{{driver: nvidia, device_ids: ['{number}'], capabilities: [gpu]}}]"
        return f"""\
  o{number}:
    image: {image}
    ports: ["{11434 + number}:11434"]
    deploy: {{resources: {{reservations: {{devices: {devices}}}}}}}
"""

    text = "services:\n" + server(0, "ollama/ollama:0.32.15") + server(1, "ollama/ollama:0.32.14")
    placed = [service["hosts"]["box"] for service in topology(converted(text))["services"].values()]
    assert [one["gpus"] for one in placed] == [["0"], ["1"]]
    assert all("shared" not in one for one in placed)


def test_files_of_variables_are_to_be_brought() -> None:
    part = (
        "  web: {image: 'web:1', env_file: .env}\n"
        "  api: {image: 'api:1', env_file: [api.env, {path: may.env, required: false}, {path: must.env}, /etc/a.env]}\n"
    )
    todo = notes(converted(f"services:\n{SERVER}{part}"), Kind.TODO)
    brought = [line.split()[2] for line in todo.splitlines() if " bring " in line]
    assert brought == ["`.env`", "`api.env`", "`must.env`"]


def test_every_old_name_of_a_server_is_told_with_its_new_one() -> None:
    def told(name: str) -> str:
        text = f"services:\n  {name}:\n    image: ollama/ollama:0.32.15\n    container_name: llm\n"
        return notes(converted(f"{text}  web: {{image: 'web:1'}}\n"), Kind.TODO)

    assert "your own names `ollama` or `llm`, write `ollama-1`" in told("ollama")
    assert "your own names `llm`, write `ollama-1`" in told("ollama-1")


def test_a_restart_with_another_container_is_told() -> None:
    part = "  web: {image: 'web:1', depends_on: {ollama: {condition: service_healthy, restart: true}}}\n"
    assert "that `web` is restarted with `ollama`" in notes(converted(f"services:\n{SERVER}{part}"), Kind.LEFT)


def test_a_moving_tag_is_told_as_it_is_written() -> None:
    text = "services: {ollama: {image: 'ollama/ollama:${TAG-latest}'}}\n"
    assert "`ollama/ollama:${TAG-latest}` of `ollama` becomes a fixed version" in notes(converted(text), Kind.DIFFERENT)


@pytest.mark.parametrize("published", ["'8443:443'", "{target: 443, published: 8443}", "'10.0.0.1:8443:443/tcp'"])
def test_the_gateway_listens_where_traefik_did(published: str) -> None:
    text = f"""\
services:
  traefik:
    image: traefik:v3.1
    command: [--providers.docker=true, "--entrypoints.secure.address=:443"]
    ports: [{published}]
{SERVER}    labels: {{traefik.http.routers.llm.rule: Host(`llm.example`), traefik.http.routers.llm.entrypoints: secure}}
"""
    assert topology(converted(text))["gateway"]["entrypoint"] == {"name": "secure", "port": 8443}


def test_a_mount_without_a_source_is_told() -> None:
    mounts = "    volumes: [/cache, {type: tmpfs, target: /tmp}, 'models:/root/.ollama/models']\n"
    left = notes(converted(f"services:\n{SERVER}{mounts}volumes: {{models: }}\n"), Kind.LEFT)
    assert [line.partition(" -- ")[0] for line in left.splitlines()] == [
        "compose.yaml:5 mount `/cache` of `ollama`",
        "compose.yaml:5 mount `/tmp` of `ollama`",
    ]
