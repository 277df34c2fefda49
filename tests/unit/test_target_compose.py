"""What a plan becomes in Compose and Traefik files, read back as YAML, and by the programs themselves."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from composegen import artifacts
from composegen.artifacts import Entry
from composegen.plan import Binding as Port
from composegen.plan import (
    Condition,
    Container,
    Dependency,
    GpuGrant,
    Health,
    HostPlan,
    Mount,
    MountKind,
    Plan,
    Role,
    SecretRef,
    Variable,
    Volume,
)
from composegen.targets import targets
from tests import sampling
from tests.planning import plan_of
from tests.tools import compose as real_compose
from tests.tools import traefik as real_traefik

pytestmark = pytest.mark.slow

FARM = """
name: farm
hosts:
  left: {address: 10.0.0.80}
  right: {address: 10.0.0.84}
stores: {models: {kind: nfs, server: left, path: /srv/models}}
services:
  ollama:
    store: models
    models: [tiny, {name: own, modelfile: own.Modelfile}]
    hosts: {left: 1, right: {instances: 2, weight: 3}}
gateway:
  host: left
  hostname: llm.example
  admin: {users: secrets/users, allow: [10.0.0.0/24]}
"""
ONE = "{name: one, hosts: {box: {address: 10.0.0.1}}, services: {ollama: {models: [tiny], hosts: {box: 1}}}}"


def tree(plan: Plan) -> Mapping[PurePosixPath, Entry]:
    return artifacts.render(targets()["compose"].artifacts(plan), sampling.templates())


def text(plan: Plan, path: str) -> str:
    return tree(plan)[PurePosixPath(path)].data.decode()


def loaded(plan: Plan, path: str) -> Any:
    return yaml.safe_load(text(plan, path))


def with_container(container: Container, **changes: Any) -> Plan:
    """The smallest plan, its host running nothing but this container."""
    plan = plan_of(ONE)
    host: HostPlan = replace(plan.hosts[0], containers=(container,), volumes=(), **changes)
    return replace(plan, hosts=(host,))


def container(**changes: Any) -> Container:
    spec = plan_of(ONE).topology.services["ollama"]
    return replace(Container(name="a", role=Role.INSTANCE, image="image:1", spec=spec, origin=()), **changes)


def service(**changes: Any) -> dict[str, Any]:
    """The Compose service that a container becomes."""
    found: dict[str, Any] = loaded(with_container(container(**changes)), "box/compose.yaml")["services"]["a"]
    return found


def test_a_host_without_containers_gets_no_compose_file() -> None:
    plan = plan_of(ONE)
    empty = replace(plan, hosts=(replace(plan.hosts[0], containers=()),))
    assert not [path for path in tree(empty) if path.parts[0] == "box"]


def test_the_files_of_each_host() -> None:
    plan = plan_of(FARM, {"own.Modelfile": b"FROM tiny\n"})
    paths = {str(path) for path in tree(plan)}
    assert {
        "left/compose.yaml",
        "left/model-init.sh",
        "left/models/own/Modelfile",
        "left/traefik/traefik.yaml",
        "left/traefik/dynamic/farm.yaml",
        "right/compose.yaml",
    } <= paths
    assert "right/model-init.sh" not in paths
    assert tree(plan)[PurePosixPath("left/models/own/Modelfile")].data == b"FROM tiny\n"
    assert tree(plan)[PurePosixPath("left/model-init.sh")].mode == 0o755


def test_the_file_has_a_name_and_no_version() -> None:
    found = loaded(plan_of(ONE), "box/compose.yaml")
    assert found["name"] == "one"
    assert set(found) == {"name", "services", "volumes"}
    assert found["volumes"] == {"ollama-models": {}, "ollama-1-state": {}}


def test_text_is_literal_and_secrets_are_references() -> None:
    found = service(
        command=("echo $HOME", "a\nb"),
        environment=(
            Variable(name="PRICE", value="$5 ${X}"),
            Variable(name="TOKEN", value=SecretRef(name="T")),
            Variable(name="SHELL", value=None),
            Variable(name="YES", value="yes"),
        ),
        health=Health(shell="test $A"),  # noqa: S604 - no call of a shell
        extra={"labels": {"$k": "$v"}},
    )
    assert found["command"] == ["echo $$HOME", "a\nb"]
    assert found["environment"] == {
        "PRICE": "$$5 $${X}",
        "TOKEN": "${T:?set T in the shell or in .env}",
        "SHELL": None,
        "YES": "yes",
    }
    assert found["healthcheck"]["test"] == ["CMD-SHELL", "test $$A"]
    assert found["labels"] == {"$k": "$$v"}


def test_ports_are_long_and_published_ports_are_text() -> None:
    v6 = Port(address="fd00::1", port=1, container_port=2, owner="a", protocol="udp")
    both = Port(address="", port=11434, container_port=11434, owner="a")
    assert service(bindings=(v6, both))["ports"] == [
        {"target": 2, "published": "1", "host_ip": "fd00::1", "protocol": "udp"},
        {"target": 11434, "published": "11434", "protocol": "tcp"},
    ]


def test_mounts_are_long_and_only_stop_the_start_where_they_must() -> None:
    mounts = (
        Mount(kind=MountKind.BIND, source="/srv/a b", target="/models", read_only=True, must_exist=True),
        Mount(kind=MountKind.BIND, source="~x", target="/x"),
        Mount(kind=MountKind.VOLUME, source="state", target="/state"),
    )
    assert service(mounts=mounts)["volumes"] == [
        {
            "type": "bind",
            "source": "/srv/a b",
            "target": "/models",
            "read_only": True,
            "bind": {"create_host_path": False},
        },
        {"type": "bind", "source": "./~x", "target": "/x"},
        {"type": "volume", "source": "state", "target": "/state"},
    ]


ONE_GPU = {"devices": [{"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}]}
ALL_GPUS = {"devices": [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]}


@pytest.mark.parametrize(
    ("vendor", "mode", "devices", "expected"),
    [
        ("nvidia", "reservation", ("0",), {"deploy": {"resources": {"reservations": ONE_GPU}}}),
        ("nvidia", "reservation", (), {"deploy": {"resources": {"reservations": ALL_GPUS}}}),
        ("nvidia", "gpus", ("0", "1"), {"gpus": [{"driver": "nvidia", "device_ids": ["0", "1"]}]}),
        ("nvidia", "gpus", (), {"gpus": "all"}),
        ("nvidia", "runtime", ("0",), {"runtime": "nvidia"}),
        ("nvidia", "cdi", ("0",), {"devices": ["nvidia.com/gpu=0"]}),
        ("nvidia", "cdi", (), {"devices": ["nvidia.com/gpu=all"]}),
        ("amd", "devices", ("0",), {"devices": ["/dev/kfd:/dev/kfd", "/dev/dri:/dev/dri"]}),
        ("intel", "devices", (), {"devices": ["/dev/dri:/dev/dri"]}),
    ],
)
def test_gpus(vendor: str, mode: str, devices: tuple[str, ...], expected: dict[str, Any]) -> None:
    found = service(gpus=GpuGrant(vendor=vendor, mode=mode, devices=devices))
    assert {key: found[key] for key in ("deploy", "gpus", "runtime", "devices") if key in found} == expected


def test_limits_of_the_user_join_those_of_the_topology() -> None:
    """Compose refuses `cpus` beside `deploy.resources.limits`."""
    found = service(memory="16GiB", extra={"cpus": 4, "pids_limit": 100, "mem_reservation": "1g"})
    assert found["deploy"]["resources"] == {
        "limits": {"memory": "16GiB", "cpus": 4, "pids": 100},
        "reservations": {"memory": "1g"},
    }
    assert "cpus" not in found
    assert service(extra={"cpus": 4})["cpus"] == 4


def test_what_the_user_sets_is_not_set_twice() -> None:
    assert service(extra={"init": False})["init"] is False
    assert service()["init"] is True


def test_dependencies_and_names() -> None:
    found = service(
        dependencies=(
            Dependency(container="b", condition=Condition.STARTED),
            Dependency(container="c", condition=Condition.HEALTHY),
            Dependency(container="d", condition=Condition.COMPLETED),
        ),
        aliases=("llm.example",),
        extra_hosts={"gate": "fd00::1"},
        identity={"composegen.modelfiles": "0123"},
    )
    assert found["depends_on"] == {
        "b": {"condition": "service_started"},
        "c": {"condition": "service_healthy"},
        "d": {"condition": "service_completed_successfully"},
    }
    assert found["networks"] == {"default": {"aliases": ["llm.example"]}}
    assert found["extra_hosts"] == {"gate": "fd00::1"}
    assert found["labels"] == {"composegen.modelfiles": "0123"}


def test_health_checks() -> None:
    found = service(health=Health(command=("traefik", "healthcheck"), interval=3, start_interval=2))["healthcheck"]
    assert found == {
        "test": ["CMD", "traefik", "healthcheck"],
        "interval": "3s",
        "timeout": "5s",
        "retries": 6,
        "start_period": "30s",
        "start_interval": "2s",
    }
    assert "start_interval" not in service(health=Health(shell="true"))["healthcheck"]  # noqa: S604


def test_logs_are_limited_and_containers_are_restarted() -> None:
    found = service()
    assert found["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
    assert found["restart"] == "unless-stopped"
    assert found["stop_grace_period"] == "30s"


def test_a_one_shot_runs_once() -> None:
    found = service(role=Role.INIT, restart=False, entrypoint=("/bin/sh", "/init/model-init.sh"))
    assert found["restart"] == "no"
    assert found["init"] is True
    assert found["entrypoint"] == ["/bin/sh", "/init/model-init.sh"]
    assert "ulimits" not in found


def test_an_adopter_never_runs() -> None:
    found = service(role=Role.ADOPTER, dependencies=(Dependency(container="b", condition=Condition.COMPLETED),))
    assert found["scale"] == 0
    assert set(found) == {"image", "scale", "restart", "depends_on"}


def test_an_app_is_what_the_user_wrote() -> None:
    extra = {
        "image": "app:1",
        "ports": ["8080:80"],
        "volumes": ["db:/data"],
        "extra_hosts": ["a:10.0.0.9", "b=fd00::1"],
    }
    found = service(
        role=Role.APP,
        image="app:1",
        extra=extra,
        environment=(Variable(name="A", value="$"),),
        bindings=(Port(address="", port=8080, container_port=80, owner="a"),),
        extra_hosts={"gate": "10.0.0.80"},
    )
    assert found == extra | {
        "environment": {"A": "$$"},
        "extra_hosts": {"gate": "10.0.0.80", "a": "10.0.0.9", "b": "fd00::1"},
    }


def test_volumes_and_networks() -> None:
    plan = with_container(container())
    host = replace(
        plan.hosts[0],
        volumes=(
            Volume(name="nas", nfs_device=":/export/a b", nfs_options="addr=10.0.0.9,ro"),
            Volume(name="db", options={"labels": {"backup": "$daily"}}),
            Volume(name="plain"),
        ),
        networks={"back": {"internal": True}, "front": None},
    )
    found = loaded(replace(plan, hosts=(host,)), "box/compose.yaml")
    assert found["volumes"] == {
        "nas": {
            "driver": "local",
            "driver_opts": {"type": "nfs", "o": "addr=10.0.0.9,ro", "device": ":/export/a b"},
        },
        "db": {"labels": {"backup": "$$daily"}},
        "plain": {},
    }
    assert found["networks"] == {"back": {"internal": True}, "front": {}}


def test_services_stand_apart_and_lines_do_not_end_in_blanks() -> None:
    written = text(plan_of(FARM), "left/compose.yaml")
    assert "\n\n  ollama-init:\n" in written
    assert "\n\n\n" not in written
    assert not [line for line in written.splitlines() if line != line.rstrip()]
    assert written.endswith("\n")
    assert not written.endswith("\n\n")


@pytest.mark.tool
@pytest.mark.parametrize("mode", ["reservation", "gpus", "runtime", "cdi"])
def test_compose_takes_limits_beside_gpus_and_keys_of_the_user(mode: str, tmp_path: Path) -> None:
    plan = with_container(
        container(
            memory="16GiB",
            gpus=GpuGrant(vendor="nvidia", mode=mode, devices=("0",)),
            extra={"cpus": 4, "pids_limit": 100, "mem_reservation": "1g", "init": False},
        )
    )
    (tmp_path / "compose.yaml").write_text(text(plan, "box/compose.yaml"))
    found = real_compose.config(tmp_path)["services"]["a"]
    assert found["deploy"]["resources"]["limits"]["memory"] == str(16 * 1024**3)


# ---------------------------------------------------------------- Traefik


def gateway(extra: str = "", base: str = FARM) -> dict[str, Any]:
    """The dynamic file of the farm, with these lines added to the gateway."""
    found: dict[str, Any] = loaded(plan_of(base + extra), "left/traefik/dynamic/farm.yaml")
    return found


def static(extra: str = "") -> dict[str, Any]:
    found: dict[str, Any] = loaded(plan_of(FARM + extra), "left/traefik/traefik.yaml")
    return found


def test_using_models_goes_to_all_and_changing_them_to_the_writer() -> None:
    http = gateway()["http"]
    assert [s["url"] for s in http["services"]["farm-ollama"]["loadBalancer"]["servers"]] == [
        "http://ollama-1:11434",
        "http://10.0.0.84:11434",
        "http://10.0.0.84:11435",
    ]
    assert [s["url"] for s in http["services"]["farm-ollama_primary"]["loadBalancer"]["servers"]] == [
        "http://ollama-1:11434"
    ]
    admin = http["routers"]["farm-ollama_admin"]
    assert admin["service"] == "farm-ollama_primary"
    assert admin["middlewares"] == ["farm-allow", "farm-users"]
    assert admin["priority"] > http["routers"]["farm-ollama"]["priority"]
    assert http["middlewares"]["farm-users"]["basicAuth"] == {
        "usersFile": "/etc/traefik/secrets/secrets-users",
        "removeHeader": True,
    }
    for router in http["routers"].values():
        assert router["rule"].startswith("Host(`llm.example`) && (")
        assert router["entryPoints"] == ["llm"]


def test_services_whose_names_build_on_each_other_do_not_meet() -> None:
    http = loaded(
        plan_of("""
            name: farm
            hosts: {box: {address: 10.0.0.1}}
            services: {llm: {hosts: {box: 1}}, llm-admin: {hosts: {box: {port: 12000}}}}
            gateway:
              host: box
              admin: {users: u}
              routes: [{service: llm}, {service: llm-admin}]
        """),
        "box/traefik/dynamic/farm.yaml",
    )["http"]
    assert len(http["routers"]) == len(http["services"]) == 4


def test_without_admin_nothing_that_changes_models_is_routed() -> None:
    http = gateway(base=FARM.replace("  admin: {users: secrets/users, allow: [10.0.0.0/24]}\n", ""))["http"]
    assert set(http["routers"]) == set(http["services"]) == {"farm-ollama"}
    assert set(http["middlewares"]) == {"farm-retry"}


def test_without_users_nothing_that_changes_models_is_routed() -> None:
    """A rule refuses such a topology; should it ever get here, the door stays shut."""
    assert set(gateway(base=FARM.replace("users: secrets/users, ", ""))["http"]["routers"]) == {"farm-ollama"}


def test_without_a_host_name_any_is_taken() -> None:
    rule = gateway(base=FARM.replace("  hostname: llm.example\n", ""))["http"]["routers"]["farm-ollama"]["rule"]
    assert rule.startswith("( Path(`/`)")


def test_weights_and_strategies() -> None:
    pool = gateway()["http"]["services"]["farm-ollama"]["loadBalancer"]
    assert "strategy" not in pool
    assert [server["weight"] for server in pool["servers"]] == [1, 3, 3]
    pool = gateway("  balance: p2c\n")["http"]["services"]["farm-ollama"]["loadBalancer"]
    assert pool["strategy"] == "p2c"
    assert not [server for server in pool["servers"] if "weight" in server]
    pool = gateway("  balance: leasttime\n  sticky: true\n  retry: 2\n")["http"]["services"]["farm-ollama"][
        "loadBalancer"
    ]
    assert pool["servers"][1]["weight"] == 3
    assert pool["sticky"] == {"cookie": {"name": "farm-ollama", "httpOnly": True, "sameSite": "lax"}}


@pytest.mark.parametrize(
    ("fields", "attempts"), [("", 20), ("  retry: 1\n", 1), ("  retry: 2\n", 20), ("  retry: 30\n", 30)]
)
def test_a_request_is_tried_until_the_health_check_has_left_the_dead_instance_out(fields: str, attempts: int) -> None:
    retry = gateway(fields)["http"]["middlewares"]["farm-retry"]["retry"]
    assert retry == {"attempts": attempts, "initialInterval": "200ms"}
    check = gateway(fields)["http"]["services"]["farm-ollama"]["loadBalancer"]["healthCheck"]
    assert check["interval"] == "3s"
    assert attempts == 1 or (attempts - 1) * 0.2 > 3


@pytest.mark.parametrize(("fields", "said"), [("", "Another instance is tried"), ("  retry: 1\n", "A single attempt")])
def test_the_comment_says_whether_another_instance_is_tried(fields: str, said: str) -> None:
    lines = text(plan_of(FARM + fields), "left/traefik/dynamic/farm.yaml").splitlines()
    comments = [line for line in lines if "Another instance is tried" in line or "A single attempt" in line]
    assert len(comments) == 1
    assert said in comments[0]


@pytest.mark.parametrize(("version", "interval"), [("3.4.9", None), ("3.5.0", "1s")])
def test_an_instance_that_is_down_is_asked_more_often_where_traefik_can(version: str, interval: str | None) -> None:
    services = gateway(f"  traefik: {{version: {version}}}\n")["http"]["services"]
    assert {one["loadBalancer"]["healthCheck"].get("unhealthyInterval") for one in services.values()} == {interval}


def test_nothing_cuts_a_stream_or_an_upload() -> None:
    http = gateway()["http"]
    timeouts = http["serversTransports"]["farm"]["forwardingTimeouts"]
    assert timeouts == {"dialTimeout": "3s", "responseHeaderTimeout": "0s", "idleConnTimeout": "2s"}
    for middleware in http["middlewares"].values():
        assert not set(middleware) & {"buffering", "compress", "inFlightReq", "rateLimit"}
    responding = static()["entryPoints"]["llm"]["transport"]["respondingTimeouts"]
    assert responding == {"readTimeout": "0s", "writeTimeout": "0s", "idleTimeout": "180s"}
    for found in http["services"].values():
        assert found["loadBalancer"]["serversTransport"] == "farm"
        assert found["loadBalancer"]["healthCheck"]["path"] == "/api/version"


def test_a_certificate_is_served_to_everybody() -> None:
    found = gateway("  tls: {certificate: secrets/a.crt, key: secrets/a.key}\n")
    pair = {"certFile": "/etc/traefik/secrets/secrets-a.crt", "keyFile": "/etc/traefik/secrets/secrets-a.key"}
    assert found["tls"] == {"stores": {"default": {"defaultCertificate": pair}}}
    assert {name: router["tls"] for name, router in found["http"]["routers"].items()} == {
        "farm-ollama": {},
        "farm-ollama_admin": {},
    }


def test_a_resolver_gets_a_certificate() -> None:
    lines = "  tls: {resolver: public}\n"
    assert gateway(lines)["http"]["routers"]["farm-ollama"]["tls"] == {"certResolver": "public"}
    assert "tls" not in gateway(lines)
    assert static(lines)["certificatesResolvers"] == {
        "public": {"acme": {"storage": "/acme/acme.json", "tlsChallenge": {}}}
    }
    assert "certificatesResolvers" not in static()


def test_a_traefik_of_somebody_else_gets_the_dynamic_file_only() -> None:
    plan = plan_of(FARM + "  traefik: {run: false}\n  tls: {certificate: /etc/a.crt, key: /etc/a.key}\n")
    assert not [path for path in tree(plan) if path.name == "traefik.yaml"]
    found = loaded(plan, "left/traefik/dynamic/farm.yaml")
    assert found["tls"] == {"certificates": [{"certFile": "/etc/a.crt", "keyFile": "/etc/a.key"}]}
    assert found["http"]["middlewares"]["farm-users"]["basicAuth"]["usersFile"] == "secrets/users"


def asked(url: str, method: str = "GET", host: str = "llm.example") -> int:
    """The status of an answer; 502 and 503 mean that it was routed to a server that is not there."""
    request = urllib.request.Request(url, method=method, headers={"Host": host})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


LOCAL = FARM.replace("10.0.0.80", "127.0.0.1").replace("10.0.0.84", "127.0.0.1").replace("10.0.0.0/24", "127.0.0.1/32")
UNREACHABLE = {502, 503, 504, 500}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[real_traefik.Traefik]:
    """The real Traefik with the farm's dynamic file; its users file is one that exists here."""
    (tmp_path / "users").write_text("ops:$apr1$x$x\n")
    plan = plan_of(LOCAL + "  traefik: {run: false}\n")
    written = text(plan, "left/traefik/dynamic/farm.yaml").replace("secrets/users", str(tmp_path / "users"))
    (tmp_path / "dynamic").mkdir()
    (tmp_path / "dynamic" / "farm.yaml").write_text(written)
    with real_traefik.running(tmp_path / "dynamic", "llm", tmp_path) as found:
        yield found


@pytest.mark.tool
def test_traefik_enables_everything_and_lets_through_what_it_should(running: real_traefik.Traefik) -> None:
    for kind in ("routers", "services", "middlewares"):
        assert {entry["status"] for entry in running.ask(kind)} == {"enabled"}, json.dumps(running.ask(kind))
    assert not running.errors()
    base = f"http://127.0.0.1:{running.entry}"
    for path in ("/", "/api/version", "/api/chat", "/v1/chat/completions", "/v1/models", "/v1/models/a/b:c"):
        assert asked(base + path, "POST") in UNREACHABLE, path
    for path in ("/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete", "/api/blobs/sha256:00"):
        assert asked(base + path, "POST") == 401, path
    for path in (
        "/api/me",
        "/api/signout",
        "/api",
        "/api/",
        "/apix",
        "/v1/models/",
        "/v1/models/a/",
        "/metrics",
        "/dashboard/",
    ):
        assert asked(base + path) == 404, path
    assert asked(base + "/api/../api/pull", "POST") == 401
    assert asked(base + "//api/pull", "POST") in {404, 401}
    assert asked(base + "/api/version", host="other.example") == 404


def started(static_file: Path, work: Path) -> subprocess.Popen[str]:
    """Traefik with this static configuration, its output in `work`."""
    return subprocess.Popen(
        [real_traefik.BIN / "traefik", f"--configFile={static_file}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=work,
    )


@pytest.mark.tool
def test_traefik_starts_with_the_static_file(tmp_path: Path) -> None:
    """On free ports. The health check of the container finds it, `ping` is not on the port of the users, and the
    check says so when Traefik is gone.
    """
    plan = plan_of(FARM + "  tls: {resolver: public}\n")
    port, ping = free_port(), free_port()
    moved = (
        text(plan, "left/traefik/traefik.yaml")
        .replace('":11400"', f'"127.0.0.1:{port}"')
        .replace("127.0.0.1:8082", f"127.0.0.1:{ping}")
        .replace("/etc/traefik/dynamic", str(tmp_path))
        .replace("/acme/", f"{tmp_path}/")
    )
    (tmp_path / "static.yml").write_text(moved)
    process = started(tmp_path / "static.yml", tmp_path)
    try:
        until_there(f"http://127.0.0.1:{ping}/ping", process)
        assert asked(f"http://127.0.0.1:{port}/ping") == 404
        assert healthy(plan, tmp_path / "static.yml")
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert not healthy(plan, tmp_path / "static.yml")


def healthy(plan: Plan, static_file: Path) -> bool:
    """What the health check of the container says, with the file that is mounted there at another place."""
    (container,) = [c for host in plan.hosts for c in host.containers if c.name == "traefik"]
    assert container.health is not None
    (mounted,) = [mount.target for mount in container.mounts if mount.source == "./traefik/traefik.yaml"]
    program, *arguments = container.health.command
    assert any(mounted in argument for argument in arguments)
    command = [str(real_traefik.BIN / program), *(a.replace(mounted, str(static_file)) for a in arguments)]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


@pytest.mark.parametrize(("port", "ping"), [(8080, 8082), (8082, 8083), (8083, 8082)])
def test_the_port_of_the_health_check_is_nobody_elses(port: int, ping: int) -> None:
    plan = plan_of(FARM + f"  entrypoint: {{name: llm, port: {port}}}\n")
    static = loaded(plan, "left/traefik/traefik.yaml")
    addresses = {name: entry["address"] for name, entry in static["entryPoints"].items()}
    assert addresses == {"llm": f":{port}", "ping": f"127.0.0.1:{ping}"}
    assert static["ping"] == {"entryPoint": "ping"}
    published = loaded(plan, "left/compose.yaml")["services"]["traefik"]["ports"]
    assert [entry["target"] for entry in published] == [port]


STATIC = {
    "name": "  entrypoint: {name: other}\n",
    "port": "  entrypoint: {port: 8082}\n",
    "resolver": "  tls: {resolver: public}\n",
    "another": "  tls: {resolver: other}\n",
    "certificate": "  tls: {certificate: c, key: k}\n",
    "nothing": "",
}


def test_whatever_changes_the_static_file_changes_the_labels() -> None:
    """Compose does not look into a mounted file; by its labels it sees that Traefik must be made anew."""
    files, labels = {}, {}
    for case, addition in STATIC.items():
        plan = plan_of(FARM + addition)
        files[case] = text(plan, "left/traefik/traefik.yaml")
        labels[case] = loaded(plan, "left/compose.yaml")["services"]["traefik"]["labels"]
    for one in STATIC:
        for other in STATIC:
            assert (files[one] == files[other]) == (labels[one] == labels[other]), (one, other)
    assert labels["resolver"]["composegen.resolver"] == "public"


@pytest.mark.tool
def test_traefik_does_not_start_with_an_option_that_it_does_not_know(tmp_path: Path) -> None:
    """The counter-check: that it starts says something."""
    written = text(plan_of(FARM), "left/traefik/traefik.yaml")
    (tmp_path / "static.yml").write_text(written.replace("watch: true", "wach: true"))
    output, _ = started(tmp_path / "static.yml", tmp_path).communicate(timeout=20)
    assert "wach" in output


def until_there(url: str, process: subprocess.Popen[str]) -> None:
    """Routes come a moment after the port."""
    for _ in range(200):
        assert process.poll() is None, process.communicate()[0]
        try:
            if asked(url) == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(url)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_certificate_and_its_key_are_where_each_is_mounted() -> None:
    plan = plan_of(FARM + "  tls: {certificate: a/b.pem, key: a-b.pem}\n")
    pair = loaded(plan, "left/traefik/dynamic/farm.yaml")["tls"]["stores"]["default"]["defaultCertificate"]
    mounts = loaded(plan, "left/compose.yaml")["services"]["traefik"]["volumes"]
    sources = {mount["target"]: mount["source"] for mount in mounts}
    assert len(sources) == len(mounts)
    assert (sources[pair["certFile"]], sources[pair["keyFile"]]) == ("./a/b.pem", "./a-b.pem")
