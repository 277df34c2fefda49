"""Two things of one host would have the same name.

## What happens

Containers are named after services: instance k of service `chat` is `chat-k`, its model-init `chat-init`, beside it
may stand `chat-ready` and `chat-wait`; the gateway is `traefik`. An app has its own name. Volumes are named after
stores; the state of `chat-1` is in `chat-1-state`, and a service without `store:` keeps its models in `chat-models`.
Where two of these names are equal, one container or volume would silently replace the other. Two hosts with one
address are one machine under two names: each would be unaware of what the other puts there.

## What to do

Rename one of the two. Names such as `chat-2` stay reserved while `chat` has one instance, so that a second one can
come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from composegen.findings import Basis, Finding, Location, Part, Severity
from composegen.keypath import KeyPath
from composegen.plan import STORE, Container, HostPlan, MountKind, Plan, Role
from composegen.resolve.address import is_loopback
from composegen.rules import Rule
from composegen.rules._addresses import normal
from composegen.topology import App, Host, Topology

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
apps:
  chat-1:  # expect: CG202
    host: box
    compose: {image: "example/chat:1.0"}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
apps:
  chat-page:
    host: box
    compose: {image: "example/chat:1.0"}
"""


class Claim(Struct, frozen=True, kw_only=True):
    """Something that takes a name; `at` is what to rename, `owner` tells whether two claims are one and the same."""

    name: str
    what: str
    at: KeyPath
    part: Part = "key"
    owner: KeyPath = ()


def check(plan: Plan) -> Iterator[Finding]:
    """Names of apps, containers, volumes, networks, stores and hosts that are taken twice."""
    yield from _apps(plan.topology)
    yield from _stores(plan.topology)
    yield from _hosts(plan.topology)
    for host in plan.hosts:
        yield from _twice(host, "container", _containers(host))
        yield from _twice(host, "volume", _volumes(host, plan.topology))
        yield from _options(host, plan.topology)


def _apps(topology: Topology) -> Iterator[Finding]:
    """Apps with a name that composegen gives, or may give when a service grows."""
    for app in topology.apps.values():
        service = topology.services.get(app.name)
        for name, candidate in topology.services.items():
            if re.fullmatch(rf"{re.escape(name)}-(init|ready|wait|[1-9][0-9]*)", app.name):
                service = candidate
        if service is not None:
            own = "is also a service" if service.name == app.name else f"is a name of service `{service.name}`"
            yield RULE.finding(
                f"app `{app.name}` {own}",
                at=app.origin,
                part="key",
                related=[Location(path=service.origin, part="key", label="the service")],
                expected="another name",
                basis=Basis.ENTRIES,
            )
        elif app.name == "traefik":
            yield RULE.finding(
                "app `traefik` has the name of the gateway", at=app.origin, part="key", expected="another name"
            )


def _stores(topology: Topology) -> Iterator[Finding]:
    for service in topology.services.values():
        store = topology.stores.get(f"{service.name}-models")
        if service.store is None and store is not None:
            yield RULE.finding(
                f"store `{store.name}` has the name of the volume in which service `{service.name}` keeps its models",
                at=store.origin,
                part="key",
                related=[Location(path=service.origin, part="key", label="this service names no store")],
                basis=Basis.ENTRIES,
                expected=f"another name, or `store: {store.name}` in the service",
            )


def _hosts(topology: Topology) -> Iterator[Finding]:
    """Hosts that listen on one address of one machine."""
    known: dict[tuple[object, object], Host] = {}
    for host in topology.hosts.values():
        first = known.setdefault((normal(host.bind or host.address), normal(host.address)), host)
        if first is not host and not is_loopback(host.address):
            yield RULE.finding(
                f"hosts `{first.name}` and `{host.name}` both have the address `{host.address}`",
                at=host.at("address"),
                related=[Location(path=first.at("address"), label="also here")],
                expected="an address of its own",
                basis=Basis.ENTRIES,
            )


def _containers(host: HostPlan) -> Iterator[Claim]:
    """Names of what composegen adds, and names that apps choose for themselves."""
    for container in host.containers:
        if not isinstance(container.spec, App):
            origin = container.spec.origin
            yield Claim(name=container.name, what=_what(container), at=origin, owner=(*origin, container.name))
    for container in host.containers:
        if isinstance(container.spec, App) and isinstance(chosen := container.spec.compose.get("container_name"), str):
            at = container.spec.at("compose", "container_name")
            yield Claim(name=chosen, what=f"app `{container.name}`", at=at, part="value", owner=at)


def _what(container: Container) -> str:
    kinds = {Role.INSTANCE: "an instance", Role.INIT: "the model-init", Role.GATEWAY: "the gateway"}
    kind = kinds.get(container.role, "a helper")
    return kind if container.role is Role.GATEWAY else f"{kind} of service `{container.spec.origin[-1]}`"


def _volumes(host: HostPlan, topology: Topology) -> Iterator[Claim]:
    for container in host.containers:
        for mount in container.mounts:
            if mount.kind is MountKind.VOLUME:
                at = mount.origin if mount.origin[:1] == ("stores",) else container.spec.origin
                owner = (*mount.origin, container.name) if mount.target != STORE else mount.origin
                yield Claim(name=mount.source, what=f"`{at[-1]}`", at=at, owner=owner)
    for app in _on(host, topology):
        for name, at, part in _used_volumes(app):
            yield Claim(name=name, what=f"app `{app.name}`", at=at, part=part, owner=("apps",))


def _on(host: HostPlan, topology: Topology) -> list[App]:
    return [app for app in topology.apps.values() if app.host == host.name]


def _used_volumes(app: App) -> Iterator[tuple[str, KeyPath, Part]]:
    """Named volumes of an app, each once; apps may share theirs."""
    found: dict[str, tuple[KeyPath, Part]] = {name: (app.at("volumes", name), "key") for name in app.volumes}
    for index, entry in enumerate(app.compose.get("volumes") or ()):
        match entry:
            case {"type": "volume", "source": str(name)}:
                found.setdefault(name, (app.at("compose", "volumes", index, "source"), "value"))
            case str() if ":" in entry and not entry.startswith(("/", ".", "~")):
                found.setdefault(entry.split(":", 1)[0], (app.at("compose", "volumes", index), "value"))
    yield from ((name, at, part) for name, (at, part) in found.items())


def _twice(host: HostPlan, kind: str, claims: Iterable[Claim]) -> Iterator[Finding]:
    first: dict[str, Claim] = {}
    for claim in claims:
        earlier = first.setdefault(claim.name, claim)
        if earlier.owner != claim.owner:
            yield RULE.finding(
                f"{kind} `{claim.name}` of host `{host.name}` would belong to {earlier.what} and to {claim.what}",
                at=claim.at,
                part=claim.part,
                related=[Location(path=earlier.at, part=earlier.part, label=f"`{claim.name}` is taken here")],
                expected="another name",
            )


def _options(host: HostPlan, topology: Topology) -> Iterator[Finding]:
    """A volume or network may get its options from one app of a host only."""
    first: dict[tuple[str, str], App] = {}
    for app in _on(host, topology):
        for section, options in (("volumes", app.volumes), ("networks", app.networks)):
            for name in options:
                earlier = first.setdefault((section, name), app)
                if getattr(earlier, section)[name] != options[name]:
                    yield RULE.finding(
                        f"apps `{earlier.name}` and `{app.name}` give {section[:-1]} `{name}` of host `{host.name}` "
                        "different options",
                        at=app.at(section, name),
                        part="key",
                        related=[Location(path=earlier.at(section, name), part="key", label="other options here")],
                        expected="its options in one app only",
                    )


RULE = Rule(
    code="CG202",
    slug="name-conflict",
    severity=Severity.ERROR,
    essential=True,
    check=check,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
