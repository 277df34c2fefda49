"""`verify.sh` against servers on loopback that answer as Ollama and Traefik do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace

from composegen.plan import Plan
from composegen.resolve import resolve
from composegen.resolve.address import endpoint_url
from composegen.resolve.firewall import is_guarded
from composegen.targets._runbook import listed_name
from composegen.targets._scripts import script_artifacts
from composegen.topology import (
    Admin,
    EntryPoint,
    Gateway,
    Host,
    HostGpus,
    Model,
    Placement,
    Service,
    Topology,
    Traefik,
)
from tests import hostfiles_plans
from tests.hostfiles_plans import nfs_store, ollama

pytestmark = pytest.mark.slow

NAMES = ("llama2:7b", "mistral:7b")
INFERENCE = ("/api/generate", "/api/chat", "/v1/chat/completions")
CHANGING = (
    "POST /api/pull",
    "POST /api/push",
    "POST /api/create",
    "POST /api/copy",
    "DELETE /api/delete",
    "POST /api/blobs/none",
)


@dataclass
class Answers:
    """What one server answers: status and body by method and path."""

    version: str = "0.32.15"
    models: tuple[str, ...] = NAMES
    pull: int = 401
    status: int = 200
    inference: int = 400
    unknown: int = 404
    loaded: tuple[int, ...] = ()
    """Bytes in the memory of GPUs, for each loaded model."""
    asked: list[str] = field(default_factory=list)

    def to(self, method: str, path: str) -> tuple[int, bytes]:
        self.asked.append(f"{method} {path}")
        if method == "POST" and path in INFERENCE:
            return (
                self.inference,
                b'{"error":"missing request body"}' if self.inference == 400 else b"404 page not found",
            )
        if method in {"POST", "DELETE"}:
            return self.pull, b""
        if path.startswith("/composegen"):
            return self.unknown, b""
        if path == "/api/ps":
            loaded = [{"name": "a:1", "size": 5, "size_vram": number} for number in self.loaded]
            return self.status, json.dumps({"models": loaded}, separators=(",", ":")).encode()
        if path == "/api/version":
            return self.status, json.dumps({"version": self.version}).encode()
        models = [
            {
                "name": name,
                "model": name,
                "digest": "0" * 64,
                "details": {"family": "llama", "families": ["llama", "x"]},
            }
            for name in self.models
        ]
        return self.status, json.dumps({"models": models}).encode()


@contextmanager
def served(answers: Answers) -> Iterator[int]:
    """A server on a free loopback port; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            answers.asked.append(f"Host: {self.headers['Host']}")
            status, body = answers.to(self.command, self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, kw_only=True)
class Farm:
    """Three servers: ollama-1 on `one`, ollama-1 on `two`, and the gateway on `one`; and the script that asks them."""

    one: Answers
    two: Answers
    gateway: Answers
    folder: Path

    def verify(
        self, *arguments: str, edit: Callable[[Topology], Topology] = lambda t: t
    ) -> subprocess.CompletedProcess[str]:
        with ExitStack() as stack:
            ports = [stack.enter_context(served(answers)) for answers in (self.one, self.two, self.gateway)]
            return run(resolve(edit(topology(*ports)), {}), self.folder, *arguments)


def topology(one: int, two: int, gateway: int) -> Topology:
    return Topology(
        name="ollama",
        hosts={name: Host(name=name, address="127.0.0.1", ssh=f"ops@{name}") for name in ("one", "two")},
        stores={"models": nfs_store(server="one")},
        services={
            "ollama": ollama(
                hosts={"one": Placement(port=one), "two": Placement(port=two)},
                models=tuple(Model(name=n) for n in NAMES),
            )
        },
        gateway=Gateway(host="one", hostname="ollama.local", entrypoint=EntryPoint(port=gateway)),
    )


def script(plan: Plan, folder: Path) -> Path:
    path = folder / "verify.sh"
    (artifact,) = (found for found in script_artifacts(plan) if found.path.name == "verify.sh")
    path.write_bytes(hostfiles_plans.render([artifact])["verify.sh"].data)
    return path


def run(plan: Plan, folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    programs = path or f"{folder / 'bin'}:/usr/bin:/bin"
    return subprocess.run(
        ["/bin/sh", script(plan, folder), *arguments],
        env={"PATH": programs, "SSH_LOG": str(folder / "ssh.log"), "http_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def fake(folder: Path, name: str, body: str) -> None:
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    fake(tmp_path, "ssh", 'printf "%s\\n" "$*" >>"$SSH_LOG"\necho 127.0.0.1:/opt/ollama-models')
    return Farm(one=Answers(), two=Answers(), gateway=Answers(), folder=tmp_path)


def failures(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if line.startswith("FAIL")]


def test_all_well(farm: Farm) -> None:
    done = farm.verify()
    assert done.returncode == 0, done.stdout + done.stderr
    assert not failures(done)
    assert "13 checks, all well." in done.stdout, done.stdout
    assert "has all 2 models" in done.stdout
    assert "two ollama-1: the same models as one ollama-1" in done.stdout
    assert done.stderr == ""


BUSYBOX_TR = 'case $* in *"*]"* | *"[:"*) exit 9 ;; esac\nexec /usr/bin/tr "$@"'
"""It knows neither `[x*]` nor `[:print:]`, and takes them for characters."""


def test_it_takes_no_more_of_tr_than_busybox_has(farm: Farm) -> None:
    fake(farm.folder, "tr", BUSYBOX_TR)
    assert farm.verify().returncode == 0


def test_the_mount_is_looked_at_on_the_host(farm: Farm) -> None:
    farm.verify()
    (call,) = (farm.folder / "ssh.log").read_text().splitlines()
    assert call.endswith("-- ops@two findmnt -n -o SOURCE -M /opt/ollama-models")


@pytest.mark.parametrize(
    ("ssh", "expected"),
    [
        ("exit 1", "/opt/ollama-models is not 127.0.0.1:/opt/ollama-models but not mounted"),
        ("echo /dev/sda1", "but /dev/sda1"),
        ("echo refused >&2; exit 255", "ssh ops@two does not work: refused"),
    ],
)
def test_a_store_that_is_not_mounted(farm: Farm, ssh: str, expected: str) -> None:
    fake(farm.folder, "ssh", ssh)
    done = farm.verify()
    assert done.returncode == 1
    (line,) = failures(done)
    assert expected in line


def test_a_missing_model(farm: Farm) -> None:
    farm.two.models = ("llama2:7b",)
    done = farm.verify()
    assert done.returncode == 1
    missing, different = failures(done)
    assert "two ollama-1: models missing: mistral:7b" in missing
    assert "other models than one ollama-1: mistral:7b" in different
    assert "docker compose logs ollama-init" in done.stdout


def test_a_model_more_than_the_topology_says_is_fine_when_it_is_everywhere(farm: Farm) -> None:
    farm.one.models = farm.two.models = (*NAMES, "own:latest")
    assert farm.verify().returncode == 0


def test_two_versions_at_once(farm: Farm) -> None:
    farm.two.version = "0.31.0"
    done = farm.verify()
    assert done.returncode == 1
    told = "0.31.0 on two ollama-1; 0.32.15 on one ollama-1"
    assert failures(done) == [f"FAIL  service ollama: several versions at once: {told}"]


def test_an_instance_that_does_not_answer(farm: Farm) -> None:
    farm.two.status = 500
    done = farm.verify()
    assert done.returncode == 1
    (line,) = failures(done)
    assert "two ollama-1: no answer from http://127.0.0.1:" in line


def test_the_gateway_is_asked_by_its_name(farm: Farm) -> None:
    farm.verify()
    hosts = {
        entry.partition(":")[2].partition(":")[0].strip() for entry in farm.gateway.asked if entry.startswith("Host")
    }
    assert hosts == {"ollama.local"}
    assert set(CHANGING) <= set(farm.gateway.asked)
    assert not [entry for entry in (*farm.one.asked, *farm.two.asked) if entry.startswith("POST")]


@pytest.mark.parametrize(("status", "fine"), [(401, True), (403, True), (404, True), (400, False), (200, False)])
def test_a_gateway_must_refuse_to_change_models(farm: Farm, status: int, fine: bool) -> None:
    farm.gateway.pull = status
    done = farm.verify()
    assert done.returncode == (0 if fine else 1)
    assert bool(failures(done)) is not fine


def with_admin(found: Topology) -> Topology:
    assert found.gateway is not None
    return replace(found, gateway=replace(found.gateway, admin=Admin(users="secrets/users")))


@pytest.mark.parametrize(("status", "fine"), [(401, True), (403, True), (404, False), (400, False)])
def test_where_models_may_be_changed_the_route_must_be_there(farm: Farm, status: int, fine: bool) -> None:
    farm.gateway.pull = status
    done = farm.verify(edit=with_admin)
    assert done.returncode == (0 if fine else 1)
    assert len(failures(done)) == (0 if fine else len(CHANGING))


@pytest.mark.parametrize("status", [404, 502, 401])
def test_requests_for_inference_must_come_to_an_instance(farm: Farm, status: int) -> None:
    farm.gateway.inference = status
    done = farm.verify()
    assert done.returncode == 1
    assert [line for line in failures(done) if f"/api/chat answers {status}" in line]
    assert len(failures(done)) == len(INFERENCE)


def test_a_path_that_nobody_serves_must_not_be_answered(farm: Farm) -> None:
    farm.gateway.unknown = 200
    done = farm.verify()
    assert failures(done) == ["FAIL  one gateway: a path that nobody serves answers 200, not 404"]

    def not_ours(found: Topology) -> Topology:
        assert found.gateway is not None
        return replace(found, gateway=replace(found.gateway, traefik=Traefik(run=False)))

    assert farm.verify(edit=not_ours).returncode == 0


CLOSED = """\
case "$*" in *"$CLOSED"*) [ -n "$THERE" ] || exit 7 ;; esac
exec /usr/bin/curl "$@"
"""
THERE = """\
for last; do :; done
case $last in curl*) THERE=1 exec sh -c "$last" ;; esac
echo 127.0.0.1:/opt/ollama-models
"""


def behind_a_firewall(farm: Farm, *arguments: str, ssh: bool = True) -> subprocess.CompletedProcess[str]:
    """Nobody but the host `two` itself gets an answer from its instance."""
    fake(farm.folder, "curl", CLOSED)
    fake(farm.folder, "ssh", THERE)
    fake(farm.folder, "findmnt", "echo 127.0.0.1:/opt/ollama-models")
    with served(farm.one) as one, served(farm.two) as two, served(farm.gateway) as front:
        plan = resolve(topology(one, two, front), {})
        hosts = tuple(replace(host, spec=replace(host.spec, ssh=host.spec.ssh if ssh else None)) for host in plan.hosts)
        asked = script_artifacts(replace(plan, hosts=hosts))
        (artifact,) = (found for found in asked if found.path.name == "verify.sh")
        calls = [
            [*call[:7], "yes", *call[8:]] if call[0] == "two" else call
            for call in _calls(artifact.context["instances"])
        ]
        path = farm.folder / "verify.sh"
        closed = replace(artifact, context={**artifact.context, "instances": calls})
        path.write_bytes(hostfiles_plans.render([closed])["verify.sh"].data)
        return subprocess.run(
            ["/bin/sh", path, *arguments],
            env={
                "PATH": f"{farm.folder / 'bin'}:/usr/bin:/bin",
                "CLOSED": f"127.0.0.1:{two}/",
                "SSH_LOG": str(farm.folder / "ssh.log"),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _calls(found: object) -> list[list[str]]:
    assert isinstance(found, list)
    return found


def test_an_instance_that_only_its_host_may_ask_is_asked_there(farm: Farm) -> None:
    done = behind_a_firewall(farm)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "two ollama-1: has all 2 models" in done.stdout


def test_without_ssh_it_is_only_asked_on_its_host(farm: Farm) -> None:
    done = behind_a_firewall(farm, ssh=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "note  two ollama-1: only the gateway and the host itself may ask it" in done.stdout
    assert behind_a_firewall(farm, "--host", "two", ssh=False).returncode == 1


def test_the_plan_says_which_instances_those_are() -> None:
    plan = hostfiles_plans.plan()
    (artifact,) = (found for found in script_artifacts(plan) if found.path.name == "verify.sh")
    assert [call[7] for call in _calls(artifact.context["instances"])] == [
        "yes" if is_guarded(plan, instance) else "no" for instance in plan.instances
    ]
    assert any(is_guarded(plan, instance) for instance in plan.instances)


# ------------------------------------------------------------------ GPUs


STARTED = 'time=1 level=INFO msg="Listening on [::]:11434"\n'
FOUND = 'level=INFO msg="inference compute" id=GPU-{0} library=CUDA description="NVIDIA L4" total="24.0 GiB"\n'
ON_CPU = 'level=INFO msg="inference compute" id=cpu library=cpu description=cpu total="23.5 GiB"\n'
LISTED = "nvidia-smi\nGPU 0: NVIDIA L4 (UUID: GPU-0)\nGPU 1: NVIDIA L4 (UUID: GPU-1)\n"


def look(folder: Path, *, log: str, tools: str, answers: Answers | None = None) -> subprocess.CompletedProcess[str]:
    """One instance that was promised two GPUs; `docker` prints this log, and this from within the container."""
    (folder / "log").write_text(log)
    (folder / "tools").write_text(tools)
    here = f"cat {folder}"
    fake(folder, "docker", f'case "$2" in logs) {here}/log ;; exec) {here}/tools ;; *) exit 9 ;; esac')
    with served(answers or Answers()) as port:
        host = Host(
            name="box",
            address="127.0.0.1",
            directory=str(folder),
            gpus=HostGpus(vendor="nvidia", devices=("0", "1")),
        )
        service = Service(name="ollama", hosts={"box": Placement(port=port, gpus=("0", "1"))})
        return run(resolve(Topology(name="x", hosts={"box": host}, services={"ollama": service}), {}), folder)


def test_gpus_take_no_more_of_tr_than_busybox_has(tmp_path: Path) -> None:
    fake(tmp_path, "tr", BUSYBOX_TR)
    done = look(tmp_path, log=both(), tools=LISTED, answers=Answers(loaded=(5,)))
    assert "has a model in the memory of its GPUs" in done.stdout


def both() -> str:
    return STARTED + FOUND.format(0) + FOUND.format(1)


@pytest.mark.parametrize(
    ("log", "tools", "fine", "words"),
    [
        (both(), LISTED, True, "Ollama computes on 2 GPUs: NVIDIA L4"),
        (both(), "/dev/nvidia0\n", True, "Ollama computes on 2 GPUs"),
        (both() + STARTED + ON_CPU, LISTED, False, "Ollama found 0 GPUs when it started, not 2"),
        (STARTED + ON_CPU + both(), LISTED, True, "Ollama computes on 2 GPUs"),
        (STARTED + FOUND.format(0), LISTED, False, "Ollama found 1 GPUs when it started, not 2"),
        (
            both(),
            "nvidia-smi\nFailed to initialize NVML: Unknown Error\n",
            False,
            "nvidia-smi in the container lists 0",
        ),
        ("", LISTED, True, "nvidia-smi in the container lists 2 GPUs"),
        ("", "/dev/kfd\n/dev/dri/renderD128\n", True, "has the device nodes of GPUs; whether Ollama uses them"),
        ("", "", False, "no GPU is seen in the container"),
    ],
)
def test_gpus_are_seen_where_they_were_promised(tmp_path: Path, log: str, tools: str, fine: bool, words: str) -> None:
    done = look(tmp_path, log=log, tools=tools)
    (line,) = [line for line in done.stdout.splitlines() if words in line]
    assert line.startswith("ok" if fine else "FAIL")
    assert done.returncode == (0 if fine else 1)


@pytest.mark.parametrize(
    ("loaded", "code", "words"),
    [
        ((), 0, ""),
        ((0,), 1, "what is loaded is in main memory only"),
        ((0, 5), 0, "has a model in the memory of its GPUs"),
    ],
)
def test_what_is_loaded_must_be_on_a_gpu(tmp_path: Path, loaded: tuple[int, ...], code: int, words: str) -> None:
    done = look(tmp_path, log=both(), tools=LISTED, answers=Answers(loaded=loaded))
    assert done.returncode == code
    assert words in done.stdout


def test_no_gpus_are_looked_for_where_none_were_promised(tmp_path: Path) -> None:
    assert "nvidia-smi" not in script(hostfiles_plans.plan(), tmp_path).read_text()


def test_a_gateway_without_instances(farm: Farm) -> None:
    farm.gateway.status = 503
    done = farm.verify()
    assert done.returncode == 1
    assert "/api/version answers 503, not 200" in failures(done)[0]


def test_one_host_only(farm: Farm) -> None:
    farm.one.status = 500
    done = farm.verify("--host", "two")
    assert done.returncode == 0, done.stdout
    assert "one " not in done.stdout
    assert not farm.one.asked
    assert not farm.gateway.asked


def test_a_host_without_ssh_is_asked_only_when_it_is_this_machine(farm: Farm) -> None:
    def nowhere(found: Topology) -> Topology:
        return replace(found, hosts={name: replace(host, ssh=None) for name, host in found.hosts.items()})

    fake(farm.folder, "findmnt", "echo 127.0.0.1:/opt/ollama-models")
    done = farm.verify(edit=nowhere)
    assert done.returncode == 0
    assert "note  two: whether /opt/ollama-models is mounted is only seen there" in done.stdout
    done = farm.verify("--host", "two", edit=nowhere)
    assert "ok    two: 127.0.0.1:/opt/ollama-models is mounted" in done.stdout


def test_usage(tmp_path: Path) -> None:
    plan = hostfiles_plans.plan()
    assert "--host HOST" in run(plan, tmp_path, "--help").stdout
    assert run(plan, tmp_path, "--host").returncode == 2
    assert run(plan, tmp_path, "--frob").returncode == 2
    unknown = run(plan, tmp_path, "--host", "nowhere")
    assert unknown.returncode == 2
    assert "no host is called nowhere" in unknown.stderr


def test_without_curl_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run(hostfiles_plans.plan(), tmp_path, path=str(tmp_path / "empty"))
    assert done.returncode == 2
    assert "curl is missing" in done.stderr


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("mistral", "mistral:latest"),
        ("library/mistral:7b", "mistral:7b"),
        ("someone/mistral", "someone/mistral:latest"),
        ("hf.co/user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M"),
        ("registry.example:5000/team/coder:7b", "registry.example:5000/team/coder:7b"),
        ("registry.example:5000/team/coder", "registry.example:5000/team/coder:latest"),
    ],
)
def test_models_are_expected_under_the_names_that_ollama_lists(name: str, listed: str) -> None:
    assert listed_name(name) == listed


def test_an_instance_on_loopback_is_asked_there() -> None:
    host = Host(name="box", address="192.168.1.10", bind="127.0.0.1")
    plan = resolve(
        Topology(name="x", hosts={"box": host}, services={"ollama": ollama(store=None, hosts={"box": Placement()})}), {}
    )
    assert endpoint_url(plan.instances[0]) == "http://127.0.0.1:11434"


@pytest.mark.tool
def test_shellcheck_has_nothing_to_say(tmp_path: Path) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    assert shutil.which("curl")
    for plan in (
        hostfiles_plans.plan(),
        hostfiles_plans.plan(gateway=False),
        hostfiles_plans.plan(store=nfs_store(mount="volume")),
    ):
        done = subprocess.run(
            [shellcheck, script(plan, tmp_path)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout
