"""Ports and addresses: what clashes, what does not, and which port is suggested."""

from __future__ import annotations

import pytest

from composegen.rules._addresses import normal, overlap
from tests.ruling import places, related, said

ALL = "0.0.0.0"  # noqa: S104 - it is the value under test
HOST = "name: demo\nhosts: {box: {address: 10.0.0.1}}\n"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        (ALL, "10.0.0.1", True),
        ("", "10.0.0.1", True),
        ("::1", "", True),
        ("::", "2001:db8::1", True),
        ("::", "10.0.0.1", False),
        (ALL, "2001:db8::1", False),
        (ALL, "::", False),
        ("2001:DB8:0:0::1", "2001:db8::0001", True),
        ("0:0:0:0:0:0:0:0", "2001:db8::1", True),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("box.example", "10.0.0.1", False),
    ],
)
def test_addresses_overlap_as_the_network_sees_them(one: str, other: str, *, expected: bool) -> None:
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


def test_one_address_may_be_spelled_in_two_ways() -> None:
    assert normal("2001:db8::1") == normal("2001:0DB8::0001")
    assert normal("Box.example") == normal("box.EXAMPLE")
    assert normal("10.0.0.1") != normal("10.0.0.10")


def test_overlapping_ranges_are_one_finding_that_suggests_a_base() -> None:
    (finding,) = said(
        "CG201", HOST + "services:\n  a: {hosts: {box: 20}}\n  b: {hosts: {box: {instances: 20, port: 11440}}}\n"
    )
    assert finding.message == "ports 11440 to 11453 of host `box` are published by service `a` and by service `b`"
    assert finding.hint == "ports 11454 to 11473 are free there"
    assert related(finding) == ["services.a.hosts.box.port"]


def test_a_suggested_port_is_not_suggested_twice() -> None:
    found = said("CG201", HOST + "services: {a: {hosts: {box: 1}}, b: {hosts: {box: 1}}, c: {hosts: {box: 1}}}\n")
    assert [finding.hint for finding in found] == ["port 11435 is free there", "port 11436 is free there"]
    assert related(found[1]) == ["services.a.hosts.box.port", "services.b.hosts.box.port"]


def test_a_placement_may_keep_some_of_its_ports() -> None:
    (finding,) = said("CG201", HOST + "services: {a: {hosts: {box: 1}}, b: {hosts: {box: 3}}}\n")
    assert finding.message.startswith("port 11434 of host `box`")
    assert finding.hint == "ports 11435 to 11437 are free there"


def test_above_the_last_port_the_search_goes_on_below() -> None:
    (finding,) = said(
        "CG201",
        HOST + "services: {a: {hosts: {box: {port: 65535}}}, b: {hosts: {box: {port: 65534, instances: 2}}}}\n",
    )
    assert finding.hint == "ports 1024 to 1025 are free there"


@pytest.mark.parametrize("run", ["true", "false"])
def test_the_gateway_takes_its_port_whoever_runs_it(run: str) -> None:
    text = f"""\
        name: demo
        hosts: {{box: {{address: 10.0.0.1}}}}
        services:
          a: {{hosts: {{box: {{port: 11400}}}}}}
        gateway: {{host: box, entrypoint: {{port: 11400}}, traefik: {{run: {run}}}}}
        """
    (finding,) = said("CG201", text)
    assert {"gateway.entrypoint.port", "services.a.hosts.box.port"} == {*related(finding), *places("CG201", text)}


APP = """\
    name: demo
    hosts: {{box: {{address: 10.0.0.1}}}}
    services: {{a: {{hosts: {{box: 2}}}}}}
    apps:
      web: {{host: box, compose: {{image: "example/web:1", ports: {ports}}}}}
    """


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ('["11434:80"]', ["apps.web.compose.ports[0]"]),
        ('["8080:80", "11435:80"]', ["apps.web.compose.ports[1]"]),
        ('["10.0.0.1:11434:80"]', ["apps.web.compose.ports[0]"]),
        ('["0.0.0.0:11434:80"]', ["apps.web.compose.ports[0]"]),
        ('["10.0.0.2:11434:80"]', []),
        ('["[::1]:11434:80"]', []),
        ('["11434:80/udp"]', []),
        ('["11430-11440:80-90"]', ["apps.web.compose.ports[0]"]),
        ('["8080:80", "8080:81"]', ["apps.web.compose.ports[1]"]),
        ('["80"]', []),
    ],
)
def test_the_ports_of_apps_count(ports: str, expected: list[str]) -> None:
    found = [place for place in places("CG201", APP.format(ports=ports)) if place.startswith("apps")]
    assert [place.partition(".published")[0] for place in found] == expected


def test_the_port_of_the_nfs_server_is_taken() -> None:
    (finding,) = said(
        "CG201",
        HOST + "stores: {m: {kind: nfs, server: box, path: /m}}\n"
        "services: {a: {store: m, hosts: {box: {port: 2049}}}}\n",
    )
    assert finding.message == "port 2049 of host `box` is published by the NFS server and by `a-1`"
    assert related(finding) == ["stores.m"]


def test_the_same_port_on_two_hosts_is_no_clash() -> None:
    text = (
        "name: d\nhosts: {one: {address: 10.0.0.1}, two: {address: 10.0.0.2}}\nservices: {a: {hosts: {one: 1, two: 1}}}"
    )
    assert places("CG201", text) == []


def test_loopback_is_fine_on_a_single_host() -> None:
    assert places("CG203", "name: d\nhosts: {box: {address: 127.0.0.1}}\nservices: {a: {hosts: {box: 1}}}") == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", '"::1"', "localhost"])
def test_loopback_is_seen_in_every_form(address: str) -> None:
    text = (
        f"name: d\nhosts: {{a: {{address: {address}}}, b: {{address: 10.0.0.1}}}}\nservices: {{s: {{hosts: {{b: 1}}}}}}"
    )
    assert places("CG203", text) == ["hosts.a.address"]


def test_an_ip_address_needs_no_bind() -> None:
    assert places("CG204", 'name: d\nhosts: {box: {address: "fd00::1"}}\nservices: {a: {hosts: {box: 1}}}') == []


def test_the_last_port_may_be_the_last_there_is() -> None:
    assert places("CG205", HOST + "services: {a: {hosts: {box: {port: 65535}}}}") == []
    assert places("CG205", HOST + "services: {a: {hosts: {box: {port: 65535, instances: 2}}}}") == [
        "services.a.hosts.box.port"
    ]


@pytest.mark.parametrize("address", [ALL, "::", "224.0.0.1", "255.255.255.255", "1::2::3", "1:2:3", "ff02::1"])
def test_an_address_of_no_machine(address: str) -> None:
    text = f"name: d\nhosts: {{b: {{address: '{address}', bind: 10.0.0.1}}}}\nservices: {{s: {{hosts: {{b: 1}}}}}}\n"
    assert places("CG206", text) == ["hosts.b.address"]
    assert places("CG204", text.replace(", bind: 10.0.0.1", "")) == []


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1", "::1", "127.0.0.1", "box.example", "10.example"])
def test_an_address_of_a_machine(address: str) -> None:
    text = f"name: demo\nhosts: {{box: {{address: '{address}', bind: '::'}}}}\nservices: {{s: {{hosts: {{box: 1}}}}}}\n"
    assert places("CG206", text) == []


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("hosts: {box: {address: 10.0.0.1, bind: '1:2:3'}}", "hosts.box.bind"),
        ("stores: {models: {kind: nfs, external: '::', path: /srv/m}}", "stores.models.external"),
        ("gateway: {host: box, admin: {users: u, allow: [10.0.0.0/24, 10.0.0.0/33]}}", "gateway.admin.allow[1]"),
        ("gateway: {host: box, admin: {users: u, allow: ['fd00::/129']}}", "gateway.admin.allow[0]"),
        ("gateway: {host: box, admin: {users: u, allow: [10.0.0.7/24, '::1', 'fd00::/8']}}", ""),
    ],
)
def test_every_address_is_looked_at(line: str, place: str) -> None:
    hosts = "" if line.startswith("hosts") else "hosts: {box: {address: 10.0.0.1}}\n"
    text = f"name: demo\n{hosts}{line}\nservices: {{s: {{hosts: {{box: 1}}}}}}\n"
    assert places("CG206", text) == [place] * bool(place)
