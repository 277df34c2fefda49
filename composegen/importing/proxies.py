"""Traefik in imported files: what its container, its labels and its dynamic files say about servers of models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct, field

from composegen.importing.interpolation import static
from composegen.importing.spots import Place, Spot, mapping_of

_IMAGE = re.compile(r"(?:docker\.io/(?:library/)?|library/)?traefik(?::|@|$)")
_HOST = re.compile(r"Host\(\s*[`\"]([^`\"]+)[`\"]")
_ENTRY = re.compile(r"--entrypoints\.([\w-]+)\.address=[^:]*:([0-9]+)", re.IGNORECASE)
_LABEL = re.compile(
    r"traefik\.http\.routers\.([\w-]+)\.(rule|entrypoints|tls\.certresolver|middlewares)", re.IGNORECASE
)
_SECTIONS = frozenset({"http", "tcp", "udp", "tls"})


class Target(Struct, frozen=True, kw_only=True):
    """A server behind a proxy: host and port of its URL, and its weight where one is stated."""

    host: str
    port: int
    weight: int | None
    place: Place


class Router(Struct, frozen=True, kw_only=True):
    """What leads requests to a pool of servers."""

    name: str
    rule: str
    entrypoints: tuple[str, ...]
    resolver: str | None
    middlewares: tuple[str, ...]
    service: str
    place: Place

    @property
    def hostnames(self) -> list[str]:
        """The host names of its rule."""
        return [static(name) for name in _HOST.findall(self.rule)]


class Pool(Struct, frozen=True, kw_only=True):
    """A load balancer of a dynamic file."""

    name: str
    targets: tuple[Target, ...]
    place: Place
    others: tuple[tuple[str, Place], ...] = ()
    """What else is stated of it: keys, and where they stand."""


class Dynamic(Struct, kw_only=True):
    """What dynamic files say."""

    pools: list[Pool] = field(default_factory=list)
    routers: list[Router] = field(default_factory=list)


def is_dynamic(root: Spot) -> bool:
    """Whether a file is dynamic configuration of Traefik."""
    keys = {key for key, _ in root.items()}
    return bool(keys & _SECTIONS) and "services" not in keys


def is_traefik(service: Spot) -> bool:
    """Whether a service of Compose is Traefik."""
    image = service.get("image")
    return image is not None and _IMAGE.match(static(image.text or "")) is not None


def dynamic(roots: Sequence[Spot]) -> Dynamic:
    """All dynamic files together."""
    found = Dynamic()
    for root in roots:
        services = mapping_of(root.get("http", "services"))
        weights = dict(_weights(services))
        for name, spot in services.items():
            if targets := tuple(_targets(spot, weights.get(name))):
                found.pools.append(Pool(name=name, targets=targets, place=spot.place, others=tuple(_others(spot))))
        for name, spot in mapping_of(root.get("http", "routers")).items():
            found.routers.append(_router(name, spot))
    return found


def _weights(services: Mapping[str, Spot]) -> Iterator[tuple[str, int]]:
    """Weights that a weighted service gives to others."""
    for spot in services.values():
        for entry in (spot.get("weighted", "services") or spot).each():
            name, weight = entry.get("name"), entry.get("weight")
            if name is not None and weight is not None and isinstance(weight.value, int):
                yield (name.text or "").partition("@")[0], weight.value


_OF_POOLS = frozenset({"servers", "healthCheck", "passHostHeader"})
"""What the gateway states as well."""


def _others(service: Spot) -> Iterator[tuple[str, Place]]:
    balancer = service.get("loadBalancer")
    for key, spot in balancer.items() if balancer is not None else ():
        if key not in _OF_POOLS:
            yield key, spot.place


def _targets(service: Spot, weight: int | None) -> Iterator[Target]:
    for entry in (service.get("loadBalancer", "servers") or service.get("loadbalancer", "servers") or service).each():
        url = entry.get("url")
        own = entry.get("weight")
        stated = (
            own.value if own is not None and isinstance(own.value, int) and not isinstance(own.value, bool) else weight
        )
        address = endpoint(url.text or "") if url is not None else None
        if address is not None and url is not None:
            yield Target(host=address[0], port=address[1], weight=stated, place=url.place)


def endpoint(url: str) -> tuple[str, int] | None:
    """Host and port of a URL; None for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


def _router(name: str, spot: Spot) -> Router:
    rule, service, points, middlewares, resolver = (
        spot.get(*keys)
        for keys in (("rule",), ("service",), ("entryPoints",), ("middlewares",), ("tls", "certResolver"))
    )
    return Router(
        name=name,
        rule=(rule.text or "") if rule is not None else "",
        entrypoints=tuple(points.words()) if points is not None else (),
        resolver=resolver.text if resolver is not None else None,
        middlewares=tuple(middlewares.words()) if middlewares is not None else (),
        service=((service.text or "") if service is not None else "").partition("@")[0],
        place=spot.place,
    )


def labels(service: Spot) -> list[Router]:
    """The routers that the labels of a service declare; none where they switch Traefik off."""
    stated = mapping_of(service.get("labels"))
    enabled = stated.get("traefik.enable")
    if enabled is not None and static(enabled.text or "").lower() == "false":
        return []
    found: dict[str, dict[str, Spot]] = {}
    for key, spot in stated.items():
        if match := _LABEL.fullmatch(key):
            found.setdefault(match[1], {})[match[2].lower()] = spot
    return [_of_labels(name, parts) for name, parts in found.items()]


def _of_labels(name: str, parts: Mapping[str, Spot]) -> Router:
    text = {key: static(spot.text or "") for key, spot in parts.items()}
    return Router(
        name=name,
        rule=text.get("rule", ""),
        entrypoints=tuple(filter(None, text.get("entrypoints", "").split(","))),
        resolver=text.get("tls.certresolver"),
        middlewares=tuple(filter(None, text.get("middlewares", "").split(","))),
        service="",
        place=next(iter(parts.values())).place,
    )


def entry_points(service: Spot) -> dict[str, int]:
    """The entry points of a Traefik container, and the ports on which it listens for them."""
    command = service.get("command")
    text = " ".join(static(word) for word in command.words()) if command is not None else ""
    return {match[1]: int(match[2]) for match in _ENTRY.finditer(text)}


def entry_ports(service: Spot) -> dict[str, int]:
    """The entry points of a Traefik container and the host ports on which they are published."""
    inside = entry_points(service)
    ports = service.get("ports")
    published = dict(_port(entry) for entry in ports.each()) if ports is not None else {}
    return {name: published.get(port, port) for name, port in inside.items() if 0 < published.get(port, port) < 65536}  # noqa: PLR2004


def _port(entry: Spot) -> tuple[int, int]:
    """Container port and host port of a plain entry; 0 for what is none."""
    if entry.is_mapping:
        words = [static((entry.get(key) or entry).text or "") for key in ("target", "published")]
        inside, outside = words
    else:
        pieces = static(entry.text or "").removesuffix("/tcp").split(":")
        inside, outside = pieces[-1], pieces[-2] if len(pieces) > 1 else pieces[-1]
    return (int(inside), int(outside)) if inside.isdecimal() and outside.isdecimal() else (0, 0)
