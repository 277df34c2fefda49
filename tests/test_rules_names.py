"""Names: what composegen gives, what users choose, and where the two meet."""

from __future__ import annotations

import pytest

from tests.ruling import places, related, said

HOSTS = "name: demo\nhosts: {one: {address: 10.0.0.1}, two: {address: 10.0.0.2}}\n"
CHAT = HOSTS + "services: {chat: {models: [llama3.2:3b], hosts: {one: 1}}}\n"


@pytest.mark.parametrize(
    "name", ["chat", "chat-1", "chat-2", "chat-30", "chat-init", "chat-ready", "chat-wait", "traefik"]
)
def test_apps_keep_clear_of_what_composegen_names(name: str) -> None:
    for host in ("one", "two"):
        text = f'{CHAT}apps: {{{name}: {{host: {host}, compose: {{image: "example/app:1"}}}}}}'
        assert places("CG202", text) == [f"apps.{name}"]


@pytest.mark.parametrize("name", ["chat-0", "chat-01", "chat-page", "chats-1", "chat-1-state", "traefik-log"])
def test_other_names_are_free(name: str) -> None:
    assert places("CG202", f'{CHAT}apps: {{{name}: {{host: one, compose: {{image: "example/app:1"}}}}}}') == []


@pytest.mark.parametrize(("name", "free"), [("chat-1", False), ("traefik", True), ("mine", True), ("Chat-1", True)])
def test_a_container_name_of_an_app_must_be_free(name: str, *, free: bool) -> None:
    text = f'{CHAT}apps: {{app: {{host: one, compose: {{image: "example/app:1", container_name: {name}}}}}}}'
    assert places("CG202", text) == ([] if free else ["apps.app.compose.container_name"])


def test_two_apps_need_two_container_names() -> None:
    app = 'host: one, compose: {image: "example/app:1", container_name: mine}'
    (finding,) = said("CG202", f"{CHAT}apps: {{a: {{{app}}}, b: {{{app}}}}}")
    assert related(finding) == ["apps.a.compose.container_name"]


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ('volumes: ["chat-models:/data"]', "apps.app.compose.volumes[0]"),
        ('volumes: ["/srv:/srv", "chat-1-state:/data"]', "apps.app.compose.volumes[1]"),
        ("volumes: [{type: volume, source: chat-models, target: /data}]", "apps.app.compose.volumes[0].source"),
        ('volumes: ["./chat-models:/data"]', None),
        ('volumes: ["db:/data"]', None),
    ],
)
def test_volumes_of_apps_keep_clear_of_the_stores(compose: str, expected: str | None) -> None:
    text = f'{CHAT}apps: {{app: {{host: one, compose: {{image: "example/app:1", {compose}}}}}}}'
    assert places("CG202", text) == ([expected] if expected else [])


def test_options_of_a_generated_volume_are_not_the_apps() -> None:
    text = f'{CHAT}apps: {{app: {{host: one, compose: {{image: "example/app:1"}}, volumes: {{chat-models: {{}}}}}}}}'
    assert places("CG202", text) == ["apps.app.volumes.chat-models"]


def test_a_volume_of_another_host_is_another_volume() -> None:
    text = f'{CHAT}apps: {{app: {{host: two, compose: {{image: "example/app:1", volumes: ["chat-models:/data"]}}}}}}'
    assert places("CG202", text) == []


def test_apps_share_volumes_but_not_options() -> None:
    app = 'host: one, compose: {image: "example/app:1", volumes: ["db:/data"]}'
    assert places("CG202", f"{CHAT}apps: {{a: {{{app}}}, b: {{{app}}}}}") == []
    text = f"{CHAT}apps: {{a: {{{app}, volumes: {{db: {{driver: x}}}}}}, b: {{{app}, volumes: {{db: {{driver: y}}}}}}}}"
    assert places("CG202", text) == ["apps.b.volumes.db"]


def test_a_store_is_not_named_like_the_volume_of_a_service() -> None:
    text = HOSTS + "stores: {chat-models: {kind: volume}}\nservices: {chat: {hosts: {one: 1}}}\n"
    assert places("CG202", text) == ["stores.chat-models"]
    stated = HOSTS + "stores: {chat-models: {kind: volume}}\nservices: {chat: {store: chat-models, hosts: {one: 1}}}\n"
    assert places("CG202", stated) == []


def test_a_store_is_not_named_like_the_state_of_an_instance() -> None:
    text = HOSTS + "stores: {chat-1-state: {kind: volume}}\nservices: {chat: {store: chat-1-state, hosts: {one: 1}}}\n"
    (finding,) = said("CG202", text)
    assert "volume `chat-1-state` of host `one`" in finding.message


def test_services_with_like_names_do_not_clash() -> None:
    text = HOSTS + "services: {a: {hosts: {one: 3}}, a-1: {hosts: {one: {port: 12000}}}, a-init: {hosts: {two: 1}}}\n"
    assert places("CG202", text) == []


def test_services_that_share_a_store_share_its_volume() -> None:
    text = HOSTS + (
        "stores: {m: {kind: volume}}\n"
        "services: {a: {store: m, hosts: {one: 2}}, b: {store: m, writer: none, hosts: {one: {port: 12000}}}}\n"
    )
    assert places("CG202", text) == []


def hosts(one: str, two: str) -> str:
    return f"name: d\nhosts: {{one: {{{one}}}, two: {{{two}}}}}\nservices: {{a: {{hosts: {{one: 1}}}}}}\n"


@pytest.mark.parametrize(
    ("one", "two", "free"),
    [
        ("address: 10.0.0.1", "address: 10.0.0.1", False),
        ('address: "fd00::1"', 'address: "FD00:0::1"', False),
        ("address: 10.0.0.1", "address: 10.0.0.2", True),
        ("address: nat.example, bind: 10.0.0.1", "address: nat.example, bind: 10.0.0.2", True),
        ("address: 127.0.0.1", "address: 127.0.0.1", True),
    ],
)
def test_two_hosts_are_two_machines(one: str, two: str, *, free: bool) -> None:
    assert places("CG202", hosts(one, two)) == ([] if free else ["hosts.two.address"])
