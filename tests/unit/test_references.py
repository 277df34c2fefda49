"""Names that must exist: where a dangling one is told, and what was meant."""

from __future__ import annotations

import pytest

from composegen import build, document, references, schema
from composegen.findings import Finding, Findings
from composegen.io import resources
from composegen.keypath import show

HEAD = "name: demo\nhosts: {server80: {address: 10.0.0.80}, server84: {address: 10.0.0.84}}\n"
SERVICES = "services: {ollama: {hosts: {server80: 1}}}\n"


def check(text: str) -> Findings:
    parsed, findings = document.parse("t.yaml", (HEAD + text).encode())
    assert parsed is not None
    assert (*findings, *schema.validate(parsed, schema.generate(), resources.compose_schema)) == ()
    return references.check(build.build(parsed))


def only(text: str) -> Finding:
    (finding,) = check(text)
    return finding


@pytest.mark.parametrize(
    ("text", "path", "part", "message", "hint"),
    [
        ("services: {ollama: {hosts: {server48: 1}}}\n", "services.ollama.hosts.server48", "key",
         "there is no host `server48`, which service `ollama` names", "did you mean `server84`?"),
        ("services: {ollama: {store: models, hosts: {server80: 1}}}\n", "services.ollama.store", "value",
         "there is no store `models`, which service `ollama` names", ""),
        ("services: {ollama: {writer: server8, hosts: {server80: 1}}}\n", "services.ollama.writer", "value",
         "there is no host `server8`", "did you mean `server84`?"),
        (SERVICES + "stores: {m: {kind: nfs, server: serverr80, path: /x}}\n", "stores.m.server", "value",
         "there is no host `serverr80`, which store `m` names", "did you mean `server80`?"),
        (SERVICES + "stores: {m: {kind: nfs, external: nas, path: /x, writer: nas}}\n", "stores.m.writer", "value",
         "there is no host `nas`", ""),
        (SERVICES + "gateway: {host: gate}\n", "gateway.host", "value",
         "there is no host `gate`, which the gateway names", ""),
        (SERVICES + "gateway: {host: server80, routes: [{service: ollama}, {service: olama}]}\n",
         "gateway.routes[1].service", "value", "there is no service `olama`", "did you mean `ollama`?"),
        (SERVICES + "apps: {web: {host: web, compose: {image: x}}}\n", "apps.web.host", "value",
         "there is no host `web`, which app `web` names", ""),
        (SERVICES + "apps: {web: {host: server80, needs: [ollama, mongo], compose: {image: x}}}\n",
         "apps.web.needs[1].service", "value", "there is no service or app `mongo`, which app `web` names", ""),
        (SERVICES + "defaults: {store: models}\n", "defaults.store", "value",
         "there is no store `models`, which `defaults` names", ""),
    ],
)  # fmt: skip
def test_dangling_names(text: str, path: str, part: str, message: str, hint: str) -> None:
    finding = only(text)
    assert (finding.code, show(finding.where.path), finding.where.part) == ("CG106", path, part)
    assert message in finding.message
    assert finding.hint == hint
    assert finding.expected


@pytest.mark.parametrize(
    "text",
    [
        SERVICES,
        "services: {ollama: {writer: none, hosts: {server80: 1}}}\n",
        "services: {ollama: {writer: server84, hosts: {server80: 1}}}\n",
        SERVICES + "stores: {m: {kind: nfs, server: server80, path: /x, writer: server84}}\ndefaults: {store: m}\n",
        SERVICES
        + "apps:\n  web: {host: server80, needs: [ollama, db], compose: {image: x}}\n"
        + "  db: {host: server84, compose: {image: y}}\n",
    ],
)
def test_names_that_exist_are_silent(text: str) -> None:
    assert check(text) == ()


def test_everything_is_told_in_one_run() -> None:
    text = "services: {a: {store: x, hosts: {y: 1, z: 1}}, b: {}}\ngateway: {host: w}\n"
    assert [finding.code for finding in check(text)] == ["CG106", "CG106", "CG106", "CG106", "CG107"]


def test_what_is_inherited_is_told_once_and_what_is_stated_is_told_too() -> None:
    text = "defaults: {store: x, hosts: {y: 1}}\nservices: {a: {}, b: {}, c: {store: z, hosts: {w: 1}}}\n"
    assert [show(finding.where.path) for finding in check(text)] == [
        "defaults.store",
        "defaults.hosts.y",
        "services.c.store",
        "services.c.hosts.w",
    ]


def test_expected_names_are_listed() -> None:
    assert only("services: {ollama: {hosts: {other: 1}}}\n").expected == "one of: server80, server84"
    assert "none is" in only("services: {ollama: {store: m, hosts: {server80: 1}}}\n").expected


@pytest.mark.parametrize("hosts", ["{}", "{server80: null}"])
def test_a_service_without_hosts_is_told_at_its_name(hosts: str) -> None:
    finding = only(
        f"defaults: {{hosts: {{server80: 1}}}}\nservices: {{a: {{}}, b: {{hosts: {hosts}}}}}\n"
        if "null" in hosts
        else f"services: {{b: {{hosts: {hosts}}}}}\n"
    )
    assert (finding.code, show(finding.where.path), finding.where.part) == ("CG107", "services.b", "key")
    assert finding.message == "service `b` runs on no host"
