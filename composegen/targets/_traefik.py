"""Traefik's files: the static one of a Traefik that composegen runs, and the dynamic one, whoever runs it.

Requests that use models go to every instance, those that change models to the writer alone and only with a password,
all others nowhere. The paths are those of Ollama's `server/routes.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from msgspec import Struct

from composegen.artifacts import Artifact, Syntax
from composegen.plan import GatewayPlan, Plan, RoutePlan, Server
from composegen.resolve.gateway import ping_port
from composegen.versions import at_least

POOL_PATHS = (
    ("/", "/api/version", "/api/status", "/api/tags", "/api/ps", "/api/show"),
    ("/api/generate", "/api/chat", "/api/embed", "/api/embeddings"),
    ("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages"),
    ("/v1/embeddings", "/v1/audio/transcriptions", "/v1/images/generations", "/v1/images/edits"),
    ("/v1/models",),
)
"""What any instance may answer, line by line as it stands in the file; `/v1/models/NAME` comes on top."""

ADMIN_PATHS = ("/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete")
"""What only the writer may answer; uploads below `/api/blobs/` come on top."""

WEIGHT_SINCE = "3.0"
"""The first Traefik whose servers have a weight; a strategy other than these ignores it."""

UNHEALTHY_INTERVAL_SINCE = "3.5"
"""The first Traefik that asks a server that is down at an interval of its own."""

ATTEMPTS = 20
"""How often a request that no server has seen is tried. A balancer may choose a dead server again and again (the one
with the fewest requests in flight is the dead one), so the attempts must last longer than the health check takes to
leave it out: 19 pauses of 0.2 to 0.4 s are 5 to 6 s."""

_WEIGHTED = frozenset({"wrr", "hrw", "leasttime"})


class Router(Struct, frozen=True, kw_only=True):
    """What a request must look like, line by line, for one service behind the gateway, and where it goes."""

    name: str
    """Of the router and of its service; no other file that the same Traefik reads should have it."""
    route: RoutePlan
    pool: tuple[str, ...]
    admin: tuple[str, ...]
    """Empty where nobody may change models: without a password nothing of the kind is routed."""
    servers: tuple[Server, ...]


def traefik_artifacts(plan: Plan) -> Iterator[Artifact]:
    """The files of the gateway; none without one, and no static file for a Traefik that somebody else runs."""
    gateway = plan.gateway
    if gateway is None:
        return
    folder = PurePosixPath(gateway.host.name, "traefik")
    if gateway.container is not None:
        yield Artifact(
            path=folder / "traefik.yaml",
            template="traefik/static.yaml.j2",
            syntax=Syntax.YAML,
            context=_static(plan, gateway, gateway.container.bindings[0].container_port),
        )
    yield Artifact(
        path=folder / "dynamic" / f"{plan.topology.name}.yaml",
        template="traefik/dynamic.yaml.j2",
        syntax=Syntax.YAML,
        context=_dynamic(plan, gateway),
    )


def _static(plan: Plan, gateway: GatewayPlan, port: int) -> dict[str, object]:
    """Whatever varies here varies in the labels of the container too (`resolve/gateway.py`)."""
    return {
        "plan": plan,
        "gateway": gateway,
        "port": port,
        "ping_port": ping_port(port),
    }


def _dynamic(plan: Plan, gateway: GatewayPlan) -> dict[str, object]:
    spec, prefix = gateway.spec, plan.topology.name
    admin = spec.admin if any(route.primary for route in gateway.routes) else None
    users = _inside(gateway, admin.users if admin else None)
    allow = admin.allow if admin else ()
    return {
        "plan": plan,
        "gateway": gateway,
        "prefix": prefix,
        "routers": [_router(prefix, gateway, route, users) for route in gateway.routes],
        "tls_of_router": {"certResolver": spec.tls.resolver} if spec.tls and spec.tls.resolver else {},
        "attempts": 1 if spec.retry == 1 else max(gateway.retry, ATTEMPTS),
        "unhealthy_interval": at_least(spec.traefik.version, UNHEALTHY_INTERVAL_SINCE),
        "weighted": gateway.balance in _WEIGHTED and at_least(spec.traefik.version, WEIGHT_SINCE),
        "allow": allow,
        "users": users,
        "guards": [f"{prefix}-allow"] * bool(allow) + [f"{prefix}-users"] * bool(users),
        "certificate": _inside(gateway, spec.tls.certificate if spec.tls else None),
        "key": _inside(gateway, spec.tls.key if spec.tls else None),
    }


def _router(prefix: str, gateway: GatewayPlan, route: RoutePlan, users: str | None) -> Router:
    pool = [" || ".join(_path(path) for path in line) for line in POOL_PATHS]
    pool.append("PathRegexp(`^/v1/models/[^/]+(/[^/]+)*$`)")
    admin = [" || ".join(_path(path) for path in ADMIN_PATHS), "PathPrefix(`/api/blobs/`)"]
    return Router(
        name=f"{prefix}-{route.service.name}",
        route=route,
        pool=tuple(_rule(gateway.spec.hostname, pool)),
        admin=tuple(_rule(gateway.spec.hostname, admin)) if route.primary and users else (),
        servers=route.servers,
    )


def _path(path: str) -> str:
    return f"Path(`{path}`)"


def _rule(hostname: str | None, alternatives: Iterable[str]) -> Iterator[str]:
    """The lines of a rule: this host name, if there is one, and one of the alternatives."""
    yield f"Host(`{hostname}`) && (" if hostname else "("
    first, *rest = alternatives
    yield first
    yield from (f"|| {alternative}" for alternative in rest)
    yield ")"


def _inside(gateway: GatewayPlan, file: str | None) -> str | None:
    """Where Traefik sees a file of the user's: as it is mounted, or as stated where somebody else runs Traefik."""
    if file is None or gateway.container is None:
        return file
    mounted = {mount.source.removeprefix("./"): mount.target for mount in gateway.container.mounts}
    return mounted[file.removeprefix("./")]
