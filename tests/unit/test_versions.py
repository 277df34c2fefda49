"""Versions compare as numbers, and keys of the tables are found wherever they stand."""

from __future__ import annotations

import pytest

from composegen import versions
from composegen.versions import asked_for, at_least


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("3.10", "3.9", True),
        ("3.9", "3.10", False),
        ("3.7", "3.7.0", True),
        ("3.7.0", "3.7", True),
        ("2.30", "2.30.0", True),
        ("2.20", "2.20.2", False),
        ("29.2", "28.2", True),
        ("28.1.1", "28.2", False),
        ("5.6", "2.40.3", True),
    ],
)
def test_versions_compare_part_by_part_as_numbers(version: str, wanted: str, *, expected: bool) -> None:
    assert at_least(version, wanted) is expected


def test_keys_are_found_at_any_depth_in_lists_and_mappings() -> None:
    value = {
        "gpus": "all",
        "healthcheck": {"start_interval": "2s"},
        "networks": {"front": {"gw_priority": 1}, "back": None},
        "volumes": ["a:/b", {"type": "volume", "volume": {"subpath": "x"}}],
    }
    assert set(asked_for(value, versions.COMPOSE_SERVICE, ("apps", "web", "compose"))) == {
        (("apps", "web", "compose", "gpus"), "2.30.0"),
        (("apps", "web", "compose", "healthcheck", "start_interval"), "2.20.2"),
        (("apps", "web", "compose", "networks", "front", "gw_priority"), "2.33.0"),
        (("apps", "web", "compose", "volumes", 1, "volume", "subpath"), "2.26.0"),
    }


@pytest.mark.parametrize("value", [None, "gpus", ["gpus"], {}, {"x-gpus": {"gpus": 1}}, {"healthcheck": None}])
def test_nothing_is_found_where_nothing_is_asked_for(value: object) -> None:
    assert list(asked_for(value, versions.COMPOSE_SERVICE)) == []


def test_the_tables_hold_only_what_the_oldest_versions_lack() -> None:
    for table in (versions.COMPOSE_SERVICE, versions.COMPOSE_NETWORK, versions.COMPOSE_GPU_MODE):
        assert not any(at_least("2.20", since) for since in table.values())
    for engine in (versions.ENGINE_SERVICE, versions.ENGINE_GPU_MODE):
        assert not any(at_least("20.10", since) for since in engine.values())
    assert not any(at_least(versions.TRAEFIK_OLDEST, since) for since in versions.TRAEFIK_BALANCE.values())
