"""Health checks that name variables of their container, such as `pg_isready -U ${POSTGRES_USER}`.

Compose puts the value in at `up`, from `.env`; a topology knows no such value. The shell of the check has it, though.
"""

from __future__ import annotations

import re

from composegen.importing.spots import Spot, mapping_of


def by_their_shell(service: Spot) -> Spot:
    """The service with a health check whose shell looks up the variables that its container has by the same name."""
    check, test = service.get("healthcheck"), service.get("healthcheck", "test")
    own = [name for name, spot in mapping_of(service.get("environment")).items() if _comes_from_outside(name, spot)]
    if check is None or test is None or not own or (test.words()[:1] != ["CMD-SHELL"] and test.text is None):
        return service
    named = re.compile(rf"(?<!\$)\$(?:({'|'.join(own)})\b|\{{({'|'.join(own)})\}})")
    asked = _each(test, named)
    return _with(service, "healthcheck", _with(check, "test", asked))


def _comes_from_outside(name: str, spot: Spot) -> bool:
    """Whether a variable of a container is the one of the same name in the shell or in `.env`."""
    return re.fullmatch(r"[A-Za-z_]\w*", name) is not None and spot.text in (None, f"${name}", f"${{{name}}}")


def _each(test: Spot, named: re.Pattern[str]) -> Spot:
    if test.text is not None:
        return Spot(value=named.sub(r"$${\1\2}", test.text), place=test.place)
    return Spot(value=[_each(word, named) for word in test.each()], place=test.place)


def _with(spot: Spot, key: str, value: Spot) -> Spot:
    return Spot(value={**dict(spot.items()), key: value}, place=spot.place)
