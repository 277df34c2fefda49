from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from composegen import __version__
from composegen.findings import Finding, Location, Severity, Span
from composegen.report import Sources
from composegen.report.json import report
from composegen.suppressions import Allowed

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "findings.schema.json").read_text())


def locate(location: Location) -> Span:
    line = len(location.path)
    return Span(line=line, column=1 if location.part == "key" else 7, end_line=line, end_column=9)


SOURCES = Sources(name="topology.yaml", texts={"topology.yaml": "name: x\n"}, locate=locate)
FINDING = Finding(
    code="CG201",
    slug="port-conflict",
    severity=Severity.WARNING,
    message="port `11434` is taken",
    where=Location(path=("services", "ollama", "models", 2)),
    expected="a free port",
    hint="11435 is free",
    related=(Location(path=("apps",), part="key", label="also published here"),),
)


def test_everything_of_a_finding() -> None:
    document = json.loads(report([FINDING], SOURCES))
    assert document == {
        "version": 1,
        "tool": {"name": "composegen", "version": __version__},
        "findings": [
            {
                "code": "CG201",
                "slug": "port-conflict",
                "severity": "warning",
                "message": "port `11434` is taken",
                "file": "topology.yaml",
                "line": 4,
                "column": 7,
                "end": {"line": 4, "column": 9},
                "path": "services.ollama.models[2]",
                "label": "",
                "expected": "a free port",
                "hint": "11435 is free",
                "related": [
                    {
                        "file": "topology.yaml",
                        "line": 1,
                        "column": 1,
                        "end": {"line": 1, "column": 9},
                        "path": "apps",
                        "label": "also published here",
                    }
                ],
            }
        ],
        "allowed": [],
        "summary": {"errors": 0, "warnings": 1, "notes": 0, "allowed": 0},
    }
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_what_is_allowed_stands_apart_with_its_reason() -> None:
    other = replace(FINDING, where=Location(path=("apps",)))
    allowed = (Allowed(finding=FINDING, reason="never both up"), Allowed(finding=other, reason="a lab"))
    document = json.loads(report([], replace(SOURCES, allowed=allowed)))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["findings"] == []
    assert [(one["path"], one["reason"]) for one in document["allowed"]] == [
        ("apps", "a lab"),
        ("services.ollama.models[2]", "never both up"),
    ]
    assert document["summary"] == {"errors": 0, "warnings": 0, "notes": 0, "allowed": 2}


def test_no_findings() -> None:
    document = json.loads(report([], SOURCES))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["findings"] == []


def test_the_schema_is_a_schema_and_can_refuse() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(report([FINDING], SOURCES))
    del document["findings"][0]["hint"]
    with pytest.raises(jsonschema.ValidationError, match="hint"):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
