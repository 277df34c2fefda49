"""Environment variables of containers, from the topology's values to the plan's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from composegen.keypath import KeyPath
from composegen.plan import SecretRef, Variable
from composegen.topology import EnvironmentValue, Secret


def variable(name: str, value: EnvironmentValue, origin: KeyPath) -> Variable:
    """One variable as the topology states it."""
    return Variable(
        name=name, value=SecretRef(name=value.secret) if isinstance(value, Secret) else str(value), origin=origin
    )


def literal(values: Mapping[str, str]) -> dict[str, Variable]:
    """Variables that composegen itself sets."""
    return {name: Variable(name=name, value=value) for name, value in values.items()}


def sorted_variables(values: Mapping[str, Variable]) -> tuple[Variable, ...]:
    """In the order of their names: the order in the topology must not move a line."""
    return tuple(values[name] for name in sorted(values))


def of_compose(environment: Any, origin: KeyPath) -> dict[str, Variable]:
    """The variables of a Compose `environment`, which is a mapping or a list of `NAME=value`."""
    if isinstance(environment, list | tuple):
        found = {}
        for index, entry in enumerate(environment):
            name, equals, value = str(entry).partition("=")
            found[name] = Variable(name=name, value=value if equals else None, origin=(*origin, index))
        return found
    return {
        name: Variable(name=name, value=_of_compose_value(value), origin=(*origin, name))
        for name, value in (environment or {}).items()
    }


def _of_compose_value(value: Any) -> str | SecretRef | None:
    match value:
        case None:
            return None
        case Mapping():
            return SecretRef(name=str(value["secret"]))
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
