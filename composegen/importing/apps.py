"""The other services of Compose files: apps of a topology, in Compose's own words, with what they need."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from composegen.importing import variables
from composegen.importing.checks import by_their_shell
from composegen.importing.draft import Draft
from composegen.importing.hiding import shown, texts
from composegen.importing.interpolation import references, static
from composegen.importing.mounts import mounts_of, translated_data
from composegen.importing.names import free, name_of
from composegen.importing.needs import Needs, Surroundings, addresses, alias, depends, links, nearby, renamed
from composegen.importing.notes import Account
from composegen.importing.spots import Spot, mapping_of
from composegen.importing.stacks import Stack, networks_of
from composegen.rules.owned_key import OWNED_BY_THE_FILE

GATEWAY = "traefik"
"""What the container of a gateway is called, and no app."""


def names(stack: Stack, others: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """Names of apps for the services of a host that are no servers and no pullers."""
    found: dict[str, str] = {}
    for name in stack.services:
        if name not in others:
            wish = name_of(name, "app")
            found[name] = free("proxy" if wish == GATEWAY else wish, {*taken, *found.values()})
    return found


def add(result: Draft, name: str, app: str, around: Surroundings) -> None:
    """Add a service of Compose to the topology as an app."""
    service = by_their_shell(around.stack.services[name])
    needs = Needs()
    compose = {key: translated_data(spot) for key, spot in _kept(service, name, around)}
    if environment := _environment(service, name, needs, around):
        compose["environment"] = environment
    depends(service, name, needs, around)
    alias(compose, name, app)
    if needs.services and not needs.told:
        links(compose, name, needs, around, service)
    nearby(compose, name, needs, around, service)
    entry: dict[str, Any] = {"host": around.stack.host}
    if stated := needs.stated():
        entry["needs"] = stated
        _tell_added(service, name, needs, around.secrets.account)
    entry["compose"] = compose
    entry |= _top(around.stack, service, name, around.secrets.account)
    result.put(("apps", app), entry, service.place)
    _remember(result, app, service)
    _without_defaults(service, around.secrets.account)
    around.secrets.account.kept(service.place, f"service `{name}` -> app `{app}`")


def _tell_added(service: Spot, name: str, needs: Needs, account: Account) -> None:
    """Say which variables an app has from now on, whether it reads them or not."""
    for variable in needs.added:
        if variable not in mapping_of(service.get("environment")):
            account.different(
                service.place, f"`{name}` gets `{variable}`", "by `needs` an app has the address of its service"
            )


def _environment(service: Spot, name: str, needs: Needs, around: Surroundings) -> dict[str, Any]:
    """The variables of an app, but for those that `needs` sets from now on."""
    environment = dict(mapping_of(service.get("environment")))
    urls = dict(addresses(environment, needs, around))
    needs.told = bool(urls or needs.variables)
    for key, address in urls.items():
        around.secrets.account.different(
            environment[key].place,
            f"`{key}` of `{name}` becomes `{address}`",
            "containers of Ollama are called after their service and a number",
        )
    own = {key: spot for key, spot in environment.items() if key not in needs.variables and key not in urls}
    stated = variables.of_container(own, name, around.secrets) | urls
    return {key: stated[key] for key in environment if key in stated}


def _remember(result: Draft, app: str, service: Spot) -> None:
    """From which lines the parts of an app come."""
    for key, spot in service.items():
        result.places[("apps", app, "compose", key)] = spot.place
        for inner, value in mapping_of(spot).items() if key == "environment" else ():
            result.places[("apps", app, "compose", key, inner)] = value.place


def _without_defaults(service: Spot, account: Account) -> None:
    """Tell of variables that are to be set when the topology is rendered, or are empty."""
    for spot in texts(service.without("environment")):
        for reference in references(spot.text or ""):
            if reference.default is None:
                account.todo(
                    spot.place,
                    f"set {reference.name} for `composegen render`, in the shell or in `.env` beside the topology",
                    "it has no default, and is empty otherwise; Compose took it at `up`",
                )


def _kept(service: Spot, name: str, around: Surroundings) -> Iterator[tuple[str, Spot]]:
    """The keys of a service that an app has as they are."""
    account = around.secrets.account
    for key, spot in service.items():
        if key in {"environment", "depends_on"} or (key == "links" and set(spot.words()) & set(around.servers)):
            continue
        if key in OWNED_BY_THE_FILE:
            account.left(spot.place, f"`{key}` of `{name}`", _OF_THE_FILE)
        elif key in _NAMING:
            yield key, renamed(spot, around)
        elif spot.value is not None:
            clean = shown(spot, key, name, around.secrets.known, account)
            if clean is not None:
                yield key, clean
    _to_bring(service, name, around)


_NAMING = frozenset({"network_mode", "pid", "ipc"})
"""Keys that may name another container."""
_OF_THE_FILE = "it names a part of the file that composegen does not write; a compose.override.yaml can"


def _to_bring(service: Spot, name: str, around: Surroundings) -> None:
    """Tell of files and folders that must stand beside the generated file."""
    found = [(mount.place, f"`{mount.source}`") for mount in mounts_of(service) if mount.source.startswith(".")]
    found += [(entry.place, f"`{file}`") for entry, file in _env_files(service) if not file.startswith(("/", "~"))]
    if (build := service.get("build")) is not None:
        found.append((build.place, "the build context"))
    for place, what in found:
        around.secrets.account.todo(
            place,
            f"bring {what} of `{name}` into the folder of host `{around.stack.host}`",
            "relative paths count from the generated compose.yaml; `directory:` of the host says where that is",
        )


def _env_files(service: Spot) -> Iterator[tuple[Spot, str]]:
    """The files of variables without which a container does not start."""
    listed = service.get("env_file")
    for entry in (list(listed.each()) or [listed]) if listed is not None else ():
        file = static(entry.text or entry.text_at("path"))
        if file and entry.text_at("required") != "false":
            yield entry, file


def _top(stack: Stack, service: Spot, name: str, account: Account) -> dict[str, Any]:
    """Options of the volumes and networks that an app uses."""
    volumes: dict[str, Any] = {}
    for mount in mounts_of(service):
        definition = stack.root.get("volumes", mount.source)
        if definition is not None and definition.value:
            volumes[mount.source] = translated_data(definition)
    networks: dict[str, Any] = {}
    for network in networks_of(service):
        definition = stack.root.get("networks", network)
        if definition is not None and definition.value and network != "default":
            networks[network] = translated_data(definition)
    for key, found in (("volumes", volumes), ("networks", networks)):
        for entry in found:
            account.kept(service.place, f"options of {key[:-1]} `{entry}` of `{name}`")
    return {key: found for key, found in (("volumes", volumes), ("networks", networks)) if found}
