"""The Compose files of one host as one: merged as `docker compose -f` does, `extends` followed, profiles chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import reduce

from msgspec import Struct

from composegen.importing.interpolation import static
from composegen.importing.notes import Account
from composegen.importing.spots import Spot, mapping_of

_REPLACED = frozenset({"command", "entrypoint", "test"})
"""Lists that a later file replaces instead of adding to them (compose-spec, `13-merge.md`)."""

_MAPPINGS = frozenset({"environment", "labels"})
"""What may be written as a list and is merged as a mapping."""


class Stack(Struct, frozen=True, kw_only=True):
    """What runs on one host: its services by name, and the whole file for the rest."""

    host: str
    address: str | None
    root: Spot
    services: Mapping[str, Spot]


def merged(files: Iterable[Spot]) -> Spot:
    """Several files of one host as one, later ones over earlier ones."""
    return reduce(lambda first, second: _merge("", first, second), files)


def _merge(key: str, first: Spot, second: Spot) -> Spot:
    if key in _MAPPINGS:
        return Spot(value={**mapping_of(first), **mapping_of(second)}, place=second.place)
    match first.value, second.value:
        case dict() as old, dict() as new:
            both = {name: _merge(name, old[name], new[name]) for name in old.keys() & new.keys()}
            # In the order of the files, whatever the sets say.
            return Spot(value={**old, **new, **{n: both[n] for n in old if n in both}}, place=first.place)
        case list() as old, list() as new if key not in _REPLACED:
            targets = {_target(entry) for entry in new} if key == "volumes" else set()
            return Spot(value=[*(entry for entry in old if _target(entry) not in targets), *new], place=first.place)
        case _, None:
            return first
        case _:
            return second


def _target(entry: Spot) -> str:
    """Where a mount appears in the container: of two at one place the later one counts."""
    long = entry.get("target")
    if long is not None:
        return long.text or ""
    pieces = (entry.text or "").split(":")
    return pieces[1] if len(pieces) > 1 else pieces[0]


def stack(host: str, address: str | None, root: Spot, profiles: Collection[str], account: Account) -> Stack:
    """The services of a host that `up` starts with these profiles."""
    services = {name: _extended(root, name, account) for name, spot in services_of(root) if spot.is_mapping}
    for name, spot in services_of(root):
        if not spot.is_mapping:
            account.left(spot.place, f"service `{name}`", "it is no mapping")
    return Stack(host=host, address=address, root=root, services=_active(services, profiles, account))


def services_of(root: Spot) -> Iterable[tuple[str, Spot]]:
    """The entries of `services`."""
    section = root.get("services")
    return () if section is None else section.items()


def networks_of(service: Spot) -> list[str]:
    """The networks that a service names."""
    stated = service.get("networks")
    return list(dict.fromkeys([*dict(stated.items()), *stated.words()])) if stated is not None else []


_DEEPEST = 20


def _extended(root: Spot, name: str, account: Account, depth: int = 0) -> Spot:
    """A service with what it takes from another one of the same file."""
    service = root.get("services", name) or root
    extends = service.get("extends")
    if extends is None:
        return service
    other = extends.text or (extends.get("service") or extends).text
    file = extends.get("file")
    parent = root.get("services", other) if other is not None else None
    own = service.without("extends")
    if file is not None or parent is None or not parent.is_mapping or depth > _DEEPEST:
        where = f"{file.text}" if file is not None else f"service `{other}`"
        account.left(
            extends.place, f"what service `{name}` extends ({where})", "only services of the same file are followed"
        )
        return own
    return _merge("", _extended(root, str(other), account, depth + 1), own)


def _profiles(service: Spot) -> list[str]:
    spot = service.get("profiles")
    return [static(word) for word in spot.words()] if spot is not None else []


def _active(services: Mapping[str, Spot], profiles: Collection[str], account: Account) -> Mapping[str, Spot]:
    """Services without profile, or with one that is chosen."""
    active = {}
    for name, service in services.items():
        own = _profiles(service)
        if service.get("provider") is not None:
            account.left(
                service.place,
                f"service `{name}`",
                "it is no container but comes from a provider, such as Docker Model Runner",
            )
        elif own and not set(own) & set(profiles):
            listed = ", ".join(own)
            account.left(
                service.place,
                f"service `{name}`",
                f"it starts only with the profile {listed}; to import it, add --profile",
            )
        else:
            active[name] = service.without("profiles")
            if own:
                account.different(
                    service.place,
                    f"service `{name}` always starts",
                    f"composegen has no profiles; chosen here: {next(one for one in own if one in profiles)}",
                )
    return active


def default_profile(root: Spot, is_server: Mapping[str, bool]) -> str | None:
    """The profile of the first server of models, where every one of them has one; None where one starts without."""
    own = {name: _profiles(service) for name, service in services_of(root) if is_server.get(name)}
    if not own or not all(own.values()):
        return None
    return next(iter(own.values()))[0]
