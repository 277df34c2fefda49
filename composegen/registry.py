"""Plug-ins are modules found by being in a folder; each holds one record under an agreed name."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def collect(package: ModuleType, constant: str) -> tuple[Any, ...]:
    """Import each module of `package` whose name does not start with `_` and return its `constant`, by module name.

    Raises AttributeError when a module lacks the constant: a file in the folder is a plug-in or does not belong there.
    """
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    return tuple(getattr(importlib.import_module(f"{package.__name__}.{name}"), constant) for name in names)
