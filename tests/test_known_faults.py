"""Twenty faults that hand-written set-ups of this kind are full of, and that no generated file may have.

Each test names the fault and looks for it in the trees of all samples.
"""

from __future__ import annotations

import http.client
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from composegen.plan import Container, Role
from tests.sampling import SAMPLES, compiled, tree, write
from tests.tools import traefik

ENGINE_ROLES = (Role.INSTANCE, Role.INIT, Role.WAIT)
MUTATING = ("/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete", "/api/blobs/sha256:00")


def texts(suffix: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every generated file whose path ends in `suffix`."""
    for sample in SAMPLES:
        for path, entry in tree(sample).items():
            if str(path).endswith(suffix) and not path.name.endswith("Modelfile"):
                yield f"{sample}/{path}", entry.data.decode()


@cache
def services() -> tuple[tuple[str, Container, dict[str, Any]], ...]:
    """Every container of every sample, with the Compose service that it became."""
    return tuple(_services())


def _services() -> Iterator[tuple[str, Container, dict[str, Any]]]:
    for sample in SAMPLES:
        plan = compiled(sample).plan
        assert plan is not None
        files = {str(path): entry.data for path, entry in tree(sample).items()}
        for host in plan.hosts:
            if host.containers:
                loaded = yaml.safe_load(files[f"{host.name}/compose.yaml"])["services"]
                for container in host.containers:
                    yield f"{sample}/{host.name}/{container.name}", container, loaded[container.name]


def of(*roles: Role) -> Iterator[tuple[str, Container, dict[str, Any]]]:
    found = [entry for entry in services() if entry[1].role in roles]
    assert found
    yield from found


def store_mount(service: dict[str, Any], target: str) -> dict[str, Any]:
    return next(volume for volume in service["volumes"] if volume["target"] == target)


@pytest.mark.slow
def test_01_health_checks_use_only_what_the_image_has() -> None:
    for name, _, service in of(Role.INSTANCE):
        probe = " ".join(service["healthcheck"]["test"])
        assert "ollama ps" in probe, name
        assert not re.search(r"curl|wget|/dev/tcp", probe), name


def test_02_commands_are_lists_so_that_compose_splits_nothing() -> None:
    for name, _, service in of(*ENGINE_ROLES, Role.GATEWAY):
        for key in ("command", "entrypoint"):
            assert isinstance(service.get(key, []), list), name


def test_03_one_shots_replace_the_entrypoint_of_the_image() -> None:
    for name, _, service in of(Role.INIT, Role.WAIT):
        assert service["entrypoint"] == ["/bin/sh", "/init/model-init.sh"], name
        assert "ollama" not in service["command"], name


def test_04_clients_are_told_the_server_with_its_port() -> None:
    for name, _, service in of(Role.INIT, Role.WAIT):
        assert re.fullmatch(r"https?://[^/]+:\d+", service["environment"]["OLLAMA_HOST"]), name


def test_05_model_init_gets_neither_gpu_nor_a_writable_store() -> None:
    for name, _, service in of(Role.INIT):
        assert "deploy" not in service, name
        assert not {"gpus", "devices", "runtime"} & set(service), name
        assert all(volume["read_only"] for volume in service["volumes"]), name


def test_06_a_model_that_is_there_asks_no_registry(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    fake = tmp_path / "ollama"
    fake.write_text(f'#!/bin/sh\necho "$1" >>{log}\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    script = tmp_path / "model-init.sh"
    script.write_text(next(text for _, text in texts("model-init.sh")))
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "OLLAMA_HOST": "http://server:11434"}
    arguments = ["--attempts", "1", "--deadline", "20", "--pull", "missing", "--model", "llama3.2:3b"]
    subprocess.run(["sh", script, *arguments], env=environment, check=True, timeout=30, capture_output=True)
    assert "show" in log.read_text().split()
    assert "pull" not in log.read_text().split()


def test_07_one_shots_do_not_come_back_and_servers_do() -> None:
    for name, container, service in of(*ENGINE_ROLES, Role.GATEWAY):
        assert service["restart"] == ("unless-stopped" if container.restart else "no"), name
        assert container.restart == (container.role in (Role.INSTANCE, Role.GATEWAY)), name


def test_08_a_custom_registry_is_part_of_the_model_name() -> None:
    assert not [name for name, text in texts() if "OLLAMA_API_BASE_URL" in text]
    assert "registry.example:5000/team/coder:7b" in next(
        service["command"] for name, _, service in of(Role.INIT) if name.startswith("nfs-replicas")
    )


def test_09_model_init_sets_no_server_settings() -> None:
    for name, _, service in of(Role.INIT, Role.WAIT):
        assert set(service["environment"]) == {"OLLAMA_HOST", "NVIDIA_VISIBLE_DEVICES"}, name


def test_10_a_replica_has_a_home_of_its_own_that_it_may_write() -> None:
    homes = []
    for name, container, service in of(Role.INSTANCE):
        home, store = store_mount(service, "/root/.ollama"), store_mount(service, "/models")
        assert service["environment"]["OLLAMA_MODELS"] == "/models", name
        assert home["type"] == "volume", name
        assert not home.get("read_only"), name
        assert store.get("read_only", False) == container.mounts[0].read_only, name
        homes.append((name.rpartition("/")[0], home["source"]))
    assert len(homes) == len(set(homes))


def test_11_pruning_is_off() -> None:
    for name, _, service in of(Role.INSTANCE):
        assert service["environment"]["OLLAMA_NOPRUNE"] == "1", name


@pytest.mark.tool
def test_12_mutating_calls_never_reach_the_pool(tmp_path: Path) -> None:
    for status in asked(tmp_path, "ollama.local", MUTATING):
        assert status in (401, 403)


@pytest.mark.tool
def test_13_no_rule_takes_what_belongs_to_another_host_name(tmp_path: Path) -> None:
    paths = ("/api/version", "/api/tags", "/api-docs", "/", *MUTATING)
    assert set(asked(tmp_path, "other.example", paths)) == {404}


@pytest.mark.tool
def test_13_no_rule_takes_more_than_the_paths_of_the_api(tmp_path: Path) -> None:
    paths = ("/api", "/api/tagsx", "/api-docs", "/api/me", "/api/user/keys/1", "/metrics", "/v1", "/v1/modelsx")
    assert set(asked(tmp_path, "ollama.local", paths)) == {404}


def asked(work: Path, host: str, paths: tuple[str, ...]) -> list[int]:
    """The answers of a real Traefik with the files of nfs-replicas; none of its servers can be reached."""
    write(tree("nfs-replicas"), work)
    folder = work / "server80" / "traefik" / "dynamic"
    traefik.supply(folder, work)
    for file in folder.glob("*.yaml"):
        text = file.read_text()
        text = text.replace("10.0.0.0/24", "127.0.0.0/8")
        file.write_text(re.sub(r"http://[\w.-]+:\d+", "http://127.0.0.1:9", text))
    with traefik.running(folder, "ollama", work) as running:
        answers = []
        for path in paths:
            connection = http.client.HTTPConnection("127.0.0.1", running.entry, timeout=15)
            connection.request("POST", path, headers={"Host": host})
            answers.append(connection.getresponse().status)
            connection.close()
    return answers


def test_14_exports_name_addresses_and_give_readers_nothing_more() -> None:
    lines = [line for _, text in texts(".exports") for line in text.splitlines() if line.strip() and line[0] != "#"]
    assert lines
    nfs = next(text for name, text in texts(".exports") if name.startswith("nfs-replicas"))
    assert re.search(r"10\.0\.0\.84\(ro,[^)]*root_squash\)", nfs)
    for line in lines:
        assert "/24" not in line
        assert " (" not in line


def test_15_readers_mount_read_only() -> None:
    nfs = next(text for name, text in texts("fstab") if name.startswith("nfs-replicas"))
    line = next(line for line in nfs.splitlines() if line and not line.startswith("#"))
    options = line.split()[3].split(",")
    assert "ro" in options
    assert {"hard", "nofail", "_netdev"} <= set(options)
    assert "nfsvers=4.2" in options


def test_16_only_the_port_of_nfs_4_is_opened() -> None:
    scripts = [text for _, text in texts("nfs/setup.sh")]
    assert scripts
    for text in scripts:
        assert not re.search(r"\b111\b|showmount|systemctl restart nfs", text)
    assert any("2049" in text for text in scripts)


def test_17_nothing_keeps_two_containers_from_existing() -> None:
    for name, _, service in of(*ENGINE_ROLES, Role.GATEWAY):
        assert "container_name" not in service, name
    for name, _, service in of(Role.ADOPTER):
        assert service["scale"] == 0, name
    assert not [name for name, text in texts() if "--scale" in text]


def test_18_no_provider_services() -> None:
    for name, _, service in services():
        assert "provider" not in service, name


def test_19_nobody_is_told_to_prune_volumes() -> None:
    for name, text in texts():
        for line in text.splitlines():
            assert "volume prune" not in line or re.search(r"\b[Nn]ever\b", line), f"{name}: {line}"


def test_20_ollama_names_are_not_handed_to_model_runner() -> None:
    assert not [name for name, text in texts() if "docker model pull" in text]


def test_no_file_has_a_version_key_or_the_old_command() -> None:
    for name, text in texts("compose.yaml"):
        assert not re.search(r"(?m)^version:", text), name
    assert not [name for name, text in texts() if "docker-compose " in text]
