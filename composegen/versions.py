"""Versions of Traefik, Docker Compose and Docker Engine: how they compare, and what is newer than the oldest ones.

The tables hold only what a source states. Compose: the badges in compose-spec's `05-services.md`, `06-networks.md`
and `build.md`, and for `pre_start`, `provider` and the `subpath` of a volume the first tag of docker/compose that
has it; what 2.20 knows is left out. Engine: docker/compose `pkg/compose/api_versions.go`, and Docker's release
notes for CDI, `start_interval`, `gw_priority` and `subpath`. Traefik: the first minor whose `pkg/config/dynamic`
has the option.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from composegen.keypath import KeyPath

TRAEFIK_OLDEST = "3.0"
"""Rules, matchers and `ipAllowList` are written as Traefik 3 reads them."""

TRAEFIK_BALANCE: Mapping[str, str] = {"p2c": "3.4", "hrw": "3.6", "leasttime": "3.6"}
"""Strategies of a load balancer; `wrr` was always there."""

COMPOSE_GPU_MODE: Mapping[str, str] = {"gpus": "2.30.0", "cdi": "2.30.0"}
"""GPU modes, by the Compose that reads what is written for them."""

ENGINE_GPU_MODE: Mapping[str, str] = {"cdi": "28.2"}
"""GPU modes that an Engine knows without being told; 25 to 28.1 know CDI only after `features.cdi` is switched on."""

COMPOSE_SERVICE: Mapping[tuple[str, ...], str] = {
    ("build", "entitlements"): "2.27.0",
    ("build", "provenance"): "2.39.0",
    ("build", "sbom"): "2.39.0",
    ("build", "ulimits"): "2.23.1",
    ("develop",): "2.22.0",
    ("gpus",): "2.30.0",
    ("healthcheck", "start_interval"): "2.20.2",
    ("label_file",): "2.32.0",
    ("models",): "2.38.0",
    ("networks", "*", "driver_opts"): "2.27.1",
    ("networks", "*", "gw_priority"): "2.33.0",
    ("networks", "*", "interface_name"): "2.36.0",
    ("ports", "*", "app_protocol"): "2.26.0",
    ("post_start",): "2.30.0",
    ("pre_start",): "5.3.0",
    ("pre_stop",): "2.30.0",
    ("provider",): "2.35.0",
    ("use_api_socket",): "2.37.1",
    ("volumes", "*", "image", "subpath"): "2.35.0",
    ("volumes", "*", "volume", "subpath"): "2.26.0",
}
"""Keys of a Compose service; `*` stands for every entry of a list or mapping."""

COMPOSE_NETWORK: Mapping[tuple[str, ...], str] = {("enable_ipv4",): "2.33.1"}
"""Keys of a Compose network."""

ENGINE_SERVICE: Mapping[tuple[str, ...], str] = {
    ("healthcheck", "start_interval"): "25.0",
    ("networks", "*", "gw_priority"): "28.0",
    ("networks", "*", "interface_name"): "28.1",
    ("volumes", "*", "image"): "28.0",
    ("volumes", "*", "volume", "subpath"): "26.0",
}
"""Keys of a Compose service that need an Engine as new as this, whatever Compose says."""


def at_least(version: str, wanted: str) -> bool:
    """Whether a version such as 3.7 is not older than another; missing parts count as 0."""
    return _numbers(version) >= _numbers(wanted)


def asked_for(value: Any, since: Mapping[tuple[str, ...], str], origin: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every place below `origin` that holds a key of the table, with the version that the key needs."""
    for keys, version in since.items():
        for path in _matches(value, keys, origin):
            yield path, version


@cache
def _numbers(version: str) -> tuple[int, ...]:
    """`3.7` and `3.7.0` are one version."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _matches(value: Any, keys: tuple[str, ...], path: KeyPath) -> Iterator[KeyPath]:
    if not keys:
        yield path
        return
    wanted, rest = keys[0], keys[1:]
    for key, child in _children(value):
        if wanted in ("*", key):
            yield from _matches(child, rest, (*path, key))


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    match value:
        case Mapping():
            yield from value.items()
        case list() | tuple():
            yield from enumerate(value)
