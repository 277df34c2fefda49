"""Targets: where a plan can run. One module each, found by being in this folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache

from msgspec import Struct

from composegen.artifacts import Artifact, Literal
from composegen.plan import Plan
from composegen.registry import collect


class Target(Struct, frozen=True, kw_only=True):
    """One way to run a plan: `artifacts` yields the files that it needs."""

    name: str
    summary: str
    artifacts: Callable[[Plan], Iterator[Artifact | Literal]]


@cache
def targets() -> dict[str, Target]:
    """Every target, by name."""
    return {target.name: target for target in collect(sys.modules[__name__], "TARGET")}
