"""Apps and the `compose:` of services: what can be reached, what is composegen's own, what goes in circles."""

from __future__ import annotations

import pytest

from tests.ruling import places, related, said

NEAR = "one: {address: 10.0.0.1, bind: 127.0.0.1}"
FAR = "two: {address: 10.0.0.2}"


def topology(hosts: str, app: str, rest: str = "") -> str:
    return (
        f"name: demo\nhosts: {{{hosts}}}\nservices: {{chat: {{hosts: {{one: 1}}}}}}\n"
        f"apps: {{page: {{needs: [chat], {app}}}}}\n{rest}\n"
    )


@pytest.mark.parametrize(
    ("app", "rest", "expected"),
    [
        ('host: two, compose: {image: "example/a:1"}', "", ["apps.page.needs[0]"]),
        ('host: one, compose: {image: "example/a:1"}', "", []),
        ('host: one, compose: {image: "example/a:1", network_mode: host}', "", []),
        ('host: one, compose: {image: "example/a:1", network_mode: bridge}', "", ["apps.page.needs[0]"]),
        ('host: two, compose: {image: "example/a:1"}', "gateway: {host: one}", ["apps.page.needs[0]"]),
        ('host: one, compose: {image: "example/a:1"}', "gateway: {host: one}", []),
        (
            'host: one, compose: {image: "example/a:1"}',
            "gateway: {host: one, traefik: {run: false}}",
            ["apps.page.needs[0]"],
        ),
    ],
)
def test_an_app_reaches_what_it_needs(app: str, rest: str, expected: list[str]) -> None:
    assert places("CG801", topology(f"{NEAR}, {FAR}", app, rest)) == expected


def test_both_ends_are_shown() -> None:
    (finding,) = said("CG801", topology(f"{NEAR}, {FAR}", 'host: two, compose: {image: "example/a:1"}'))
    assert related(finding) == ["hosts.one.bind"]


def test_one_instance_that_is_reached_is_enough() -> None:
    text = topology(f"{NEAR}, {FAR}, three: {{address: 10.0.0.3}}", 'host: three, compose: {image: "example/a:1"}')
    assert places("CG801", text.replace("one: 1}", "one: 1, two: 1}")) == []


def test_the_gateway_reaches_its_servers() -> None:
    text = (
        f"name: demo\nhosts: {{{NEAR}, {FAR}}}\nservices: {{chat: {{hosts: {{one: 2, two: 1}}}}}}\n"
        "gateway: {{host: {host}}}\n"
    )
    assert places("CG801", text.replace("{{host: {host}}}", "{host: two}")) == ["hosts.one.bind"]
    assert places("CG801", text.replace("{{host: {host}}}", "{host: one}")) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image", "x"),
        ("container_name", "x"),
        ("entrypoint", "[x]"),
        ("command", "[x]"),
        ("environment", "{A: b}"),
        ("ports", '["1:1"]'),
        ("volumes", '["a:/b"]'),
        ("healthcheck", "{disable: true}"),
        ("depends_on", "[x]"),
        ("restart", "always"),
        ("logging", "{driver: local}"),
        ("stop_grace_period", "1s"),
        ("deploy", "{replicas: 2}"),
        ("mem_limit", "1g"),
        ("gpus", "all"),
        ("runtime", "nvidia"),
        ("devices", "[/dev/dri]"),
    ],
)
def test_keys_that_composegen_writes_are_its_own(key: str, value: str) -> None:
    text = (
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\n"
        f"services: {{chat: {{hosts: {{box: 1}}, compose: {{cpus: 2, {key}: {value}}}}}}}"
    )
    (finding,) = said("CG802", text)
    assert places("CG802", text) == [f"services.chat.compose.{key}"]
    assert finding.where.part == "key"


def test_other_keys_are_free() -> None:
    text = (
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices: {chat: {hosts: {box: 1}, compose: "
        "{cpus: 2, user: '0', cap_add: [PERFMON], ulimits: {nofile: 4096}, x-note: mine, labels: {a: b}}}}"
    )
    assert places("CG802", text) == []


@pytest.mark.parametrize(
    ("key", "value"), [("depends_on", "[db]"), ("configs", "[x]"), ("secrets", "[x]"), ("extends", "db")]
)
def test_an_app_names_nothing_that_composegen_writes(key: str, value: str) -> None:
    text = (
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices: {chat: {hosts: {box: 1}}}\napps:\n"
        f'  page: {{host: box, compose: {{image: "example/a:1", {key}: {value}}}}}\n'
        '  db: {host: box, compose: {image: "example/a:1"}}\n'
    )
    assert places("CG802", text) == [f"apps.page.compose.{key}"]


def test_an_app_may_say_all_the_rest_itself() -> None:
    text = (
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices: {chat: {hosts: {box: 1}}}\napps: {page: {host: box, "
        'compose: {image: "example/a:1", restart: "no", logging: {driver: local}, environment: {A: b}}}}'
    )
    assert places("CG802", text) == []


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        ("hostname: llm.example", []),
        ("hostname: llm.example, tls: {certificate: c, key: k}", []),
        ("tls: {certificate: c, key: k}", ["apps.page.needs[0]"]),
    ],
)
def test_an_app_needs_the_instances_themselves_where_no_certificate_can_match(
    gateway: str, expected: list[str]
) -> None:
    text = (
        "name: demo\nhosts: {box: {address: 10.0.0.1, bind: 127.0.0.1}, far: {address: 10.0.0.2}}\n"
        "services: {chat: {hosts: {box: 1}}}\n"
        f"gateway: {{host: far, {gateway}}}\n"
        'apps: {page: {host: far, needs: [chat], compose: {image: "example/a:1"}}}\n'
    )
    assert [place for place in places("CG801", text) if place.startswith("apps")] == expected


def apps(*needs: str) -> str:
    listed = "".join(
        f'  {name}: {{host: box, needs: [{needed}], compose: {{image: "example/a:1"}}}}\n'
        for name, needed in (pair.split(":") for pair in needs)
    )
    return (
        f"name: demo\nhosts: {{box: {{address: 10.0.0.1}}}}\nservices: {{chat: {{hosts: {{box: 1}}}}}}\napps:\n{listed}"
    )


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (("a:a",), ["apps.a.needs[0]"]),
        (("a:b", "b:c", "c:a"), ["apps.c.needs[0]"]),
        (("a:chat", "b:a,chat", "c:'a',b"), []),
        (("a:b", "b:a", "c:d", "d:c"), ["apps.b.needs[0]", "apps.d.needs[0]"]),
        (("a:b,c", "b:d", "c:d", "d:chat"), []),
        (("x:a", "a:b", "b:a"), ["apps.b.needs[0]"]),
    ],
)
def test_circles_are_found_once(needs: tuple[str, ...], expected: list[str]) -> None:
    assert places("CG803", apps(*needs)) == expected


def test_the_whole_circle_is_shown() -> None:
    (finding,) = said("CG803", apps("x:a", "a:b", "b:c", "c:a"))
    assert finding.message == "apps need each other in a circle: `a` needs `b` needs `c` needs `a`"
    assert related(finding) == ["apps.a.needs[0]", "apps.b.needs[0]"]


@pytest.mark.slow
def test_a_long_chain_is_no_trouble() -> None:
    chain = [f"a{number}:a{number + 1}" for number in range(2000)]
    assert places("CG803", apps(*chain, "a2000:a0")) == ["apps.a2000.needs[0]"]
