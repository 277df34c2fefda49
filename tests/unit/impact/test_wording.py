"""Differences in a few words."""

from __future__ import annotations

from typing import Any

import pytest

from composegen.impact.differences import differences
from composegen.impact.wording import created, words


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"image": "a/b:1"}, {"image": "a/b:2"}, ["image 1 -> 2"]),
        ({"image": "a/b:1"}, {"image": "a/c:1"}, ["image a/b:1 -> a/c:1"]),
        ({"image": "reg:5000/a"}, {"image": "reg:5000/b"}, ["image reg:5000/a -> reg:5000/b"]),
        ({}, {"environment": {"A": "1"}}, ["+ environment {A: 1}"]),
        ({"environment": {"A": "1"}}, {"environment": {}}, ["- A 1"]),
        ({"environment": {"A": ""}}, {"environment": {"A": None}}, ["A '' -> nothing"]),
        ({"cpus": 4}, {"cpus": 4.5}, ["cpus 4 -> 4.5"]),
        ({"init": False}, {"init": True}, ["init false -> true"]),
        ({"cap_add": ["A", "B"]}, {"cap_add": ["B", "C"]}, ["cap_add -A +C"]),
        ({"cap_add": ["A", "B"]}, {"cap_add": ["B", "A"]}, ["cap_add in another order"]),
        (
            {"ports": [{"target": 1, "published": "5"}]},
            {"ports": [{"target": 1, "published": "6"}]},
            ["port 5 -> 6"],
        ),
        (
            {"ports": [{"target": 1, "published": "5"}]},
            {"ports": [{"target": 2, "published": "6"}]},
            ["port inside 1 -> 2", "port 5 -> 6"],
        ),
        (
            {"volumes": []},
            {"volumes": [{"type": "bind", "source": "/a", "target": "/b", "read_only": True}]},
            ["+ mount /a at /b (read-only)"],
        ),
        (
            {"deploy": {"resources": {"reservations": {"devices": [{"driver": "nvidia", "device_ids": ["0"]}]}}}},
            {"deploy": {"resources": {"reservations": {"devices": [{"driver": "nvidia", "device_ids": ["1"]}]}}}},
            ["gpus 0 -> 1"],
        ),
        ({"command": ["--model", "a"]}, {"command": ["--model", "b"]}, ["models -a +b"]),
        ({"command": ["a"]}, {"command": ["b"]}, ["command -a +b"]),
        ({"command": ["a", *map(str, range(99))]}, {"command": ["b", *map(str, range(99))]}, ["command -a +b"]),
        ({"command": ["a", "--n", "5", "b"]}, {"command": ["a", "--n", "9", "b"]}, ["command --n 5 -> 9"]),
        ({"command": ["a", "--n", "5" * 49]}, {"command": ["a", "--n", "9"]}, ["command --n changed"]),
        ({"command": ["--n", "5", "b"]}, {"command": ["--n", "9", "c"]}, ["command -5 -b +9 +c"]),
        ({"command": ["--n=5", "b"]}, {"command": ["--n=5", "c"]}, ["command -b +c"]),
        ({"command": ["a && " * 20]}, {}, ["- command"]),
        ({}, {"command": "a && " * 20}, ["+ command"]),
        ({"command": ["a && " * 20]}, {"command": ["b && " * 20]}, ["command changed"]),
        (
            {"volumes": [{"source": "/a", "target": "/b"}]},
            {"volumes": [{"source": "/a", "target": "/b", "read_only": True}]},
            ["a mount becomes read-only"],
        ),
        (
            {"volumes": [{"source": "/a", "target": "/b", "read_only": True}]},
            {"volumes": [{"source": "/a", "target": "/b"}]},
            ["a mount becomes writable"],
        ),
        (
            {"depends_on": {"a": {"condition": "service_healthy"}}},
            {"depends_on": {"b": {"condition": "service_healthy"}}},
            ["- depends_on a", "+ depends_on b"],
        ),
        ({}, {"depends_on": {"a": {"condition": "service_healthy"}, "b": {}}}, ["+ depends_on a, b"]),
        ({"depends_on": ["a", "b"]}, {}, ["- depends_on a, b"]),
        (
            {"depends_on": {"a": {"condition": "service_healthy"}}},
            {"depends_on": {"a": {"condition": "service_started"}}},
            ["depends_on.a.condition service_healthy -> service_started"],
        ),
        (
            {"deploy": {"resources": {"limits": {"cpus": "2"}}}},
            {"deploy": {"resources": {"limits": {"cpus": "4", "pids": 9}}}},
            ["cpus 2 -> 4", "+ pids 9"],
        ),
        ({}, {"deploy": {"resources": {"limits": {"memory": "8g"}}}}, ["+ memory 8g"]),
        ({}, {"deploy": {}}, ["+ deploy {}"]),
        (
            {"networks": {"default": {"aliases": ["a.b"]}}},
            {"networks": {"default": {"aliases": ["c.d"]}}},
            ["alias a.b -> c.d"],
        ),
        ({"x": "a\nb"}, {"x": "é" * 90}, ["x 'a\\nb' -> " + "é" * 47 + "…"]),
    ],
)
def test_what_differs(before: dict[str, Any], after: dict[str, Any], said: list[str]) -> None:
    assert [words(one) for one in differences(before, after)] == said


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"image": "a:1"}, "image a:1"),
        ({"ports": ["10.0.0.1:8080:80"]}, "port 8080"),
        ({"ports": [{"target": 80, "published": "8080"}, {"target": 81}]}, "port 8080"),
        (
            {
                "ports": ["8080:80"],
                "deploy": {"resources": {"reservations": {"devices": [{"driver": "nvidia", "count": "all"}]}}},
            },
            "port 8080, gpu all",
        ),
        ({}, "image"),
    ],
)
def test_what_is_new(service: dict[str, Any], said: str) -> None:
    assert created(service) == said
