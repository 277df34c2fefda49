"""The ports that an app publishes, in each form that Compose takes."""

from __future__ import annotations

from typing import Any

import pytest

from composegen.resolve.ports import published


def seen(*ports: Any) -> list[tuple[str, int, int, str]]:
    found = published(list(ports), "web", ("apps", "web"))
    return [(b.address, b.port, b.container_port, b.protocol) for b in found]


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"target": 80, "published": "8080", "host_ip": "127.0.0.1"}, [("127.0.0.1", 8080, 80, "tcp")]),
        ({"target": 80, "published": 8080, "host_ip": "fd00::1"}, [("fd00::1", 8080, 80, "tcp")]),
        ({"target": 53, "published": "53", "protocol": "udp"}, [("", 53, 53, "udp")]),
        ({"target": 80, "published": "8080-8081"}, [("", 8080, 80, "tcp"), ("", 8081, 81, "tcp")]),
        ("127.0.0.1:8080:80", [("127.0.0.1", 8080, 80, "tcp")]),
        ("[fd00::1]:8080:80/udp", [("fd00::1", 8080, 80, "udp")]),
        ("8080-8081:80-81", [("", 8080, 80, "tcp"), ("", 8081, 81, "tcp")]),
    ],
)
def test_a_port_that_is_published(port: Any, expected: list[tuple[str, int, int, str]]) -> None:
    assert seen(port) == expected


@pytest.mark.parametrize("port", [80, "80", "127.0.0.1::80", {"target": 80}, {"target": 80, "published": "65536"}])
def test_a_port_that_docker_chooses_or_that_is_none(port: Any) -> None:
    assert seen(port) == []


def test_each_port_says_where_it_stands() -> None:
    assert [b.origin[-1] for b in published(["80", "8080:80"], "web", ("apps", "web", "compose", "ports"))] == [1]
