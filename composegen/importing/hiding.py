"""Secrets in parts of a service where no topology can name one: these parts are left out, and told."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from composegen.importing import variables
from composegen.importing.interpolation import static
from composegen.importing.notes import Account
from composegen.importing.spots import Spot, mapping_of

_AS_A_WHOLE = frozenset({"command", "entrypoint", "healthcheck", "image", "build"})
"""Keys that mean nothing in parts."""

_REPEATED = frozenset({"command", "entrypoint", "healthcheck", "labels"})
"""Keys in which people write the value of a secret variable once more."""

_SHORTEST = 6
"""Characters of a secret that is looked for elsewhere; shorter ones stand in other words."""

_NOT_HERE = (
    "it holds a secret, or a variable that holds one, and only `environment` can name secrets: hand it over there, or "
    "write it into a compose.override.yaml"
)


def shown(spot: Spot, key: str, name: str, known: Collection[str], account: Account) -> Spot | None:
    """A value of the service `name` without those of its parts that tell a secret, each told; None for nothing left.

    `known`: values of secrets that stand elsewhere in the files.
    """
    clean = without_secrets(spot, key, known if key in _REPEATED else ())
    if clean is not spot:
        account.left(spot.place, f"{'' if clean is None else 'a part of '}`{key}` of `{name}`", _NOT_HERE)
    return clean


def without_secrets(spot: Spot, key: str, known: Collection[str] = ()) -> Spot | None:
    """A value of a service without those of its parts that tell a secret; None where nothing is left."""

    def tells(text: str, name: str = "") -> bool:
        return variables.tells_secret(text, name) or any(_stands_in(value, text) for value in known)

    match spot.value:
        case dict() | list() if key in _AS_A_WHOLE:
            told = [one.text or "" for one in texts(spot)]
            return None if any(map(tells, (*told, " ".join(told)))) else spot
        case dict() as parts:
            kept = {name: one for name, one in parts.items() if not any(tells(t.text or "", name) for t in texts(one))}
            return spot if kept == parts else Spot(value=kept, place=spot.place) if kept else None
        case list() as items:
            left = [one for one in items if not any(tells(t.text or "") for t in texts(one))]
            return spot if left == items else Spot(value=left, place=spot.place) if left else None
    return None if tells(spot.text or "") else spot


def _stands_in(value: str, text: str) -> bool:
    """Whether a value stands in a text as a word, or right behind `-p` as MySQL's programs have it."""
    return re.search(rf"(?:(?<![\w-])|(?<=\s-p)){re.escape(value)}(?![\w-])", text) is not None


def known(services: Iterable[Spot]) -> frozenset[str]:
    """The values of secret variables; those that are no secret elsewhere (`postgres`) are none."""
    secret: set[str] = set()
    plain: set[str] = set()
    for service in services:
        for name, spot in mapping_of(service.get("environment")).items():
            (secret if variables.is_secret(name, spot.text or "") else plain).add(static(spot.text or ""))
    return frozenset(value for value in secret - plain if len(value) >= _SHORTEST)


def texts(spot: Spot) -> Iterator[Spot]:
    """Every scalar below a value."""
    for inner in (*(one for _, one in spot.items()), *spot.each()):
        yield from texts(inner)
    if spot.text is not None:
        yield spot
