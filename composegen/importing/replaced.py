"""What Traefik did beside serving models, where a gateway takes its place: told, part by part, with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from composegen.importing import proxies
from composegen.importing.interpolation import static
from composegen.importing.mounts import mounts_of
from composegen.importing.notes import Account
from composegen.importing.proxies import Pool, Router
from composegen.importing.published import published_port
from composegen.importing.spots import Spot, mapping_of

_FLAG = re.compile(r"--([^\s=]+)")
_DONE = re.compile(
    r"(providers|ping|global)(\..*)?|log\.level|entrypoints\.[^.]+\.address|api(\.insecure)?"
    r"|certificatesresolvers\.[^.]+\.acme\.(storage|tlschallenge)",
    re.IGNORECASE,
)
"""What the gateway has no need of, or decides itself."""
_RESOLVER = re.compile(r"certificatesresolvers\.([^.]+)\..*", re.IGNORECASE)
_HOSTS = re.compile(r"\bHost\([^)]*\)|\bPathPrefix\([`\"]/[`\"]\)|\|\||&&|[\s()]")
"""What of a rule the gateway has as well, or what says nothing."""

_PATCH = "patch it into traefik/traefik.yaml (`patches:`), or leave it"
_OVERRIDE = "the gateway has none; a compose.override.yaml can give it to the container `traefik`"


def tell(service: Spot, name: str, entrypoint: str | None, account: Account) -> None:
    """Say what the container of Traefik has and the gateway in its place has not; values are not shown."""
    for flag, spot in _flags(service):
        if _DONE.fullmatch(flag):
            continue
        resolver = _RESOLVER.fullmatch(flag)
        if resolver is not None:
            account.todo(
                spot.place,
                f"look at `--{flag}` of `{name}`",
                f"the gateway's resolver uses the TLS challenge, and asks for new certificates; for more patch "
                f"`certificatesResolvers.{resolver[1]}.acme` in traefik/traefik.yaml",
            )
        else:
            account.left(spot.place, f"`--{flag}` of `{name}`", _PATCH)
    for variable, spot in mapping_of(service.get("environment")).items():
        account.left(spot.place, f"`{variable}` of `{name}`", _OVERRIDE)
    for mount in mounts_of(service):
        if mount.source != "/var/run/docker.sock":
            account.left(
                mount.place,
                f"mount `{mount.written}:{mount.target}` of `{name}`",
                "the gateway mounts its own files, and a volume for certificates; what stands there was not read",
            )
    _ports(service, name, entrypoint, account)
    for router in proxies.labels(service):
        account.left(router.place, f"router `{router.name}` of `{name}`", "the gateway routes to models only")


def _flags(service: Spot) -> Iterator[tuple[str, Spot]]:
    """The names of all flags, each once, with its place."""
    told: set[str] = set()
    command = service.get("command")
    for spot in (list(command.each()) or [command]) if command is not None else ():
        for flag in _FLAG.findall(static(spot.text or "")):
            if flag.lower() not in told:
                told.add(flag.lower())
                yield flag, spot


def _ports(service: Spot, name: str, entrypoint: str | None, account: Account) -> None:
    """Tell of ports that are published no more."""
    inside = proxies.entry_points(service)
    kept = inside.get(entrypoint) if entrypoint is not None else None
    ports = service.get("ports")
    for entry in ports.each() if ports is not None else ():
        _, outside, target = published_port(entry)
        if static(target) != str(kept):
            account.left(
                entry.place, f"port {static(outside or target)} of `{name}`", "the gateway has one entry point"
            )


def sections(roots: Sequence[Spot], account: Account) -> None:
    """Say what dynamic files hold beside what concerns http."""
    for root in roots:
        for key, spot in root.items():
            if key in {"tcp", "udp", "tls"}:
                account.left(spot.place, f"`{key}:`", "keep it in a dynamic file of your own, beside the gateway's")


def pool(found: Pool, account: Account) -> None:
    """Say what a load balancer that leads to models has and the gateway has not."""
    for key, place in found.others:
        account.left(place, f"`{key}` of load balancer `{found.name}`", _POOL.get(key, _OTHER))


_POOL = {"sticky": "`sticky: true` of the gateway keeps a client with one server"}
_OTHER = "the gateway decides it itself; `patches:` can change its dynamic file"


def routers(found: Sequence[Router], account: Account) -> None:
    """Say what the routers that lead to models have and the gateway has not."""
    for router in found:
        for name in router.middlewares:
            account.left(
                router.place,
                f"middleware `{name}` of router `{router.name}`",
                "the gateway has its own; `admin:` takes users and addresses, `tls:` certificates",
            )
        for name in router.hostnames[1:]:
            account.left(
                router.place, f"host name `{name}` of router `{router.name}`", "the gateway has one `hostname:`"
            )
        if _HOSTS.sub("", router.rule):
            account.left(
                router.place,
                f"the rule of router `{router.name}`, but for its host names",
                "the gateway has one rule for each path of the API",
            )
    for router in found[1:]:
        account.left(router.place, f"router `{router.name}`", "the gateway has one entry point")
