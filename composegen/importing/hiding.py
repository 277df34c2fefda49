"""Secrets in parts of a service where no topology can name one: these parts are left out."""

from __future__ import annotations

from collections.abc import Iterator

from composegen.importing import variables
from composegen.importing.spots import Spot

_AS_A_WHOLE = frozenset({"command", "entrypoint", "healthcheck", "image", "build"})
"""Keys that mean nothing in parts."""


def without_secrets(spot: Spot, key: str) -> Spot | None:
    """A value of a service without those of its parts that tell a secret; None where nothing is left."""
    match spot.value:
        case dict() | list() if key in _AS_A_WHOLE:
            told = [one.text or "" for one in texts(spot)]
            return None if any(map(variables.tells_secret, (*told, " ".join(told)))) else spot
        case dict() as parts:
            kept = {
                name: one
                for name, one in parts.items()
                if not any(variables.tells_secret(t.text or "", name) for t in texts(one))
            }
            return spot if kept == parts else Spot(value=kept, place=spot.place) if kept else None
        case list() as items:
            left = [one for one in items if not any(variables.tells_secret(t.text or "") for t in texts(one))]
            return spot if left == items else Spot(value=left, place=spot.place) if left else None
    return None if variables.tells_secret(spot.text or "") else spot


def texts(spot: Spot) -> Iterator[Spot]:
    """Every scalar below a value."""
    for inner in (*(one for _, one in spot.items()), *spot.each()):
        yield from texts(inner)
    if spot.text is not None:
        yield spot
