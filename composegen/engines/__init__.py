"""Engines: the programs that serve models. One module each, found by being in this folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from composegen.registry import collect


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One engine. `instance` and `init` make its containers; see `engines.ollama` for the contract."""

    name: str
    summary: str
    image: str
    """Default image."""
    instance: Callable[..., object]
    init: Callable[..., object]


@cache
def engines() -> dict[str, Engine]:
    """Every engine, by name."""
    return {engine.name: engine for engine in collect(sys.modules[__name__], "ENGINE")}
