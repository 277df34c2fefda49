"""`init --from`: what people run today becomes a topology that validates and renders, with a true account of it.

Each folder of `imports/` is a case: files as people write them, `arguments.txt`, and the topology and the report that
come of them. `pytest --update` rewrites these two; a change there that its author cannot explain is a mistake.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest
import yaml

from composegen import importing, pipeline
from composegen.artifacts import Tree
from composegen.findings import Severity
from composegen.importing import Given, Imported, ImportingError, telling
from composegen.importing.interpolation import static, translated
from composegen.importing.notes import Kind
from composegen.pipeline import Source
from tests import sampling
from tests.invoking import Make, Run
from tests.properties.effort import tried
from tests.tools import compose

FOLDER = Path(__file__).resolve().parent / "imports"
CASES = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())
WORLD = sampling.bare()


every_case = pytest.mark.parametrize("case", CASES)


def given(case: str) -> tuple[list[Given], list[str]]:
    """The files of a case as its arguments name them, and the profiles."""
    words = shlex.split((FOLDER / case / "arguments.txt").read_text())
    pairs = list(zip(words[::2], words[1::2], strict=True))
    files = []
    for option, value in pairs:
        if option == "--from":
            host, _, name = value.rpartition("=")
            host, _, address = host.partition("@")
            path = FOLDER / case / name
            files.append(
                Given(
                    name=name,
                    folder=path.parent.name,
                    data=path.read_bytes(),
                    host=host or None,
                    address=address or None,
                )
            )
    return files, [value for option, value in pairs if option == "--profile"]


@cache
def imported(case: str) -> Imported:
    return importing.convert(*given(case), WORLD)


def converted(text: str, profiles: list[str] | None = None) -> Imported:
    """What comes of one Compose file."""
    return importing.convert([Given(name="compose.yaml", folder="lab", data=text.encode())], profiles or [], WORLD)


def topology(result: Imported) -> Any:
    return yaml.safe_load(result.text)


def notes(result: Imported, kind: Kind) -> str:
    """The notes of a kind, one a line."""
    return "\n".join(f"{note.place} {note.message} -- {note.reason}" for note in result.notes if note.kind is kind)


def tree(result: Imported) -> Tree:
    assert result.compiled is not None
    assert result.compiled.tree is not None, [finding.message for finding in result.compiled.findings]
    return result.compiled.tree


@every_case
def test_a_case_gives_the_topology_and_the_report_beside_it(case: str, update: bool) -> None:
    result = imported(case)
    for name, text in (("topology.yaml", result.text), ("report.txt", telling.report(result.notes))):
        file = FOLDER / case / name
        if update:
            file.write_text(text, encoding="utf-8")
        assert file.read_text(encoding="utf-8") == text


@every_case
def test_what_is_written_has_no_error_and_renders(case: str) -> None:
    compiled = pipeline.compile(Source(name="topology.yaml", data=imported(case).text.encode()), WORLD)
    assert [finding.message for finding in compiled.findings if finding.severity is Severity.ERROR] == []
    assert compiled.tree


@pytest.mark.tool
@every_case
def test_compose_accepts_what_is_rendered(case: str, tmp_path: Path) -> None:
    for path, entry in tree(imported(case)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(entry.data)
    files = sorted(tmp_path.glob("*/compose.yaml"))
    assert files
    for file in files:
        (file.parent / ".env").touch()
        compose.config(file.parent, tuple(sorted(set(re.findall(r"\$\{(\w+):\?", file.read_text())))))


@every_case
def test_every_part_of_a_server_is_accounted_for(case: str) -> None:
    """Each key of each service, and each variable of a server, has a note on its lines, or is in the topology."""
    result = imported(case)
    told = {(note.place.file, note.place.line) for note in result.notes if note.place is not None}
    for file, _ in ((file, None) for file in given(case)[0]):
        root, _, _ = importing.spots.read(file.name, file.data)
        assert root is not None
        for name, service in importing.stacks.services_of(root):
            if importing.servers.is_server(name, service) and service.get("profiles") is None:
                for key, spot in service.items():
                    lines = {(one.place.file, one.place.line) for one in _all(spot)}
                    assert lines & told or key == "volumes", f"{spot.place}: nothing is said of `{key}` of `{name}`"


def _all(spot: Any) -> Iterator[Any]:
    yield spot
    for inner in (*(one for _, one in spot.items()), *spot.each()):
        yield from _all(inner)


@every_case
def test_no_secret_gets_out(case: str) -> None:
    result = imported(case)
    everything = result.text + telling.report(result.notes) + "".join(e.data.decode() for e in tree(result).values())
    assert "canary" not in everything


@every_case
def test_the_same_input_gives_the_same_bytes(case: str) -> None:
    assert importing.convert(*given(case), WORLD).text == imported(case).text


def rendered(result: Imported, host: str) -> Mapping[str, Any]:
    """The services of a host's generated Compose file."""
    found = {path.as_posix(): entry.data for path, entry in tree(result).items()}
    services: Mapping[str, Any] = yaml.safe_load(found[f"{host}/compose.yaml"])["services"]
    return services


@every_case
def test_apps_run_as_before(case: str) -> None:
    """Every key of an app is in the generated file as it was, or a note says what became of it."""
    result = imported(case)
    told = "\n".join(note.message for note in result.notes)
    apps = {(app["host"], name): app for name, app in topology(result).get("apps", {}).items()}
    for file in given(case)[0]:
        for name, service in (yaml.safe_load(file.data).get("services") or {}).items():
            app = next((pair for pair in apps if pair[1] in (name, name.replace("_", "-"))), None)
            if app is not None:
                now = rendered(result, app[0])[app[1]]
                for key in service.keys() - {"environment", "depends_on", "networks", "network_mode"}:
                    assert now.get(key) == service[key] or f"`{key}` of `{name}`" in told, f"{key} of {name}"


@every_case
def test_variables_of_apps_keep_their_values(case: str) -> None:
    result = imported(case)
    told = "\n".join(note.message for note in result.notes)
    for name, app in topology(result).get("apps", {}).items():
        now = rendered(result, app["host"])[name].get("environment", {})
        for file in given(case)[0]:
            own = (yaml.safe_load(file.data).get("services") or {}).get(name, {}).get("environment") or {}
            pairs = dict(entry.split("=", 1) for entry in own) if isinstance(own, list) else own
            for key, value in pairs.items():
                kept = str(now[key]) == static(str(value)) or str(now[key]).startswith("${")
                assert kept or f"`{key}`" in told, f"{key} of {name}"


@every_case
def test_what_is_published_today_is_published_afterwards(case: str) -> None:
    """Ports of servers and of apps stay, so that nobody has to change an address."""
    result = imported(case)
    after = {str(port["published"]) for host in topology(result)["hosts"] for port in _ports(rendered(result, host))}
    before = set()
    for file in given(case)[0]:
        for service in (yaml.safe_load(file.data).get("services") or {}).values():
            if "profiles" not in service and "traefik" not in service.get("image", ""):
                before |= {static(str(entry)).split(":")[-2] for entry in service.get("ports", ())}
    assert before <= after


def _ports(services: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for service in services.values():
        for port in service.get("ports", ()):
            yield port if isinstance(port, dict) else {"published": str(port).split(":")[-2]}


def test_four_servers_with_a_gpu_each_become_instances_of_one_service() -> None:
    found = topology(imported("four-gpus"))
    assert found["name"] == "git"
    assert found["hosts"]["box"]["gpus"] == {"vendor": "nvidia", "devices": ["0", "1", "2", "3"]}
    assert found["stores"] == {"models": {"kind": "directory", "path": "/srv/ollama/models"}}
    assert found["services"]["ollama"]["hosts"] == {"box": {"instances": 4, "gpus": "one-each"}}
    assert found["services"]["ollama"]["environment"] == {"OLLAMA_KEEP_ALIVE": "30m"}


def test_a_container_that_pulls_becomes_models() -> None:
    result = imported("eight-on-one-volume")
    found = topology(result)["services"]["ollama-server"]
    assert found["models"] == ["codellama:7b", "mistral:7b", "llama3.2:3b"]
    assert found["hosts"] == {"box": 8}
    assert found["migrate_from"] == ["ollama_models"]
    assert "apps" not in topology(result)


def test_hosts_get_their_addresses_and_weights_from_a_dynamic_file() -> None:
    result = imported("two-hosts-and-traefik")
    found = topology(result)
    assert {name: host["address"] for name, host in found["hosts"].items()} == {
        "server80": "10.0.0.80",
        "server84": "10.0.0.84",
    }
    assert found["stores"]["models"] == {"kind": "nfs", "server": "server80", "path": "/opt/ollama-models/models"}
    assert found["services"]["ollama"]["hosts"] == {
        "server80": {"weight": 1},
        "server84": {"instances": 3, "weight": 2},
    }
    assert found["apps"]["page"]["needs"] == [{"service": "ollama", "variable": "OLLAMA_BASE_URL"}]
    assert "10.0.0.99:11434" in notes(result, Kind.LEFT)
    assert "middleware `login`" in notes(result, Kind.LEFT)
    assert "load balancer `wiki`" in notes(result, Kind.LEFT)


def test_improvements_are_told_with_their_reasons() -> None:
    told = notes(imported("two-hosts-and-traefik"), Kind.DIFFERENT)
    for words in ("has no curl", "floating tag", "exits when it can write none", "second router"):
        assert words in told, words


@pytest.mark.slow
def test_a_profile_chooses_the_flavour() -> None:
    chosen = topology(imported("profiles"))
    assert list(chosen["services"]) == ["ollama-gpu"]
    assert chosen["services"]["ollama-gpu"]["models"] == ["${CHAT_MODEL:-llama3.2}", "nomic-embed-text"]
    text = (FOLDER / "profiles" / "docker-compose.yml").read_text()
    assert list(topology(converted(text))["services"]) == ["ollama-cpu"], "the first one, where none is chosen"
    assert "profile gpu-amd" in notes(converted(text), Kind.LEFT)


def test_secrets_are_named_where_their_values_stand() -> None:
    result = imported("secrets")
    environment = topology(result)["apps"]["proxy"]["compose"]["environment"]
    for name in ("LITELLM_MASTER_KEY", "DATABASE_URL", "REDIS_AUTH", "OPENAI_API_KEY"):
        assert environment[name] == {"secret": name}
    assert environment["LITELLM_SALT_KEY"] == {"secret": "SALT"}
    other = topology(result)["apps"]["other-db"]["compose"]["environment"]["POSTGRES_PASSWORD"]
    assert other == {"secret": "OTHER_DB_POSTGRES_PASSWORD"}, "another value needs another name"
    assert "compose.yaml:15 set LITELLM_MASTER_KEY" in notes(result, Kind.TODO)


def test_an_old_name_goes_on_where_a_name_must_change() -> None:
    app = topology(imported("secrets"))["apps"]["other-db"]["compose"]
    assert app["networks"] == {"default": {"aliases": ["other_db"]}}
    assert topology(imported("several-on-one-host"))["apps"]["balancer"]["compose"]["links"] == [
        "chat-1:chat",
        "code-1:code",
    ]


def test_an_address_with_a_path_is_rewritten() -> None:
    environment = topology(imported("secrets"))["apps"]["proxy"]["compose"]["environment"]
    assert environment["OPENAI_BASE_URL"] == "http://ollama-1:11434/v1"
    assert "OLLAMA_API_BASE" not in environment


def test_nfs_volumes_become_an_nfs_store() -> None:
    found = topology(imported("nfs-volumes"))
    assert found["stores"]["models-2"] == {
        "kind": "nfs",
        "path": "/export/models",
        "mount": "volume",
        "external": "10.0.0.9",
        "writer": "one",
    }
    assert found["services"]["ollama"]["hosts"] == {"one": 1, "two": 1}


def test_traefik_of_ollama_alone_becomes_the_gateway() -> None:
    found = topology(imported("traefik-in-compose"))
    assert found["gateway"] == {
        "host": "box",
        "hostname": "llm.example",
        "entrypoint": {"name": "websecure", "port": 443},
        "tls": {"resolver": "letsencrypt"},
    }
    assert found["services"]["ollama"]["compose"] == {"labels": {"backup.keep": True}}
    assert found["services"]["ollama"]["models"] == ["qwen3:0.6b"]
    assert found["services"]["ollama"]["hosts"] == {"box": 3}
    assert "apps" not in found


def test_traefik_of_others_too_stays_as_it_is() -> None:
    text = (FOLDER / "traefik-in-compose" / "compose.yml").read_text()
    page = '  page: {image: "example/page:1.0", labels: ["traefik.http.routers.page.rule=Host(`x`)"]}\nvolumes:'
    result = converted(text.replace("volumes: {ollama", page + " {ollama"))
    assert "gateway" not in topology(result)
    assert set(topology(result)["apps"]) == {"page", "proxy"}
    assert "traefik.http.routers.llm.rule" in topology(result)["services"]["ollama"]["compose"]["labels"]


def test_files_of_one_host_are_merged_as_compose_does() -> None:
    found = topology(imported("overrides"))["services"]["ollama"]
    assert found["environment"] == {"OLLAMA_KEEP_ALIVE": "24h", "OLLAMA_NUM_PARALLEL": "2"}
    assert found["store"] == "models", "a volume that holds models only stays the same volume"
    assert topology(imported("overrides"))["hosts"]["box"]["gpus"]["vendor"] == "nvidia"


def test_services_on_one_store_have_one_writer() -> None:
    found = topology(imported("several-on-one-host"))["services"]
    assert [found[name].get("writer") for name in ("chat", "code")] == [None, "none"]
    assert found["chat"]["store"] == found["code"]["store"]
    assert found["code"]["models"] == ["codellama:7b"]
    assert found["code"]["memory"] == "8192MiB"
    assert found["embed"]["hosts"] == {"box": {"port": 11436, "gpus": "none"}}, "11435 is the app's"


def test_equal_servers_with_a_gap_between_their_ports_are_services_of_their_own() -> None:
    server = "image: ollama/ollama, volumes: ['m:/root/.ollama/models']"
    text = f"services:\n  a1: {{{server}, ports: ['11434:11434']}}\n  a2: {{{server}, ports: ['11440:11434']}}\n"
    found = topology(converted(text))["services"]
    assert {name: service["hosts"] for name, service in found.items()} == {
        "a1": {"box": 1},
        "a2": {"box": {"port": 11440}},
    }


def test_servers_that_publish_nothing_get_ports_one_after_another() -> None:
    text = "services:\n  chat: {image: ollama/ollama}\n  code: {image: ollama/ollama}\n"
    found = topology(converted(text))["services"]
    assert {name: service["hosts"]["box"] for name, service in found.items()} == {"chat": 1, "code": {"port": 11435}}
    assert topology(converted(text))["hosts"]["box"]["address"] == "127.0.0.1", "as far from others as before"


def test_a_network_of_other_projects_is_told() -> None:
    text = (
        "services: {ollama: {image: ollama/ollama, networks: [proxy, back]}}\n"
        "networks:\n  back:\n  proxy: {external: true}\n"
    )
    left = notes(converted(text), Kind.LEFT)
    assert "compose.yaml:4 `ollama` on the network `proxy`" in left
    assert "`back`" not in left


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a$$b", "a$b"),
        ("$${X}", "$${X}"),
        ("$X/${Y}", "${X:-}/${Y:-}"),
        ("${X-d}", "${X:-d}"),
        ("${X:-${Y:-c}}", "${X:-c}"),
        ("${X:?told}", "${X:-}"),
        ("${X:+y}", ""),
        ("${PWD}/data", "./data"),
        ("${X", "$${X"),
        ("100%$", "100%$"),
        ("${X:-a}b${Y:-c}", "${X:-a}b${Y:-c}"),
    ],
)
def test_variables_of_compose_in_terms_of_a_topology(written: str, expected: str) -> None:
    assert translated(written) == expected


@pytest.mark.parametrize(
    ("script", "models"),
    [
        ("ollama pull a:1 && ollama pull b", ["a:1", "b"]),
        ("ollama run --verbose a", ["a"]),
        ('curl -d \'{"name": "a"}\' http://x/api/pull; curl http://x/api/pull -d \'{"name": "b:7b"}\'', ["b:7b"]),
        ("for m in a b; do ollama pull $$m; done", ["a", "b"]),
        ("M=a; ollama pull $$M", ["a"]),
        ("ollama pull ${M:-a}", ["${M:-a}"]),
        ("ollama pull $$UNKNOWN", []),
        ("M=a$$M; ollama pull $$M", []),
        ("ollama pull $(cat models.txt)", []),
        ("ollama list | grep a || ollama pull a", ["a"]),
        ("ollama pull hf.co/x/y-GGUF:Q4_K_M", ["hf.co/x/y-GGUF:Q4_K_M"]),
    ],
)
def test_models_in_scripts(script: str, models: list[str]) -> None:
    quoted = script.replace("\\", "\\\\").replace('"', '\\"')
    text = (
        "services:\n  ollama: {image: ollama/ollama}\n"
        f'  init: {{image: ollama/ollama, entrypoint: [sh, -c], command: ["{quoted}"]}}\n'
    )
    assert topology(converted(text))["services"]["ollama"].get("models", []) == models


@pytest.mark.parametrize(
    ("mount", "store", "migrates"),
    [
        ("ollama:/root/.ollama", None, ["ollama"]),
        ("/srv/o:/root/.ollama", {"kind": "directory", "path": "/srv/o/models"}, None),
        ("/srv/o:/root/.ollama/models", {"kind": "directory", "path": "/srv/o"}, None),
        ("./o/../p:/root/.ollama", {"kind": "directory", "path": "/opt/lab/p/models"}, None),
        ("~/o:/root/.ollama", {"kind": "directory", "path": "/root/o/models"}, None),
        ("${DATA}/o:/root/.ollama", None, None),
        ("${DATA:-/srv}/o:/root/.ollama", {"kind": "directory", "path": "/srv/o/models"}, None),
    ],
)
def test_where_models_are(mount: str, store: Any, migrates: Any) -> None:
    found = topology(converted(f'services:\n  ollama: {{image: ollama/ollama, volumes: ["{mount}"]}}\n'))
    assert found.get("stores", {}).get("models") == store
    assert found["services"]["ollama"].get("migrate_from") == migrates


def test_merge_keys_are_followed_as_compose_does() -> None:
    text = (
        "x-a: &a {OLLAMA_KEEP_ALIVE: 1m, OLLAMA_NUM_PARALLEL: 1}\nx-b: &b {OLLAMA_KEEP_ALIVE: 2m, OLLAMA_DEBUG: 1}\n"
        "services:\n  ollama:\n    image: ollama/ollama\n"
        "    environment: {<<: [*a, *b], OLLAMA_NUM_PARALLEL: 4}\n"
    )
    result = converted(text)
    assert topology(result)["services"]["ollama"]["environment"] == {
        "OLLAMA_KEEP_ALIVE": "1m",
        "OLLAMA_NUM_PARALLEL": "4",
        "OLLAMA_DEBUG": "1",
    }
    assert "compose.yaml:2 `OLLAMA_DEBUG`" in notes(result, Kind.TAKEN), "where it stands, not where it is merged"


def test_what_would_be_an_error_is_taken_out_and_told_with_its_line() -> None:
    text = (
        "services:\n  ollama: {image: ollama/ollama}\n  web:\n    image: example/web:1.0\n"
        "    mem_limit: 1x\n    unknown_key: 1\n    restart: always\n"
    )
    result = converted(text)
    assert topology(result)["apps"]["web"]["compose"] == {"image": "example/web:1.0", "restart": "always"}
    assert "compose.yaml:5 `apps.web.compose.mem_limit`" in notes(result, Kind.LEFT)
    assert "compose.yaml:6 `apps.web.compose.unknown_key`" in notes(result, Kind.LEFT)


HOSTILE = {
    "nothing": b"",
    "no-mapping": b"- a\n- b\n",
    "no-services": b"name: x\n",
    "services-is-a-list": b"services: [a, b]\n",
    "no-ollama": b"services: {web: {image: nginx}}\n",
    "no-yaml": b"services: [\n",
    "bytes": b"\xff\xfe\x00",
    "bomb": b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (i, i, b",".join([b"*%c" % (i - 1)] * 10)) for i in range(98, 108))
    + b"services: {ollama: {image: ollama/ollama, x: *k}}\n",
    "merge-bomb": b"a0: &a0 {k: v}\n"
    + b"".join(
        b"a%d: &a%d {<<: [%s], k%d: *a%d}\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9), i, i - 1)
        for i in range(1, 30)
    )
    + b"services: {ollama: {image: ollama/ollama, x: *a29}}\n",
    "cycle": b"services: &s {ollama: {image: ollama/ollama, more: *s}}\n",
    "merge-of-a-scalar": b"services: {ollama: {<<: text, image: ollama/ollama}}\n",
    "two-documents": b"services: {}\n---\nservices: {}\n",
    "tag": b"services: {ollama: {image: ollama/ollama, ports: !reset []}}\n",
    "deep": b"services: " + b"[" * 500 + b"]" * 500 + b"\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_compose_file_is_refused_and_nothing_is_written(name: str, tree: Make, run: Run) -> None:
    folder = tree({"compose.yaml": HOSTILE[name]})
    outcome = run("init", "--from", str(folder / "compose.yaml"), str(folder / "new"))
    assert outcome.code in (1, 2), outcome.err
    assert "nothing was written" in outcome.err
    assert "Traceback" not in outcome.err
    assert not (folder / "new").exists()


SERVER = "services:\n  ollama: {image: ollama/ollama, ports: ['11434:11434'], environment: {API_KEY: canary-12345}}\n"


@pytest.mark.slow
def test_the_command_writes_reports_and_names_the_next_step(tree: Make, run: Run) -> None:
    folder = tree({"lab/compose.yaml": SERVER})
    outcome = run("init", "--from", str(folder / "lab" / "compose.yaml"), str(folder / "new"))
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in (folder / "new").iterdir()) == ["topology.schema.json", "topology.yaml"]
    assert "What composegen will do differently" in outcome.out
    assert "Next: composegen render" in outcome.err
    assert "canary" not in outcome.out + outcome.err
    assert run("validate", str(folder / "new" / "topology.yaml")).code == 0
    assert yaml.safe_load((folder / "new" / "topology.yaml").read_text())["name"] == "lab"


def test_what_cannot_be_left_out_is_refused_with_its_line_and_nothing_is_written(tree: Make, run: Run) -> None:
    top = tree({"compose.yaml": "services: {ollama: {image: 'ollama/ollama:0.32.15'}}\n"})
    ended = run("init", "--from", f"box@0.0.0.0={top}/compose.yaml", str(top / "new"))
    assert ended.code == 1
    assert '|   box: {address: "0.0.0.0", bind: ' in ended.err
    assert "1 error; nothing was written" in ended.err
    assert not (top / "new").exists()


def test_a_topology_is_never_overwritten(tree: Make, run: Run) -> None:
    folder = tree({"compose.yaml": SERVER, "topology.yaml": "mine"})
    outcome = run("init", "--from", str(folder / "compose.yaml"), str(folder))
    assert outcome.code == 2
    assert "exists already; nothing was written" in outcome.err
    assert (folder / "topology.yaml").read_text() == "mine"
    assert not (folder / "topology.schema.json").exists()


@pytest.mark.slow
def test_hosts_and_addresses_can_be_named(tree: Make, run: Run) -> None:
    folder = tree({"a.yaml": SERVER, "b.yaml": SERVER})
    files = [f"--from=one@10.0.0.1={folder / 'a.yaml'}", f"--from=two@10.0.0.2={folder / 'b.yaml'}"]
    assert run("init", *files, str(folder / "new")).code == 0
    hosts = yaml.safe_load((folder / "new" / "topology.yaml").read_text())["hosts"]
    assert {name: host["address"] for name, host in hosts.items()} == {"one": "10.0.0.1", "two": "10.0.0.2"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "missing.yaml"], "cannot read missing.yaml"),
        (["--from", "x", "--sample", "minimal"], "exclude each other"),
        (["--profile", "x"], "--profile goes with --from"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], words: str, tree: Make, run: Run) -> None:
    outcome = run("init", *arguments, str(tree({}) / "new"))
    assert outcome.code == 2
    assert words in outcome.err


def test_no_line_of_a_file_with_a_mistake_is_shown(tree: Make, run: Run) -> None:
    folder = tree({"compose.yaml": "services:\n  ollama:\n    environment: {PASSWORD: canary: x}\n"})
    outcome = run("init", "--from", str(folder / "compose.yaml"), str(folder / "new"))
    assert outcome.code == 1
    assert "compose.yaml:3" in outcome.err
    assert "canary" not in outcome.err


TEXTS = st.sampled_from(
    """ollama|ollama/ollama:latest|$|${|${X|${X:-${Y}}|11434:11434|a:b:c:d|:|/|..|~|all|é|Host(`x`)|http://ollama:11434
http://[|traefik|ollama pull $$x|-1|=|A=b|0x|99999:11434|service_healthy|models:/root/.ollama|./x:/root/.ollama:ro
service:ollama|10.0.0.1:80:11434|nvidia|16G|traefik.http.routers.x.rule=Host(`a.b`)||a b|\0|x\ty""".replace(
        "\n", "|"
    ).split("|")
)
KEYS = st.sampled_from(
    [
        "services",
        "volumes",
        "networks",
        "http",
        "image",
        "ports",
        "environment",
        "deploy",
        "resources",
        "limits",
        "memory",
        "reservations",
        "devices",
        "count",
        "device_ids",
        "gpus",
        "runtime",
        "command",
        "entrypoint",
        "labels",
        "depends_on",
        "healthcheck",
        "test",
        "profiles",
        "extends",
        "service",
        "build",
        "ollama",
        "web",
        "name",
        "target",
        "source",
        "type",
        "published",
        "driver_opts",
        "o",
        "device",
        "external",
        "restart",
        "network_mode",
        "links",
        "configs",
        "models",
        "traefik",
        "routers",
        "rule",
        "loadBalancer",
        "servers",
        "url",
        "weight",
        "weighted",
        "env_file",
        "x-y",
        "secret",
        "replicas",
        "mem_limit",
        "post_start",
        "version",
        "include",
        "provider",
        "aliases",
        "container_name",
        "a.b",
        "é",
    ]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 70000), st.floats(), TEXTS)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)
NAMES = st.sampled_from(["web", "ollama", "traefik", "Ollama_2"])
SERVICE = st.dictionaries(KEYS, ANYTHING, max_size=8)


def outcome_of(document: Any) -> Imported | None:
    """What comes of any mapping; None where that is refused in words."""
    data = yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass")
    try:
        return importing.convert([Given(name="compose.yaml", folder="lab", data=data)], [], WORLD)
    except ImportingError:
        return None


@pytest.mark.slow
@tried(150)
@hypothesis.given(st.dictionaries(KEYS, ANYTHING, max_size=6))
def test_any_mapping_is_answered(document: dict[str, Any]) -> None:
    outcome_of(document)


@pytest.mark.slow
@tried(150)
@hypothesis.given(
    SERVICE, st.dictionaries(st.sampled_from(["web", "ollama", "traefik", "Ollama_2"]), SERVICE, max_size=3), ANYTHING
)
def test_any_server_among_any_services_gives_a_topology_without_errors(
    own: dict[str, Any], others: dict[str, Any], volumes: Any
) -> None:
    own = {
        key: value
        for key, value in own.items()
        if key not in ("entrypoint", "command", "profiles", "extends", "provider")
    }
    document = {"services": {**others, "ollama": {**own, "image": "ollama/ollama:0.32.15"}}, "volumes": volumes}
    result = outcome_of(document)
    if result is not None and not result.faults:
        assert result.obstacles == (), [finding.message for finding in result.obstacles]
        assert result.compiled is not None
        assert result.compiled.tree
