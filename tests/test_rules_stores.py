"""Stores: one writer, a machine, a plain path, and nobody who reads what nobody writes."""

from __future__ import annotations

import pytest

from tests.ruling import places, related, said

HOSTS = "name: demo\nhosts: {one: {address: 10.0.0.1}, two: {address: 10.0.0.2}, three: {address: 10.0.0.3}}\n"


def topology(stores: str, services: str) -> str:
    return f"{HOSTS}stores: {stores}\nservices: {services}\n"


def nfs(fields: str, services: str) -> str:
    return topology(f"{{models: {{kind: nfs, path: /srv/models, {fields}}}}}", services)


ON_ONE = "{a: {store: models, hosts: {one: 1}}}"
ON_BOTH = "{a: {store: models, hosts: {one: 1}}, b: {store: models, hosts: {two: 1}}}"


@pytest.mark.parametrize(
    ("fields", "services", "expected"),
    [
        ("server: one", ON_ONE, []),
        ("server: two", ON_ONE, ["stores.models.server"]),
        ("server: two, writer: one", ON_ONE, []),
        ("server: two", "{a: {store: models, writer: one, hosts: {one: 1}}}", []),
        ("external: nas.example", ON_ONE, ["stores.models.external"]),
        ("external: nas.example, writer: one", ON_ONE, []),
        ("server: one", "{a: {store: models, writer: none, hosts: {one: 1}}}", ["services.a.writer"]),
        ("server: one", "{a: {hosts: {two: 1}}}", []),
        ("mount: volume", ON_ONE, []),
    ],
)
def test_every_nfs_store_has_a_writer(fields: str, services: str, expected: list[str]) -> None:
    assert places("CG301", nfs(fields, services)) == expected


def test_a_local_store_that_all_only_read_has_none() -> None:
    services = "{a: {store: m, writer: none, hosts: {one: 1}}, b: {store: m, writer: none, hosts: {two: 1}}}"
    (finding,) = said("CG301", topology("{m: {kind: volume}}", services))
    assert related(finding) == ["services.b.writer"]
    assert places("CG305", topology("{m: {kind: volume}}", services)) == []


def test_an_nfs_store_has_one_writing_service_in_all() -> None:
    (finding,) = said("CG302", nfs("server: one", ON_BOTH))
    assert finding.message == "store `models` is written by service `b` and by `a`"
    assert related(finding) == ["services.a.store"]


def test_a_local_store_has_one_writing_service_on_each_host() -> None:
    assert places("CG302", topology("{models: {kind: volume}}", ON_BOTH)) == []
    services = "{a: {store: m, hosts: {one: 1, two: 1}}, b: {store: m, hosts: {two: {port: 12000}, three: 1}}}"
    (finding,) = said("CG302", topology("{m: {kind: directory, path: /srv/m}}", services))
    assert finding.message == "store `m` is written by service `b` and by `a` on host `two`"


def test_store_and_service_name_the_same_writer() -> None:
    services = "{{a: {{store: models, writer: {writer}, hosts: {{one: 1, two: 1}}}}}}"
    assert places("CG302", nfs("server: one, writer: one", services.format(writer="two"))) == ["services.a.writer"]
    assert places("CG302", nfs("server: one, writer: two", services.format(writer="two"))) == []


@pytest.mark.parametrize(
    ("fields", "services", "expected"),
    [
        ("server: one, external: nas.example", ON_ONE, ["stores.models.external"]),
        ("mount: volume", ON_ONE, ["stores.models"]),
        ("mount: volume", "{a: {hosts: {one: 1}}}", ["stores.models"]),
        ("server: one, writer: two", ON_ONE, ["stores.models.writer"]),
        ("server: one", "{a: {store: models, writer: two, hosts: {one: 1}}}", ["services.a.writer"]),
        ("server: one, writer: two", "{a: {store: models, writer: none, hosts: {one: 1}}}", []),
    ],
)
def test_machine_and_writer_of_an_nfs_store_exist(fields: str, services: str, expected: list[str]) -> None:
    assert places("CG303", nfs(fields, services)) == expected


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("srv/models", ""),
        ("/srv/../models", "did you mean `/models`?"),
        ("/srv/models/..", "did you mean `/srv`?"),
        ("/srv/./models", "did you mean `/srv/models`?"),
        ("/srv/models/", "did you mean `/srv/models`?"),
        ("/srv//models", "did you mean `/srv/models`?"),
        ("//srv/models", "did you mean `/srv/models`?"),
        ('"/srv/models "', "did you mean `/srv/models`?"),
        ("/", ""),
        ("//", ""),
        ("10.0.0.1:/srv/models", ""),
    ],
)
def test_a_path_names_one_folder_in_one_way(path: str, hint: str) -> None:
    text = topology(f"{{models: {{kind: nfs, server: one, path: {path}}}}}", ON_ONE)
    (finding,) = said("CG304", text)
    assert places("CG304", text) == ["stores.models.path"]
    assert finding.hint == hint


@pytest.mark.parametrize("path", ["/srv", "/srv/..models", "/srv/mo dels", "/srv/m.o,d(e)l#s"])
def test_unusual_but_plain_paths_pass(path: str) -> None:
    assert places("CG304", topology(f'{{models: {{kind: nfs, server: one, path: "{path}"}}}}', ON_ONE)) == []


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ("{a: {writer: none, hosts: {one: 1}}}", ["services.a.writer"]),
        ("{a: {writer: one, hosts: {one: 1, two: 1}}}", ["services.a.writer"]),
        ("{a: {writer: one, hosts: {one: 1}}}", []),
        ("{a: {store: m, writer: two, hosts: {one: 1}}}", ["services.a.writer"]),
        (
            "{a: {store: m, hosts: {one: 1}}, b: {store: m, writer: none, hosts: {two: 1, three: 1}}}",
            ["services.b.hosts.two", "services.b.hosts.three"],
        ),
        ("{a: {store: m, hosts: {one: 1}}, b: {store: m, writer: none, hosts: {one: {port: 12000}}}}", []),
    ],
)
def test_readers_of_local_stores_need_a_writer_beside_them(services: str, expected: list[str]) -> None:
    assert places("CG305", topology("{m: {kind: volume}}", services)) == expected


A_AND_B = "{a: {store: x, hosts: {one: 1}}, b: {store: y, hosts: {one: {port: 12000}, two: 1}}}"


@pytest.mark.parametrize(
    ("stores", "expected"),
    [
        ("{x: {kind: directory, path: /m}, y: {kind: directory, path: /m}}", ["stores.y.path"]),
        ("{x: {kind: directory, path: /m}, y: {kind: directory, path: /n}}", []),
        ("{x: {kind: directory, path: /m}, y: {kind: nfs, server: two, path: /m, writer: two}}", ["stores.y.path"]),
        (
            "{x: {kind: directory, path: /m}, y: {kind: nfs, server: two, path: /n, mountpoint: /m}}",
            ["stores.y.mountpoint"],
        ),
        ("{x: {kind: directory, path: /m}, y: {kind: nfs, server: two, path: /m, mount: volume}}", []),
        ("{x: {kind: nfs, server: one, path: /m}, y: {kind: nfs, server: one, path: /m/}}", ["stores.y.path"]),
        ("{x: {kind: nfs, server: three, path: /m}, y: {kind: nfs, server: three, path: /m}}", ["stores.y.path"]),
        (
            "{x: {kind: nfs, external: nas, path: /m}, y: {kind: nfs, external: nas, path: /m, mountpoint: /n}}",
            ["stores.y.path"],
        ),
        # The server itself does not mount the store, so its mountpoint is free there.
        ("{x: {kind: directory, path: /m}, y: {kind: nfs, server: one, path: /n, mountpoint: /m}}", []),
        ("{x: {kind: volume}, y: {kind: volume}}", []),
    ],
)
def test_two_stores_in_one_folder_are_one_finding(stores: str, expected: list[str]) -> None:
    assert places("CG306", topology(stores, A_AND_B)) == expected


def test_one_folder_on_two_hosts_is_two_folders() -> None:
    stores = "{x: {kind: directory, path: /m}, y: {kind: directory, path: /m}}"
    assert places("CG306", topology(stores, "{a: {store: x, hosts: {one: 1}}, b: {store: y, hosts: {two: 1}}}")) == []
