"""What in a generated YAML file is composegen's, so that no patch may touch it: on which other files rely.

For Compose files that are the keys that `compose:` may not have either; for Traefik's, what decides who is let in and
where a request goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from composegen.artifacts import Syntax
from composegen.keypath import KeyPath
from composegen.plan import Container, HostPlan, Role
from composegen.rules.owned_key import OWNED, OWNED_BY_THE_FILE
from composegen.selectors import parse, select

_RELIED_ON = frozenset({"depends_on", "extends", "network_mode", "profiles", "scale"})
"""Keys of any container of composegen's own by which it would no longer start when it must."""

_OF_VOLUMES = ("driver", "driver_opts", "external", "name")

_STATIC: Mapping[str, str] = {
    "entryPoints.*.address": "`gateway.entrypoint`",
    "ping": "",
    "providers.file": "",
}
_DYNAMIC: Mapping[str, str] = {
    "http.routers.*.rule": "`gateway.hostname` and `gateway.admin`",
    "http.routers.*.service": "`gateway.routes`",
    "http.routers.*.entryPoints": "`gateway.entrypoint`",
    "http.routers.*.priority": "",
    "http.routers.*.middlewares": "`gateway.admin`",
    "http.routers.*.tls": "`gateway.tls`",
    "http.services.*.loadBalancer.servers": "`hosts` of the service",
    "http.middlewares.*.ipAllowList": "`gateway.admin`",
    "http.middlewares.*.basicAuth": "`gateway.admin`",
}
"""Places in Traefik's files, and the field that means the same."""


def owned(host: HostPlan, path: PurePosixPath, syntax: Syntax, data: Any) -> Mapping[KeyPath, str]:
    """The places that are composegen's in a file of a host, and for each the field to use instead, if there is one.

    `data` is what the file holds before any patch.
    """
    if syntax is Syntax.COMPOSE:
        return dict(_compose(host, data))
    places = _DYNAMIC if "dynamic" in path.parts else _STATIC
    return {found: field for text, field in places.items() for found in select(data, parse(text) or ())}


def touched(places: Mapping[KeyPath, str], path: KeyPath) -> KeyPath | None:
    """The place of composegen's that a change at a path would change; None when there is none."""
    around = (path[:length] for length in range(len(path) + 1))
    within = (place for place in places if place[: len(path)] == path)
    return next((one for one in around if one in places), next(within, None))


def _compose(host: HostPlan, data: Any) -> Iterator[tuple[KeyPath, str]]:
    yield ("name",), "`name` of the topology"
    for container in host.containers:
        stated = data.get("services", {}).get(container.name) or {} if isinstance(data, dict) else {}
        # What stands in the file comes first: a message names it before anything that could be added.
        for key in sorted(_keys(container, stated), key=lambda key: (key not in stated, key)):
            field = "`needs` of the app" if container.role is Role.APP else OWNED.get(key, "")
            yield ("services", container.name, key), field
        for label in container.identity or ():
            yield ("services", container.name, "labels", label), ""
    for volume in host.volumes:
        if volume.options is None:
            yield from ((("volumes", volume.name, key), "`stores`") for key in _OF_VOLUMES)


def _keys(container: Container, stated: Mapping[str, Any]) -> frozenset[str]:
    match container.role:
        case Role.INSTANCE:
            return OWNED_BY_THE_FILE | OWNED.keys()
        case Role.APP:
            return OWNED_BY_THE_FILE | {"depends_on"}
    return OWNED_BY_THE_FILE | _RELIED_ON | (OWNED.keys() & stated.keys())
