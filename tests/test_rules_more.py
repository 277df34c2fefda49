"""Entry points, ids of GPUs, Modelfiles, and how rules speak: the cases beyond the examples of the rules."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from composegen import pages, rules
from composegen.findings import Severity
from composegen.rules import _modelfile
from tests.planning import plan_of
from tests.ruling import places, related, said
from tests.sampling import bare, compile_text

HEAD = "name: demo\nhosts: {box: {address: 10.0.0.1}}\n"
FOLDER = Path(rules.__file__).parent


def gateway(body: str) -> str:
    return f"{HEAD}services: {{chat: {{hosts: {{box: 2}}}}}}\ngateway: {{host: box, {body}}}\n"


# Gateway


@pytest.mark.parametrize("code", ["CG408", "CG409", "CG410"])
def test_without_a_gateway_there_is_nothing_to_say_about_it(code: str) -> None:
    assert places(code, f"{HEAD}services: {{chat: {{hosts: {{box: 1}}}}}}\n") == []


@pytest.mark.parametrize(
    ("name", "run", "found"),
    [
        ("traefik", "true", True),
        ("ping", "true", True),
        ("llm", "true", False),
        ("traefik-2", "true", False),
        ("traefik", "false", False),
        ("ping", "false", False),
    ],
)
def test_names_of_entry_points_are_taken_only_in_a_traefik_of_ours(name: str, run: str, *, found: bool) -> None:
    text = gateway(f"entrypoint: {{name: {name}}}, traefik: {{run: {run}}}")
    assert places("CG408", text) == ["gateway.entrypoint.name"] * found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("entrypoint: {port: 8443}, tls: {resolver: le}", ["gateway.entrypoint.port"]),
        ("entrypoint: {name: web}, tls: {resolver: le}", ["gateway.entrypoint.port"]),
        ("tls: {resolver: le}", ["gateway.tls.resolver"]),
        ("entrypoint: {port: 80}, tls: {resolver: le}", ["gateway.entrypoint.port"]),
        ("entrypoint: {port: 443}, tls: {resolver: le}", []),
        ("entrypoint: {port: 8443}, tls: {certificate: a, key: b}", []),
        ("entrypoint: {port: 8443}, tls: {resolver: le}, traefik: {run: false}", []),
        ("entrypoint: {port: 8443}", []),
    ],
)
def test_a_resolver_of_ours_needs_port_443(body: str, found: list[str]) -> None:
    assert places("CG409", gateway(f"hostname: llm.example, {body}")) == found


def test_the_port_and_the_resolver_are_shown_together() -> None:
    stated, default = gateway("entrypoint: {port: 80}, tls: {resolver: le}"), gateway("tls: {resolver: le}")
    assert related(said("CG409", stated)[0]) == ["gateway.tls.resolver"]
    assert related(said("CG409", default)[0]) == []
    assert "11400" in said("CG409", default)[0].message


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("balance: hrw, sticky: true", True),
        ("balance: hrw, sticky: false", False),
        ("balance: hrw", False),
        ("sticky: true", False),
        *((f"balance: {balance}, sticky: true", False) for balance in ("wrr", "p2c", "leasttime")),
    ],
)
def test_only_hrw_ignores_sticky(body: str, *, found: bool) -> None:
    assert places("CG410", gateway(body)) == ["gateway.sticky"] * found


# Ids of GPUs


def with_gpus(vendor: str, *ids: str, mode: str = "") -> str:
    listed = ", ".join(f"'{one}'" for one in ids)
    stated = f", mode: {mode}" if mode else ""
    gpus = f"{{vendor: {vendor}, devices: [{listed}]{stated}}}"
    return (
        f"name: demo\nhosts: {{box: {{address: 10.0.0.1, gpus: {gpus}}}}}\n"
        "services: {chat: {hosts: {box: {gpus: none}}}}\n"
    )


UUID = "GPU-8a56c1e2-0a11-4c3e-9b6d-1f2e3d4c5b6a"


@pytest.mark.parametrize(
    ("vendor", "device"),
    [
        ("nvidia", "0"),
        ("nvidia", "15"),
        ("nvidia", UUID),
        ("nvidia", "GPU-8a56c1e"),
        ("nvidia", "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f"),
        ("nvidia", f"MIG-{UUID}/1/0"),
        ("nvidia", "0:1"),
        ("amd", "0"),
        ("amd", "GPU-DEADBEEFDEADBEEF"),
        ("amd", UUID),
        ("intel", "1"),
    ],
)
def test_ids_that_vendors_know(vendor: str, device: str) -> None:
    assert places("CG215", with_gpus(vendor, device)) == []


@pytest.mark.parametrize(
    ("vendor", "device"),
    [
        *(
            ("nvidia", device)
            for device in ("gpu0", "all", "-1", "01", "0,1", "GPU-", "GPU-xyz", "MIG-", "0:", " 0", "٣")
        ),
        *(("amd", device) for device in ("card0", "0:1", f"MIG-{UUID}", "renderD128", "all")),
        *(("intel", device) for device in (UUID, "0:1", "Vulkan0", "renderD128")),
        ("nvidia", UUID.replace("GPU-", "gpu-")),
        ("nvidia", UUID.replace("GPU-", "")),
    ],
)
def test_ids_that_vendors_do_not_know(vendor: str, device: str) -> None:
    assert places("CG215", with_gpus(vendor, "0", device)) == ["hosts.box.gpus.devices[1]"]


@pytest.mark.parametrize(("device", "hint"), [("gpu3", 'did you mean "3"?'), ("007", 'did you mean "7"?'), ("x", "")])
def test_a_number_in_a_wrong_id_is_a_hint(device: str, hint: str) -> None:
    assert said("CG215", with_gpus("nvidia", device))[0].hint == hint


def test_all_is_for_placements() -> None:
    assert "`gpus: all` into the placement" in said("CG215", with_gpus("nvidia", "all"))[0].hint


def test_cdi_has_names_of_its_own() -> None:
    assert places("CG215", with_gpus("nvidia", "gpu0", "mig1:0", "1", UUID, mode="cdi")) == []
    assert len(places("CG215", with_gpus("nvidia", "gpu0", "mig1:0", mode="runtime"))) == 2
    assert len(places("CG215", with_gpus("amd", "gpu0", mode="cdi"))) == 1


# Modelfiles


def of_modelfile(content: str | bytes, files: str = "") -> list[tuple[str, int, int, str]]:
    """What is said of a Modelfile: message, line, column, hint."""
    text = f"{HEAD}services: {{chat: {{hosts: {{box: 1}}, models: [{{name: own, modelfile: m/own{files}}}]}}}}\n"
    data = content.encode() if isinstance(content, str) else content
    rule = next(rule for rule in rules.rules() if rule.code == "CG710")
    found = []
    for finding in rule.check(plan_of(text, {"m/own": data})):
        assert finding.where.file == "m/own"
        assert finding.where.span is not None
        assert related(finding) == ["services.chat.models[0].modelfile"]
        assert finding.expected
        found.append((finding.message, finding.where.span.line, finding.where.span.column, finding.hint))
    return found


GIVEN = ", files: /srv/gguf"


@pytest.mark.parametrize(
    "content",
    [
        "FROM mistral:7b",
        "from mistral:7b\nSystem hello\n",
        "FROM hf.co/team/coder-GGUF:Q4_K_M\n",
        "FROM registry.example:5000/team/coder.gguf:7b\n",
        "# a comment\n\n   # another\nFROM mistral\n",
        'FROM mistral\nSYSTEM """one\ntwo\nFROM ./x.gguf\n"""\n',
        'FROM mistral\nSYSTEM "one\ntwo"\n',
        'FROM mistral\nSYSTEM """"quoted" text"""\n',
        'FROM mistral\r\nSYSTEM """one\r\ntwo"""\r\n',
        'FROM mistral\nTEMPLATE """{{ .Prompt }}"""   \nLICENSE MIT\n',
        'FROM mistral\nPARAMETER stop "<|end|>"\nPARAMETER num_ctx 4096\n',
        "FROM mistral\nMESSAGE user hello\nMESSAGE assistant hi\nMESSAGE system be brief\n",
        "FROM mistral\nREQUIRES 0.14.0\nRENDERER x\nPARSER y\n",
        'FROM mistral\nMESSAGE user """one\ntwo"""\nPARAMETER stop "a\nb"\n',
        'FROM "mistral"\n',
        'SYSTEM say "hello"\nFROM mistral\n',
        "FROM mistral\nSYSTEM \nLICENSE MIT\n",
        "\ufeffFROM mistral\n",
    ],
)
def test_modelfiles_that_ollama_builds_from(content: str) -> None:
    assert of_modelfile(content) == []


def test_a_modelfile_may_be_utf_16() -> None:
    assert of_modelfile("FROM mistral\n".encode("utf-16")) == []


@pytest.mark.parametrize(
    "content",
    [
        "FROM ./files/x.gguf",
        "FROM files/x.gguf",
        "FROM ./files",
        "FROM ./files/x-*.gguf",
        "FROM mistral\nADAPTER ./files/lora.gguf",
        "FROM mistral\nADAPTER files/lora",
        'FROM "./files/with blank.gguf"',
        "FROM ././files//x.gguf",
    ],
)
def test_paths_in_files_need_files(content: str) -> None:
    assert of_modelfile(content, GIVEN) == []
    ((message, *_),) = of_modelfile(content)
    assert "`own` states no `files`" in message


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("./x.gguf", "write ./files/x.gguf"),
        ("x.gguf", "write ./files/x.gguf"),
        ("X.GGUF", "write ./files/X.GGUF"),
        ("models/x.safetensors", "write ./files/x.safetensors"),
        ("/srv/gguf/team/x.gguf", "write ./files/team/x.gguf"),
        ("/opt/x.gguf", "write ./files/x.gguf"),
        ("~/x.gguf", "write ./files/x.gguf"),
        ("../x.gguf", "write ./files/x.gguf"),
        ("./files/../x.gguf", "write ./files/x.gguf"),
        (".", ""),
        ("..", ""),
        ("/root/.ollama/models/blobs/sha256-00ff", "name the model from which the Modelfile was made"),
    ],
)
def test_paths_that_lead_nowhere(path: str, advice: str) -> None:
    message = f"`{path}` is not there when the model is built"
    assert of_modelfile(f"\n  FROM  {path}\n", GIVEN) == [(message, 2, 9, advice)]
    assert of_modelfile(f"FROM mistral\nADAPTER {path}\n", GIVEN) == [(message, 2, 9, advice)]


def test_an_adapter_is_never_the_name_of_a_model() -> None:
    assert [line for _, line, _, _ in of_modelfile("FROM mistral\nADAPTER lora\nDRAFT small\n", GIVEN)] == [2, 3]


@pytest.mark.parametrize(
    ("content", "words", "line", "column"),
    [
        ("FORM mistral\n", "`FORM` is no instruction", 1, 1),
        ("FROM mistral\n  PERSONA kind\n", "`PERSONA` is no instruction", 2, 3),
        ("FROM mistral\nSYSTEM one\ntwo\nthree\n", "`two` is no instruction", 3, 1),
        ("FROM: mistral\n", "`FROM:` is no instruction", 1, 1),
        ("FROM mistral\nSYSTEM\nhello\n", "`SYSTEM` has no value", 2, 1),
        ("FROM mistral\nPARAMETER num_ctx\n", "`PARAMETER num_ctx` is no PARAMETER", 2, 1),
        ("FROM mistral\nPARAMETER  num_ctx 1\n", "`PARAMETER num_ctx 1` is no PARAMETER", 2, 1),
        ("FROM mistral\nMESSAGE tool hello\n", "`MESSAGE tool hello` is no MESSAGE", 2, 1),
        ("", "the Modelfile of `own` has no `FROM`", 1, 1),
        ("# FROM mistral\nSYSTEM hello\n", "the Modelfile of `own` has no `FROM`", 1, 1),
        ('FROM mistral\nSYSTEM """one\ntwo\n', 'begins with `"""` does not end', 2, 8),
        ('FROM mistral\nSYSTEM """one""" and more\n', 'begins with `"""` does not end', 2, 8),
        ('FROM mistral\nSYSTEM """"\n', 'begins with `"""` does not end', 2, 8),
        ('FROM mistral\nSYSTEM "one\n', 'begins with `"` does not end', 2, 8),
        ("FROM mistral 7b\n", "the model name `mistral 7b`", 1, 6),
        ("FROM \n", "the model name ``", 1, 6),
        ("FROM https://ollama.com/mistral\n", "begins with `https://`", 1, 6),
    ],
)
def test_what_ollama_cannot_read(content: str, words: str, line: int, column: int) -> None:
    ((message, *place, _),) = of_modelfile(content)
    assert words in message
    assert place == [line, column]


def test_hints_for_modelfiles() -> None:
    assert of_modelfile("FORM mistral\n")[0][3] == "did you mean `FROM`?"
    assert "text of several lines" in of_modelfile("FROM mistral\nSYSTEM a\nAnd so on\n")[0][3]
    assert "a comment needs a line of its own" in of_modelfile("FROM mistral # small\n")[0][3]


@pytest.mark.slow
def test_a_long_text_is_read_in_linear_time() -> None:
    text = 'FROM mistral\nLICENSE """' + "word\n" * 200_000 + '"""\n'
    assert [one.name for one in _modelfile.instructions(text)] == ["FROM", "LICENSE"]


def test_a_modelfile_that_is_missing_is_not_called_empty() -> None:
    text = f"{HEAD}services: {{a: {{hosts: {{box: 1}}, models: [{{name: x, modelfile: m}}]}}}}\n"
    assert [finding.code for finding in compile_text(text).findings] == ["CG011"]


def test_a_report_shows_the_line_of_the_modelfile() -> None:
    text = f"{HEAD}services: {{a: {{hosts: {{box: 1}}, models: [{{name: x, modelfile: m/x}}]}}}}\n"
    shown = pages.printed(text, pages.with_files(bare(), {"m/x": "FROM mistral\nPERSONA kind\n"}))
    assert "--> m/x:2:1" in shown
    assert " 2 | PERSONA kind" in shown


# How rules speak


def test_what_stands_in_defaults_is_said_once() -> None:
    text = (
        f"{HEAD}defaults: {{environment: {{OLLAMA_KEEPALIVE: 30m}}}}\n"
        "services: {a: {hosts: {box: 1}}, b: {hosts: {box: {port: 12000}}}}\n"
    )
    assert len(said("CG703", text)) == 2
    assert [finding.code for finding in compile_text(text).findings] == ["CG703"]


def test_the_same_mistake_in_two_places_is_said_twice() -> None:
    text = (
        f"{HEAD}services:\n  a: {{hosts: {{box: 1}}, environment: {{OLLAMA_KEEPALIVE: 30m}}}}\n"
        "  b: {hosts: {box: {port: 12000}}, environment: {OLLAMA_KEEPALIVE: 30m}}\n"
    )
    assert [finding.code for finding in compile_text(text).findings] == ["CG703", "CG703"]


def test_one_modelfile_of_two_services_is_said_once() -> None:
    text = (
        f"{HEAD}defaults: {{models: [{{name: x, modelfile: m}}]}}\n"
        "services: {a: {hosts: {box: 1}}, b: {hosts: {box: {port: 12000}}}}\n"
    )
    found = compile_text(text, files={"m": "FROM ./x.gguf\n"}).findings
    assert [finding.code for finding in found if finding.code == "CG710"] == ["CG710"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_a_rule_whose_severity_varies_says_so(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    findings = [call for call in calls if ast.unparse(call.func) == "RULE.finding"]
    varies = any(keyword.arg == "severity" for call in findings for keyword in call.keywords)
    rule = next(rule for rule in rules.rules() if rule.slug == path.stem.replace("_", "-"))
    assert (rule.milder is not None) == varies
    assert rule.milder is None or rule.milder < rule.severity


def test_the_page_says_that_the_severity_varies() -> None:
    shown = {page.code: page.severities for page in pages.pages()}
    assert shown["CG703"] == shown["CG707"] == "error or warning"
    assert shown["CG701"] == Severity.ERROR.label
    variable = next(page for page in pages.pages() if page.code == "CG703")
    assert "\nSeverity: error or warning\n" in pages.markdown(variable, bare())


def test_pages_say_what_no_comment_can_allow() -> None:
    by_name = {page.slug: page for page in pages.pages()}
    essential = {one.slug for one in rules.rules() if one.essential}
    assert {page.slug for page in pages.pages() if page.essential} == essential
    assert "\nSeverity: error, cannot be allowed\n" in pages.markdown(by_name["needs-cycle"], bare())
    assert "\nSeverity: error\n" in pages.markdown(by_name["port-conflict"], bare())
