"""Gateway, versions, secrets, models and variables: the cases beyond the examples of the rules."""

from __future__ import annotations

import pytest

from composegen.findings import Severity
from tests.ruling import places, related, said

HEAD = "name: demo\nhosts: {box: {address: 10.0.0.1}}\n"


def service(body: str, hosts: str = "{box: {address: 10.0.0.1}}") -> str:
    return f"name: demo\nhosts: {hosts}\nservices: {{chat: {{hosts: {{box: 1}}, {body}}}}}\n"


def gateway(body: str, services: str = "{chat: {hosts: {box: 1}}}") -> str:
    return f"{HEAD}services: {services}\ngateway: {{host: box, {body}}}\n"


def app(compose: str, hosts: str = "{box: {address: 10.0.0.1}}") -> str:
    return (
        f"name: demo\nhosts: {hosts}\nservices: {{chat: {{hosts: {{box: 1}}}}}}\n"
        f"apps: {{web: {{host: box, compose: {{image: example/web:1.4.2, {compose}}}}}}}\n"
    )


# Gateway


@pytest.mark.parametrize("code", ["CG401", "CG402", "CG403", "CG404", "CG405", "CG406", "CG407", "CG501", "CG706"])
def test_without_a_gateway_there_is_nothing_to_say_about_it(code: str) -> None:
    text = f"{HEAD}services: {{chat: {{hosts: {{box: 1}}}}, code: {{hosts: {{box: {{port: 12000}}}}}}}}\n"
    assert places(code, text) == []


def test_one_service_needs_no_route() -> None:
    assert places("CG401", gateway("retry: 1")) == []


def test_routes_that_answer_the_same_are_all_found() -> None:
    two = "{chat: {hosts: {box: 1}}, code: {hosts: {box: {port: 12000}}}}"
    text = gateway("routes: [{service: chat}, {service: code}, {service: chat}]", two)
    assert places("CG407", text) == ["gateway.routes[1].service", "gateway.routes[2].service"]
    assert related(said("CG407", text)[0]) == ["gateway.routes[0].service"]


def test_without_admin_nobody_needs_users_or_tls() -> None:
    assert [places(code, gateway("retry: 1")) for code in ("CG402", "CG403", "CG404")] == [[], [], []]


def test_admin_without_users_is_not_told_about_tls_too() -> None:
    assert places("CG402", gateway("admin: {allow: [10.0.0.0/8]}")) == ["gateway.admin"]
    assert places("CG403", gateway("admin: {allow: [10.0.0.0/8]}")) == []


@pytest.mark.parametrize(("kind", "found"), [("volume", True), ("directory, path: /srv/m", True), ("nfs", False)])
def test_admin_counts_the_writers_of_the_routed_store(kind: str, *, found: bool) -> None:
    store = "nfs, server: a, path: /srv/m" if kind == "nfs" else kind
    text = (
        "name: d\nhosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}}\n"
        f"stores: {{m: {{kind: {store}}}}}\nservices: {{chat: {{store: m, hosts: {{a: 2, b: 1}}}}}}\n"
        "gateway: {host: a, admin: {users: u}, tls: {resolver: x}}\n"
    )
    findings = said("CG404", text)
    assert bool(findings) is found
    assert [related(finding) for finding in findings] == ([["services.chat.hosts.a", "services.chat.hosts.b"]] * found)


def test_writers_of_services_that_are_not_routed_do_not_count() -> None:
    text = (
        "name: d\nhosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}}\n"
        "services: {chat: {hosts: {a: 1}}, code: {hosts: {a: {port: 12000}, b: 1}}}\n"
        "gateway: {host: a, admin: {users: u}, routes: [{service: chat}]}\n"
    )
    assert places("CG404", text) == []


@pytest.mark.parametrize(
    ("balance", "weight", "found"),
    [("p2c", 2, True), ("wrr", 2, False), ("leasttime", 2, False), ("hrw", 2, False), ("p2c", None, False)],
)
def test_only_p2c_ignores_weights(balance: str, weight: int | None, *, found: bool) -> None:
    stated = f", weight: {weight}" if weight else ""
    text = gateway(f"balance: {balance}", f"{{chat: {{hosts: {{box: {{instances: 2{stated}}}}}}}}}")
    findings = said("CG405", text)
    assert [related(finding) for finding in findings] == [["services.chat.hosts.box.weight"]] * found


@pytest.mark.parametrize(
    ("tls", "found"),
    [
        ("{certificate: a, key: b}", False),
        ("{resolver: x}", True),
        ("{}", True),
        ("{certificate: a}", True),
        ("{key: a}", True),
        ("{certificate: a, resolver: x}", True),
        ("{certificate: a, key: b, resolver: x}", True),
    ],
)
def test_tls_must_lead_to_one_certificate(tls: str, *, found: bool) -> None:
    assert places("CG406", gateway(f"tls: {tls}")) == ["gateway.tls"] * found


def test_a_resolver_gets_a_certificate_for_the_host_name() -> None:
    assert places("CG406", gateway("hostname: llm.example, tls: {resolver: x}")) == []


# Versions


@pytest.mark.parametrize(
    ("version", "balance", "found"),
    [
        ("3.3.7", "p2c", True),
        ("3.4", "p2c", False),
        ("3.5.9", "hrw", True),
        ("3.6", "hrw", False),
        ("3.6.0", "leasttime", False),
        ("3.10.1", "leasttime", False),
        ("3.0", "wrr", False),
    ],
)
def test_a_balance_needs_its_traefik(version: str, balance: str, *, found: bool) -> None:
    text = gateway(f'balance: {balance}, traefik: {{version: "{version}"}}')
    assert places("CG501", text) == ["gateway.balance"] * found


def test_nothing_is_written_for_traefik_2() -> None:
    text = gateway('balance: p2c, traefik: {version: "2.11.30"}')
    assert places("CG501", text) == ["gateway.traefik.version"]


def test_the_default_balance_fits_an_old_traefik() -> None:
    assert places("CG501", gateway('traefik: {version: "3.1.0"}')) == []


@pytest.mark.parametrize(
    ("compose", "docker", "expected"),
    [
        ("models: [llm]", "", ["apps.web.compose.models"]),
        ("models: [llm]", 'docker: {compose: "2.37.9"}', ["apps.web.compose.models"]),
        ("models: [llm]", 'docker: {compose: "2.38"}', []),
        ("pre_start: [{command: x}]", 'docker: {compose: "2.40.3"}', ["apps.web.compose.pre_start"]),
        ("pre_start: [{command: x}]", 'docker: {compose: "5.6"}', []),
        ("healthcheck: {test: [CMD, x], interval: 5s}", "", []),
    ],
)
def test_compose_keys_need_their_compose(compose: str, docker: str, expected: list[str]) -> None:
    assert places("CG502", app(compose, f"{{box: {{address: 10.0.0.1, {docker}}}}}")) == expected


def test_a_key_of_a_service_is_looked_at_on_each_of_its_hosts() -> None:
    text = (
        'name: d\nhosts: {a: {address: 10.0.0.1, docker: {compose: "5.6"}}, b: {address: 10.0.0.2}}\n'
        "services: {chat: {hosts: {a: 1, b: 1}, compose: {pre_stop: [{command: x}]}}}\n"
    )
    (finding,) = said("CG502", text)
    assert "`b`" in finding.message
    assert related(finding) == ["hosts.b.docker.compose"]


def test_options_of_a_network_are_looked_at_too() -> None:
    text = app("networks: [back]").replace("compose: {image", "networks: {back: {enable_ipv4: false}}, compose: {image")
    assert places("CG502", text) == ["apps.web.networks.back.enable_ipv4"]


@pytest.mark.parametrize(
    ("gpus", "codes"),
    [("mode: reservation", 0), ("mode: runtime", 0), ("mode: gpus", 1), ("mode: cdi", 1)],
)
def test_gpu_modes_need_their_compose(gpus: str, codes: int) -> None:
    host = f"{{box: {{address: 10.0.0.1, gpus: {{vendor: nvidia, devices: ['0'], {gpus}}}}}}}"
    assert places("CG502", service("models: []", host)) == ["hosts.box.gpus.mode"] * codes


def test_a_mode_that_no_container_uses_asks_for_nothing() -> None:
    text = (
        "name: d\nhosts: {box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ['0'], mode: cdi}}}\n"
        "services: {chat: {hosts: {box: {gpus: none}}}}\n"
    )
    assert places("CG502", text) == []
    assert places("CG503", text) == []


@pytest.mark.parametrize(
    ("engine", "found", "hint"),
    [("24.0", True, "28.2"), ("25.0", True, "switched on"), ("28.1", True, "switched on"), ("28.2", False, "")],
)
def test_cdi_is_there_by_itself_from_28_2(engine: str, hint: str, *, found: bool) -> None:
    host = (
        "{box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ['0'], mode: cdi}, "
        f'docker: {{engine: "{engine}", compose: "5.6"}}}}}}'
    )
    findings = said("CG503", service("models: []", host))
    assert len(findings) == found
    assert all(hint in finding.hint for finding in findings)


def test_an_engine_must_know_what_compose_passes_on() -> None:
    host = '{box: {address: 10.0.0.1, docker: {engine: "24.0", compose: "5.6"}}}'
    text = app("healthcheck: {test: [CMD, x], start_interval: 1s}", host)
    assert places("CG503", text) == ["apps.web.compose.healthcheck.start_interval"]
    assert places("CG502", text) == []


def test_only_cdi_can_be_switched_on_in_an_older_engine() -> None:
    host = '{box: {address: 10.0.0.1, docker: {engine: "27.0", compose: "5.6"}}}'
    (finding,) = said("CG503", app("networks: {default: {interface_name: eth7}}", host))
    assert "28.1" in finding.hint
    assert "switched on" not in finding.hint


# Secrets


@pytest.mark.parametrize(
    "variable",
    [
        "DB_PASSWORD: swordfish",
        "DB_PASSWORD: 123456",
        "MYSQL_ROOT_PASSWD: swordfish",
        "DB_PASS: swordfish",
        "HF_TOKEN: swordfish",
        "TOKEN_2: swordfish",
        "CLIENT_SECRET: swordfish",
        "OPENAI_API_KEY: swordfish",
        "APIKEY: swordfish",
        "TLS_PRIVATE_KEY: swordfish",
        "GOOGLE_CREDENTIALS: '{}'",
        "SECRET_KEY_BASE: swordfish",
        "ANYTHING: hf_abcdefghijklmnopqrstuvwx",
        "ANYTHING: sk-proj-abcdefghijklmnopqrstuvwx",
        "ANYTHING: ghp_abcdefghijklmnopqrstuvwx",
        "ANYTHING: glpat-abcdefghijklmnopqrstuvwx",
        "ANYTHING: xoxb-0123456789-abc",
        "ANYTHING: AKIAABCDEFGHIJKLMNOP",
        "ANYTHING: '-----BEGIN RSA PRIVATE KEY-----'",
        "DATABASE_URL: 'postgres://user:swordfish@db/app'",
        "REDIS_URL: 'redis://:swordfish@cache:6379'",
    ],
)
def test_secrets_are_found_and_not_shown(variable: str) -> None:
    name, value = variable.split(": ", 1)
    for text in (app(f"environment: {{{variable}}}"), service(f"environment: {{{variable}}}")):
        (finding,) = said("CG601", text)
        assert name in finding.message
        assert value.strip("'") not in f"{finding.message} {finding.expected} {finding.hint}"


@pytest.mark.parametrize(
    "variable",
    [
        "DB_PASSWORD: {secret: DB_PASSWORD}",
        "DB_PASSWORD: ''",
        "DB_PASSWORD_FILE: /run/secrets/db",
        "DB_PASSWORD: /run/secrets/db",
        "MAX_TOKENS: 4096",
        "TOKEN_LIMIT: 4096",
        "TOKEN: 4096",
        "TOKENIZER: fast",
        "TOKEN_BUDGET: large",
        "PASS_THROUGH: strict",
        "OLLAMA_NUM_PARALLEL: 4",
        "REQUIRE_PASSWORD: true",
        "ALLOW_EMPTY_PASSWORD: please",
        "OPENAI_API_KEY: ollama",
        "OPENAI_API_KEY: none",
        "API_KEY_HEADER: X-Key",
        "SECRET_NAME: database",
        "KEYBOARD: qwerty",
        "DB_PASSWORD: $OTHER",
        "BASE_URL: 'http://ollama:11434/v1'",
        "MAIL: 'mailto:someone@example.org'",
        "PROXY: 'http://proxy.example:3128'",
    ],
)
def test_what_is_no_secret_is_left_alone(variable: str) -> None:
    assert places("CG601", app(f"environment: {{{variable}}}")) == []


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ("environment: [DB_PASSWORD=swordfish, DB_USER=me, DB_TOKEN]", ["apps.web.compose.environment[0]"]),
        ("command: [serve, --api-key=swordfish, --port=80]", ["apps.web.compose.command[1]"]),
        ("labels: {example.token: swordfish}", ["apps.web.compose.labels.example.token"]),
        ("build: {context: ., args: {NPM_TOKEN: swordfish}}", ["apps.web.compose.build.args.NPM_TOKEN"]),
        ("command: [login, 'https://me:swordfish@example.org']", ["apps.web.compose.command[1]"]),
        ("secrets: [db_password]", []),
    ],
)
def test_secrets_are_found_everywhere_under_compose(compose: str, expected: list[str]) -> None:
    assert places("CG601", app(compose)) == expected


# Models


def test_a_scheme_is_turned_into_the_field_for_it() -> None:
    (finding,) = said("CG701", service("models: ['http://registry.example/team/m']"))
    assert finding.hint == "{name: registry.example/team/m, insecure: true}"


def test_names_of_models_with_a_modelfile_are_checked_too() -> None:
    assert places("CG701", service("models: [{name: my model, modelfile: m}]")) == ["services.chat.models[0].name"]


def test_a_model_is_one_model_under_all_of_its_names() -> None:
    text = service("models: [mistral, 'mistral:7b', Mistral, 'registry.ollama.ai/library/mistral:latest']")
    assert places("CG702", text) == ["services.chat.models[2].name", "services.chat.models[3].name"]


def two_on_one_store(first: str, second: str) -> str:
    return (
        f"{HEAD}stores: {{m: {{kind: volume}}}}\n"
        f"services: {{a: {{store: m, hosts: {{box: 1}}, models: [{first}]}}, "
        f"b: {{store: m, writer: none, hosts: {{box: {{port: 12000}}}}, models: [{second}]}}}}\n"
    )


def test_two_services_may_want_the_same_model() -> None:
    assert places("CG702", two_on_one_store("mistral", "'mistral:latest'")) == []


def test_two_services_may_not_want_two_models_under_one_name() -> None:
    text = two_on_one_store("{name: helper, modelfile: one}", "{name: helper, modelfile: two}")
    (finding,) = said("CG702", text)
    assert related(finding) == ["services.a.models[0].name"]


def test_stores_apart_keep_models_apart() -> None:
    text = (
        f"{HEAD}services: {{a: {{hosts: {{box: 1}}, models: [{{name: x, modelfile: one}}]}}, "
        "b: {hosts: {box: {port: 12000}}, models: [{name: x, modelfile: two}]}}\n"
    )
    assert places("CG702", text) == []


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("no-such-model", True),
        ("'mistral:999b'", True),
        ("mistral", False),
        ("team/no-such-model", False),
        ("hf.co/team/no-such-model", False),
        ("{name: no-such-model, modelfile: m}", False),
        ("'not a name'", False),
    ],
)
def test_only_models_of_the_library_are_looked_up(model: str, *, found: bool) -> None:
    findings = said("CG708", service(f"models: [{model}]"))
    assert [finding.severity for finding in findings] == [Severity.NOTE] * found


# Memory

GPU = "{box: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ['0']}}}"
CPU = "{box: {address: 10.0.0.1}}"


@pytest.mark.parametrize(
    ("hosts", "memory", "models", "severity"),
    [
        (CPU, "4GiB", "mistral:7b", Severity.WARNING),
        (CPU, "3.5GiB", "mistral:7b", Severity.ERROR),
        (GPU, "3.5GiB", "mistral:7b", Severity.WARNING),
        (CPU, "8GiB", "mistral:7b", None),
        (CPU, "7.9g", "mistral", Severity.WARNING),
        (GPU, "7.9g", "mistral", Severity.WARNING),
        (CPU, "31GiB", "codellama:34b", Severity.WARNING),
        (CPU, "32GiB", "codellama:34b", None),
        (CPU, "1GiB", "llama3.2:3b", Severity.ERROR),
        (CPU, "1GiB", "team/unknown", None),
        (CPU, "512MiB", "all-minilm", None),
    ],
)
def test_a_memory_limit_is_held_against_the_model(
    hosts: str, memory: str, models: str, severity: Severity | None
) -> None:
    findings = said("CG707", service(f"memory: {memory}, models: ['{models}']", hosts))
    assert [finding.severity for finding in findings] == ([severity] if severity else [])


def test_the_largest_model_counts_and_is_pointed_at() -> None:
    (finding,) = said("CG707", service("memory: 10GiB, models: ['llama3.2:3b', 'codellama:34b', 'mistral:7b']"))
    assert "`codellama:34b`" in finding.message
    assert related(finding) == ["services.chat.models[1].name"]


def test_one_instance_without_gpu_makes_it_an_error() -> None:
    text = (
        "name: d\nhosts: {a: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ['0']}}, b: {address: 10.0.0.2}}\n"
        "services: {chat: {hosts: {a: 1, b: 1}, memory: 2GiB, models: ['mistral:7b']}}\n"
    )
    assert [finding.severity for finding in said("CG707", text)] == [Severity.ERROR]


def test_a_reader_without_models_serves_those_of_its_store() -> None:
    text = two_on_one_store("'codellama:34b'", "").replace("writer: none,", "writer: none, memory: 8GiB,")
    assert places("CG707", text) == ["services.b.memory"]


def test_a_model_from_a_modelfile_has_a_size_of_its_own() -> None:
    assert places("CG707", service("memory: 1GiB, models: [{name: 'mistral:7b', modelfile: m}]")) == []


# Variables


@pytest.mark.parametrize(
    ("name", "severity", "hint"),
    [
        ("OLLAMA_KEEPALIVE", Severity.ERROR, "OLLAMA_KEEP_ALIVE"),
        ("OLLAMA_MODEL", Severity.ERROR, "OLLAMA_MODELS"),
        ("OLLAMA_NUM_PARALEL", Severity.ERROR, "OLLAMA_NUM_PARALLEL"),
        ("OLLAMA_ZONE", Severity.WARNING, ""),
        ("OLLAMA_API_BASE_URL", Severity.WARNING, ""),
        ("OLLAMA_KEEP_ALIVE", None, ""),
        ("OLLAMA_MAX_VRAM", None, ""),
        ("ZONE", None, ""),
    ],
)
def test_unknown_variables(name: str, severity: Severity | None, hint: str) -> None:
    findings = said("CG703", service(f"environment: {{{name}: 1}}"))
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all(hint in finding.hint and bool(finding.hint) is bool(hint) for finding in findings)


def test_an_app_may_call_its_own_variables_as_it_likes() -> None:
    text = app("environment: {OLLAMA_BASE_URL: 'http://chat-1:11434', OLLAMA_MODEL: x, OLLAMA_MAX_VRAM: 1}")
    assert places("CG703", text) == []
    assert places("CG704", text) == []


def test_a_secret_variable_has_a_name_too() -> None:
    assert places("CG703", service("environment: {OLLAMA_APIKEY: {secret: KEY}}")) == [
        "services.chat.environment.OLLAMA_APIKEY"
    ]


@pytest.mark.parametrize(
    "name",
    ["OLLAMA_TMPDIR", "OLLAMA_MAX_VRAM", "OLLAMA_INTEL_GPU", "OLLAMA_MULTIUSER_CACHE", "OLLAMA_NEW_ENGINE"],
)
def test_removed_variables(name: str) -> None:
    (finding,) = said("CG704", service(f"environment: {{{name}: 1}}"))
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("0.0.0.0:11434", False),
        ("0.0.0.0", False),  # noqa: S104 - inside a container
        ("'[::]:11434'", False),
        ("':11500'", False),
        ("http://0.0.0.0:11434", False),
        ("http://0.0.0.0", True),
        ("127.0.0.1:11434", True),
        ("127.0.0.1", True),
        ("localhost", True),
        ("'[::1]:11434'", True),
        ("''", True),
        ("0.0.0.0:ollama", True),
        ("0.0.0.0:99999", True),
        ("{secret: ADDRESS}", True),
    ],
)
def test_where_a_service_listens(value: str, *, found: bool) -> None:
    assert bool(said("CG705", service(f"environment: {{OLLAMA_HOST: {value}}}"))) is found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("http://chat-1", True),
        ("http://chat-1/", True),
        ("HTTP://chat-1", True),
        ("http://chat-1:11434", False),
        ("http://chat-1:80", False),
        ("http://chat-1:11434/base", False),
        ("'http://[fd00::1]'", True),
        ("'http://[fd00::1]:11434'", False),
        ("chat-1", False),
        ("chat-1:11434", False),
        ("127.0.0.1:11434", False),
        ("https://ollama.example", False),
        ("chat-1:port", True),
    ],
)
def test_where_an_app_calls(value: str, *, found: bool) -> None:
    plain = value.strip("'")
    for form in (f"environment: {{OLLAMA_HOST: {value}}}", f"environment: ['OLLAMA_HOST={plain}']"):
        assert bool(said("CG705", app(form))) is found


@pytest.mark.parametrize(("port", "found"), [(11400, True), (443, False)])
def test_https_to_the_gateway_needs_its_port(port: int, *, found: bool) -> None:
    text = app("environment: {OLLAMA_HOST: https://llm.example}") + (
        f"gateway: {{host: box, hostname: llm.example, tls: {{certificate: a, key: b}}, entrypoint: {{port: {port}}}}}"
    )
    assert bool(said("CG705", text)) is found


@pytest.mark.parametrize(
    ("variable", "gpus", "found"),
    [
        ("OLLAMA_MODELS: /x", "", True),
        ("OLLAMA_NOPRUNE: 0", "", True),
        ("CUDA_VISIBLE_DEVICES: 0", "gpus: {vendor: nvidia, devices: ['0']}", True),
        ("NVIDIA_VISIBLE_DEVICES: all", "gpus: {vendor: nvidia, devices: ['0']}", True),
        ("ROCR_VISIBLE_DEVICES: 0", "gpus: {vendor: amd, devices: ['0']}", True),
        ("GGML_VK_VISIBLE_DEVICES: 0", "gpus: {vendor: intel, devices: ['0']}", True),
        ("ROCR_VISIBLE_DEVICES: 0", "gpus: {vendor: nvidia, devices: ['0']}", False),
        ("CUDA_VISIBLE_DEVICES: 0", "", False),
        ("HSA_OVERRIDE_GFX_VERSION: 10.3.0", "gpus: {vendor: amd, devices: ['0']}", False),
        ("OLLAMA_KEEP_ALIVE: 5m", "", False),
    ],
)
def test_variables_that_follow_from_the_topology(variable: str, gpus: str, *, found: bool) -> None:
    text = service(f"environment: {{{variable}}}", f"{{box: {{address: 10.0.0.1, {gpus}}}}}")
    assert places("CG709", text) == [f"services.chat.environment.{variable.split(':', 1)[0]}"] * found


# Images


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("ollama/ollama", True),
        ("ollama/ollama:latest", True),
        ("ollama/ollama:rocm", True),
        ("ollama/ollama:0.32", True),
        ("ollama/ollama:0.32-rocm", True),
        ("registry.example:5000/ollama", True),
        ("registry.example:5000/ollama/ollama:0.32.15", False),
        ("ollama/ollama:0.32.15", False),
        ("ollama/ollama:0.32.15-rocm", False),
        ("ollama/ollama:0.33.0-rc2", False),
        ("ollama/ollama:latest@sha256:" + "0" * 64, False),
        ("ollama/ollama@sha256:" + "0" * 64, False),
        ("example/ollama:ours-17", False),
    ],
)
def test_images_of_services(image: str, *, found: bool) -> None:
    assert places("CG706", service(f"image: '{image}'")) == ["services.chat.image"] * found


@pytest.mark.parametrize(
    ("image", "found"), [("mongo", True), ("mongo:latest", True), ("mongo:stable", True), ("mongo:7", False)]
)
def test_images_of_apps(image: str, *, found: bool) -> None:
    text = app("read_only: true").replace("example/web:1.4.2", image)
    assert places("CG706", text) == ["apps.web.compose.image"] * found


def test_the_version_of_a_traefik_that_others_run_pins_nothing() -> None:
    assert places("CG706", gateway('traefik: {version: "3.7"}')) == ["gateway.traefik.version"]
    assert places("CG706", gateway('traefik: {version: "3.7", run: false}')) == []


def test_the_default_image_is_whole() -> None:
    assert places("CG706", service("models: []")) == []
