"""`init --from`: nothing of what runs today is lost without a word, and no secret gets through in another place."""

from __future__ import annotations

from typing import Any

import pytest

from composegen import importing
from composegen.errors import ExitCode
from composegen.importing import Given, telling
from composegen.importing.notes import Kind
from tests.invoking import Make, Run
from tests.test_import import WORLD, converted, notes, rendered, topology

SERVER = "  ollama:\n    image: ollama/ollama:0.32.15\n    ports: ['11434:11434']\n"
TRAEFIK = """\
services:
  traefik:
    image: traefik:v3.1
    command:
      - --providers.docker=true
      - --entrypoints.web.address=:80
      - --entrypoints.web.http.redirections.entrypoint.to=websecure
      - --entrypoints.websecure.address=:443
      - --certificatesresolvers.le.acme.storage=/certificates/acme.json
      - --certificatesresolvers.le.acme.dnschallenge.provider=cloudflare
    environment: {CF_DNS_API_TOKEN: canary-token-1}
    ports: ["80:80", "443:443"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro", "./certificates:/certificates"]
    labels: {traefik.http.routers.board.rule: "Host(`board.example`)"}
  ollama:
    image: ollama/ollama:0.32.15
    labels:
      traefik.http.routers.llm.rule: Host(`llm.example`) && PathPrefix(`/api`)
      traefik.http.routers.llm.entrypoints: websecure
      traefik.http.routers.llm.tls.certresolver: le
"""


@pytest.mark.parametrize(
    "part",
    [
        "    labels: ['traefik.http.middlewares.login.basicauth.users=bob:$$apr1$$canary']\n",
        "    labels: {traefik.http.middlewares.login.basicauth.users: 'bob:$$apr1$$canary', other: kept}\n",
        "    annotations: {example.auth: canary-annotation, other: kept}\n",
        """  web: {image: 'web:1', healthcheck: {test: "curl -fH 'Authorization: Bearer canary-header' x"}}\n""",
        "  web: {image: 'web:1', command: 'sh -c \"curl -u bob:canary-user http://x\"'}\n",
        "  db: {image: 'mysql:9', environment: [ROOT_PASSWORD=canary-1], healthcheck: {test: mysql -pcanary-1}}\n",
        "  web: {image: 'web:1', labels: {x.customrequestheaders.Authorization: Basic canary-basic}}\n",
    ],
)
def test_a_secret_in_another_place_is_left_out_and_told(part: str) -> None:
    result = converted(f"services:\n{SERVER}{part}")
    assert "canary" not in result.text + telling.report(result.notes)
    assert "it holds a secret" in notes(result, Kind.LEFT)


def test_a_word_that_is_no_secret_elsewhere_stays() -> None:
    part = (
        "  db:\n    image: postgres:17\n    environment: {POSTGRES_USER: postgres, POSTGRES_PASSWORD: postgres}\n"
        "    healthcheck: {test: [CMD-SHELL, pg_isready -U postgres]}\n"
        "  job: {image: 'job:1', command: --user 1000:1000}\n"
    )
    apps = topology(converted(f"services:\n{SERVER}{part}"))["apps"]
    assert apps["db"]["compose"]["healthcheck"] == {"test": ["CMD-SHELL", "pg_isready -U postgres"]}
    assert apps["job"]["compose"]["command"] == "--user 1000:1000"


@pytest.mark.parametrize("form", ["[CMD-SHELL, '{}']", "'{}'"])
def test_a_health_check_has_the_variables_of_its_container(form: str) -> None:
    test = form.format("pg_isready -U ${PG_USER} -d $PG_DB")
    part = f"  db: {{image: 'postgres:17', environment: [PG_USER, PG_DB=$PG_DB], healthcheck: {{test: {test}}}}}\n"
    result = converted(f"services:\n{SERVER}{part}")
    asked = rendered(result, "box")["db"]["healthcheck"]["test"]
    assert (asked[-1] if isinstance(asked, list) else asked) == "pg_isready -U $${PG_USER} -d $${PG_DB}"
    assert "for `composegen render`" not in notes(result, Kind.TODO)


def test_a_health_check_without_a_shell_is_filled_in_when_it_is_rendered() -> None:
    part = (
        "  db: {image: 'postgres:17', environment: [PG_USER], healthcheck: {test: [CMD, pg_isready, -U, $PG_USER]}}\n"
    )
    assert "set PG_USER for `composegen render`" in notes(converted(f"services:\n{SERVER}{part}"), Kind.TODO)


def test_what_shared_a_network_with_a_server_still_does() -> None:
    text = (
        f"services:\n{SERVER}    networks: [web]\n"
        "  nginx: {image: 'nginx:1.27', networks: [web]}\n"
        "  other: {image: 'other:1', networks: [far]}\n"
        "networks: {web: , far: }\n"
    )
    result = converted(text)
    services = rendered(result, "box")
    assert "networks" not in services["ollama-1"], "on the network of the project"
    assert services["nginx"]["networks"] == ["web", "default"]
    assert services["other"]["networks"] == ["far"]
    assert "`nginx` is on the network of the project as well" in notes(result, Kind.DIFFERENT)


def test_a_network_without_a_way_out_stays_one_and_is_told() -> None:
    text = (
        f"services:\n{SERVER}    networks: [back]\n  db: {{image: 'db:1', networks: [back]}}\n"
        "networks: {back: {internal: true}}\n"
    )
    result = converted(text)
    assert rendered(result, "box")["db"]["networks"] == ["back"]
    assert "the network `back` that `db` shares with servers of models" in notes(result, Kind.LEFT)


def test_a_network_that_says_it_has_a_way_out_is_as_any_other() -> None:
    text = (
        f"services:\n{SERVER}    networks: [back]\n  db: {{image: 'db:1', networks: [back]}}\n"
        "networks: {back: {internal: false}}\n"
    )
    assert rendered(converted(text), "box")["db"]["networks"] == ["back", "default"]


def test_what_traefik_did_beside_serving_models_is_told() -> None:
    result = converted(TRAEFIK)
    assert topology(result)["gateway"]["entrypoint"] == {"name": "websecure", "port": 443}
    left = notes(result, Kind.LEFT)
    for what in (
        "compose.yaml:7 `--entrypoints.web.http.redirections.entrypoint.to` of `traefik`",
        "compose.yaml:11 `CF_DNS_API_TOKEN` of `traefik`",
        "compose.yaml:12 port 80 of `traefik`",
        "compose.yaml:13 mount `./certificates:/certificates` of `traefik`",
        "compose.yaml:14 router `board` of `traefik`",
        "compose.yaml:18 the rule of router `llm`, but for its host names",
    ):
        assert what in left
    assert "compose.yaml:10 look at `--certificatesresolvers.le.acme.dnschallenge.provider`" in notes(result, Kind.TODO)
    assert "port 443" not in left
    assert "canary" not in telling.report(result.notes)


def test_what_a_dynamic_file_holds_beside_servers_is_told() -> None:
    text = (
        "http:\n  services:\n    pool:\n      loadBalancer:\n        sticky: {cookie: {}}\n"
        "        healthCheck: {path: /}\n        servers: [{url: 'http://ollama:11434'}]\ntls: {certificates: []}\n"
    )
    given = [
        Given(name=name, folder="lab", data=data.encode())
        for name, data in (("compose.yaml", f"services:\n{SERVER}"), ("dynamic.yaml", text))
    ]
    left = notes(importing.convert(given, [], WORLD), Kind.LEFT)
    assert "dynamic.yaml:5 `sticky` of load balancer `pool`" in left
    assert "dynamic.yaml:8 `tls:`" in left
    assert "healthCheck" not in left


def test_addresses_in_a_list_get_the_new_names() -> None:
    part = "  web: {image: 'web:1', environment: {URLS: 'http://ollama:11434;http://far:11434;http://ollamas:1'}}\n"
    app = topology(converted(f"services:\n{SERVER}{part}"))["apps"]["web"]
    assert app["compose"]["environment"]["URLS"] == "http://ollama-1:11434;http://far:11434;http://ollamas:1"
    assert app["needs"] == ["ollama"]


def test_what_is_taken_out_again_is_not_said_to_be_kept() -> None:
    result = converted(f"services:\n{SERVER}    dns: [1.1.1.1]\n    develop: {{watch: []}}\n")
    assert notes(result, Kind.KEPT) == "compose.yaml:5 `dns` of `ollama` -- "
    assert "compose.yaml:6 `services.ollama.compose.develop`" in notes(result, Kind.LEFT)


def test_a_folder_that_a_variable_names_is_to_be_checked() -> None:
    text = f"services:\n{SERVER}    volumes: ['${{MODELS:-/srv/models}}:/root/.ollama/models']\n"
    assert "compose.yaml:5 check the path of the store: `/srv/models`" in notes(converted(text), Kind.TODO)


def test_a_device_beside_gpus_is_told() -> None:
    text = f"services:\n{SERVER}    runtime: nvidia\n    devices: [/dev/dri]\n"
    assert "compose.yaml:6 a device of `ollama`" in notes(converted(text), Kind.LEFT)


def test_a_gpu_that_cannot_be_one_is_left_out_and_told() -> None:
    result = converted(f"services:\n{SERVER}    gpus: [{{device_ids: ['first card']}}]\n")
    assert result.obstacles == ()
    assert topology(result)["services"]["ollama"]["hosts"] == {"box": 1}
    assert "compose.yaml:2 `hosts.box.gpus` -- `first card` is no id of a GPU" in notes(result, Kind.LEFT)


def volume(options: str) -> str:
    return f"""\
services:
{SERVER}    volumes: ["models:/root/.ollama/models"]
volumes: {{models: {{driver_opts: {{type: nfs, o: "{options}", device: ":/srv/models"}}}}}}
"""


def test_mount_options_that_become_others_are_told() -> None:
    result = converted(volume("addr=10.0.0.9,rw,soft,nolock"))
    assert "compose.yaml:5 mount options `soft`, `nolock`" in notes(result, Kind.DIFFERENT)
    assert "mount options" not in notes(converted(volume("addr=10.0.0.9,ro,nfsvers=4.2")), Kind.DIFFERENT)


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ("labels: {backup: canary}", ["labels"]),
        ("labels: [backup=canary], x-note: a, name: lab_models", ["labels"]),
        ("driver: rclone, driver_opts: {remote: canary}", ["driver", "driver_opts"]),
        ("driver: local, labels: {}", []),
        ("driver_opts: {type: nfs, o: addr=10.0.0.9, device: ':/srv/models'}, labels: {backup: canary}", ["labels"]),
        ("driver_opts: {type: none, o: bind, device: /srv/models}", []),
    ],
)
def test_options_of_a_volume_that_no_store_has_are_told(definition: str, told: list[str]) -> None:
    text = f"services:\n{SERVER}    volumes: ['models:/root/.ollama/models']\nvolumes: {{models: {{{definition}}}}}\n"
    result = converted(text)
    said = [note for note in result.notes if " of volume " in note.message]
    assert [note.message for note in said] == [f"`{key}` of volume `models`" for key in told]
    assert {note.kind for note in said} <= {Kind.LEFT}
    assert "canary" not in telling.report(result.notes)


@pytest.mark.parametrize(("second", "told"), [("device_ids: ['1']", False), ("count: all", True)])
def test_gpus_that_no_file_names_are_to_be_listed_though_another_server_names_some(second: str, told: bool) -> None:
    def server(port: int, which: str) -> str:
        devices = f"[{{driver: nvidia, {which}, capabilities: [gpu]}}]"
        return (
            f"  o{port}:\n    image: ollama/ollama:0.32.15\n    ports: ['{port}:11434']\n"
            f"    deploy: {{resources: {{reservations: {{devices: {devices}}}}}}}\n"
        )

    result: Any = converted("services:\n" + server(11434, "device_ids: ['0']") + server(11435, second))
    assert ("list the GPUs of host `box`" in notes(result, Kind.TODO)) is told


@pytest.mark.slow
@pytest.mark.parametrize("options", ["", "--patch", "--format json", "--format markdown"])
def test_the_comparison_with_the_old_files_shows_no_secret_and_no_other_project(
    options: str, tree: Make, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = (
        f"x-all: &all {{restart: always}}\nservices:\n{SERVER}    volumes: [ollama:/root/.ollama]\n"
        "  web:\n    <<: *all\n    image: web:1\n    environment: {MASTER_KEY: canary-1, A: b}\n"
        "    volumes: [web:/data]\n"
        "    labels: ['t.basicauth.users=bob:$$apr1$$canary']\nvolumes: {ollama: , web: }\n"
    )
    monkeypatch.chdir(tree({"lab/compose.yaml": old, "old/box/compose.yaml": old}))
    assert run("init", "--from", "lab/compose.yaml", "new").code == ExitCode.DONE
    compared = run("diff", "new/topology.yaml", "--against", "old", *options.split())
    assert compared.code == ExitCode.DONE, compared.err
    assert "MASTER_KEY" in compared.out
    assert "canary" not in compared.out
    assert "the project is called" not in compared.out
    assert " _ollama" not in compared.out, "the volume that nothing uses any more has the name of the project"
