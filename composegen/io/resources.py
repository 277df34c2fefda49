"""What travels with the program: templates, schemas, sample topologies.

In a wheel they are in `composegen/_data`; in a checkout they are the top-level folders themselves. The place is found
relative to this file, never through the installed distribution, which may hold a stale copy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from composegen.errors import ComposegenError

_PACKAGE = Path(__file__).resolve().parent.parent


def root() -> Path:
    """The folder that holds `templates/`, `schemas/` and `samples/`."""
    shipped = _PACKAGE / "_data"
    return shipped if shipped.is_dir() else _PACKAGE.parent


@cache
def templates() -> Mapping[str, str]:
    """Every template by its path below `templates/`, with `/`."""
    folder = root() / "templates"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.j2"))
        if path.is_file()
    }


def schema_text() -> str:
    """The JSON Schema of the topology, as shipped."""
    return (root() / "schemas" / "topology.schema.json").read_text(encoding="utf-8")


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of the topology; what editors check and what composegen checks is this one file."""
    document: Mapping[str, Any] = json.loads(schema_text())
    return document


@cache
def compose_schema() -> Mapping[str, Any]:
    """The JSON Schema of Compose files that the package check-jsonschema carries; no network is asked."""
    package = find_spec("check_jsonschema")  # found, not imported: it brings much that is not needed here
    if package is None or package.origin is None:
        raise ComposegenError("the package check-jsonschema is not installed: composegen needs it")
    vendored = Path(package.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    document: Mapping[str, Any] = json.loads(vendored.read_text(encoding="utf-8"))
    return document


def samples() -> tuple[str, ...]:
    """Names of the shipped samples: the folders of `samples/` that hold a topology."""
    return tuple(sorted(path.parent.name for path in (root() / "samples").glob("*/topology.yaml")))


def sample(name: str) -> Mapping[str, bytes]:
    """The input files of a sample by their path in its folder; what it renders to (`expected/`) is left out.

    Raises ComposegenError when there is no sample of that name.
    """
    if name not in samples():
        raise ComposegenError(f"there is no sample {name!r}; there are: {', '.join(samples())}")
    folder = root() / "samples" / name
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and is_input(path.relative_to(folder).parts)
    }


def is_input(parts: tuple[str, ...]) -> bool:
    """Whether a file of a sample's folder is something that a user would write, by the parts of its path there."""
    return parts[0] not in {"expected", "README.md", "plan.txt", "findings.txt"}
