"""What an app needs, by its environment and by what it depends on, and the names by which it finds that."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct

from composegen.importing import variables
from composegen.importing.interpolation import static, translated
from composegen.importing.spots import Spot
from composegen.importing.stacks import Stack, networks_of

_URL = re.compile(r"(?P<scheme>https?://)(?P<host>[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):(?P<port>[0-9]+)(?P<rest>/.*)?")


_SHORT = re.compile(r"[A-Za-z0-9._-]+:[0-9]+")


_DEFAULT = "OLLAMA_HOST"
"""The variable that gets the address of a service where a need names none."""


class Surroundings(Struct, frozen=True, kw_only=True):
    """What an app may name: containers of its host and servers of all hosts."""

    stack: Stack
    apps: Mapping[str, str]
    """Compose services of this host that are apps, with their names there."""
    servers: Mapping[str, tuple[str, str]]
    """Compose services of this host that serve or pull, with service and container of the topology."""
    serving: Collection[str]
    """Compose services of this host that serve."""
    endpoints: Mapping[tuple[str, int], str]
    """Services of the topology by address and port."""
    secrets: variables.Secrets


class Needs:
    """What an app needs: services with the variable that gets the address, and apps."""

    def __init__(self) -> None:
        self.services: dict[str, str | None] = {}
        self.variables: dict[str, str] = {}
        self.apps: list[str] = []
        self.defaulted: list[str] = []
        self.added: list[str] = []
        """Variables that the app has from now on, by what `needs` does."""
        self.told = False
        """Whether a variable of the app holds the address of a service."""

    def stated(self) -> list[Any]:
        """As a topology states them."""
        found: list[Any] = []
        for service in self.services:
            given = [name for name, of in self.variables.items() if of == service]
            if not given and _DEFAULT in {*self.variables, *self.defaulted}:
                given = [re.sub(r"\W", "_", service).upper() + "_HOST"]
                self.added += given
            found += [{"service": service, "variable": name} if name != _DEFAULT else service for name in given]
            if not given:
                self.defaulted.append(_DEFAULT)
                self.added.append(_DEFAULT)
                found.append(service)
        return [*found, *(app for app in self.apps if app not in found)]


def addresses(environment: Mapping[str, Spot], needs: Needs, around: Surroundings) -> Iterator[tuple[str, str]]:
    """Variables that hold the address of a server: those that `needs` sets from now on, and others with a new value."""
    for key, spot in environment.items():
        text = static(spot.text or "").strip()
        match = _URL.fullmatch(text) or (_URL.fullmatch(f"http://{text}") if _SHORT.fullmatch(text) else None)
        if match is None:
            several = _in_a_list(spot.text or "", needs, around)
            if several != spot.text and several:
                yield key, translated(several)
            continue
        host, port = match["host"].strip("[]"), int(match["port"])
        service, container = around.servers.get(host, (around.endpoints.get((host, port)), host))
        if service is None:
            continue
        needs.services.setdefault(service, None)
        bare = (match["rest"] or "/") == "/" and text.startswith("http")
        if bare and re.fullmatch(r"[A-Za-z_]\w*", key):
            needs.variables[key] = service
            around.secrets.account.taken(spot.place, f"`{key}` -> `needs:` of the app, which sets it")
        elif container != host:
            yield key, translated(spot.text or "").replace(f"{host}:", f"{container}:", 1)


_AMONG_OTHERS = re.compile(r"(?<=//)([A-Za-z0-9._-]+)(?=:[0-9])")


def _in_a_list(text: str, needs: Needs, around: Surroundings) -> str:
    """A text that holds addresses among other words, such as `http://a:11434;http://b:11434`, with today's names."""

    def renamed(match: re.Match[str]) -> str:
        service, container = around.servers.get(match[1], (None, match[1]))
        if service is not None:
            needs.services.setdefault(service, None)
        return container

    return _AMONG_OTHERS.sub(renamed, text)


def depends(service: Spot, name: str, needs: Needs, around: Surroundings) -> None:
    """What a service waits for, as what the app needs."""
    depends = service.get("depends_on")
    if depends is None:
        return
    account = around.secrets.account
    entries = list(depends.items()) or [(entry.text or "", entry) for entry in depends.each()]
    for other, spot in entries:
        condition = spot.get("condition")
        if other in around.servers:
            needs.services.setdefault(around.servers[other][0], None)
            account.taken(
                spot.place,
                f"`depends_on: {other}` of `{name}` -> `needs:`",
                "it waits for the models as well" if service.get("network_mode") is None else _APART,
            )
        elif other in around.apps:
            needs.apps.append(around.apps[other])
            if condition is not None and condition.text == "service_completed_successfully":
                account.left(
                    spot.place,
                    f"that `{name}` waits until `{other}` has ended",
                    "`needs` an app waits for its start or its health; a compose.override.yaml can say more",
                )
        else:
            account.left(spot.place, f"`depends_on: {other}` of `{name}`", "there is no such container now")
        if spot.text_at("restart") == "true":
            account.left(
                spot.place,
                f"that `{name}` is restarted with `{other}`",
                "`needs` says what starts first; a compose.override.yaml can say more",
            )


_APART = "with a `network_mode` of its own it waits for the models, where the service lists some, and for no server"


def alias(compose: dict[str, Any], name: str, app: str) -> None:
    """Keep the old name of a container that is called otherwise now."""
    if app == name or "network_mode" in compose:
        return
    named = _by_name(compose.get("networks")) or {"default": None}
    for key, options in named.items():
        own = dict(options) if isinstance(options, dict) else {}
        named[key] = own | {"aliases": [*_texts(own.get("aliases")), name]}
    compose["networks"] = named


def _by_name(networks: Any) -> dict[str, Any]:
    """Networks in the long form."""
    return dict(networks) if isinstance(networks, dict) else dict.fromkeys(_texts(networks))


def _texts(value: Any) -> list[str]:
    """The texts of a list; nothing of anything else."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def links(compose: dict[str, Any], name: str, needs: Needs, around: Surroundings, service: Spot) -> None:
    """An app that names its server nowhere in the file has it in a file of its own: keep the old name for it."""
    own = {old: to for old, (of, to) in around.servers.items() if of in needs.services and old in around.serving}
    if not own or "network_mode" in compose:
        return
    compose["links"] = [*_texts(compose.get("links")), *(f"{container}:{old}" for old, container in own.items())]
    for old, container in own.items():
        around.secrets.account.different(
            service.place,
            f"`{name}` reaches `{container}` by the old name `{old}` too",
            "its own configuration may name it; `links` keeps the name",
        )


def nearby(compose: dict[str, Any], name: str, needs: Needs, around: Surroundings, service: Spot) -> None:
    """An app that shares a network with a server and has no need for it: keep the two together.

    Servers are on the network of the project; what `needs` one is put there by that.
    """
    named = _by_name(compose.get("networks"))
    if needs.services or "default" in named:
        return
    theirs = {n for one in around.serving for n in networks_of(around.stack.services[one])}
    shared = [network for network in named if network in theirs]
    account = around.secrets.account
    closed = [one for one in shared if (spot := around.stack.root.get("networks", one, "internal")) and spot.value]
    if shared and len(closed) == len(shared):
        account.left(
            service.place,
            f"the network `{shared[0]}` that `{name}` shares with servers of models",
            "servers are on the network of the project, and this one has no way out, which is kept; a `needs` of the "
            "app, or `default` among its `networks`, brings them together",
        )
    elif shared:
        compose["networks"] = {**named, "default": None} if _has_options(named) else [*named, "default"]
        account.different(
            service.place,
            f"`{name}` is on the network of the project as well",
            f"it shares `{shared[0]}` with servers of models, and these are on that one; take `default` out where it "
            "has nothing to ask them",
        )


def _has_options(networks: dict[str, Any]) -> bool:
    return any(options is not None for options in networks.values())


def renamed(spot: Spot, around: Surroundings) -> Spot:
    """`service:NAME` with the name that the container has now."""
    kind, colon, other = (spot.text or "").partition(":")
    if kind != "service" or not colon:
        return spot
    now = around.servers[other][1] if other in around.servers else around.apps.get(other, other)
    return Spot(value=f"{kind}:{now}", place=spot.place)
