from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from msgspec.structs import replace

from composegen.codes import pages
from composegen.findings import Location, Severity
from composegen.report import Sources
from composegen.report.sarif import FINGERPRINT, report
from tests import official
from tests.reporting import ALL, NAME, SOURCES, finding, locate


def run_of(*findings: Any, sources: Sources = SOURCES) -> Any:
    document = json.loads(report(findings, sources))
    assert official.errors(official.SARIF, document) == []
    return document["runs"][0]


def test_the_official_schema_accepts_everything() -> None:
    assert len(run_of(*ALL)["results"]) == len(ALL)


@pytest.mark.slow
def test_every_code_can_be_described() -> None:
    findings = [replace(finding(), code=page.code, slug=page.slug, severity=page.severity) for page in pages()]
    rules = run_of(*findings)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [page.code for page in pages()]
    assert all(rule["help"]["markdown"] and rule["shortDescription"]["text"] for rule in rules)


def test_the_schema_can_refuse() -> None:
    document = json.loads(report(ALL, SOURCES))
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert official.errors(official.SARIF, document)


def test_no_findings_are_an_empty_list() -> None:
    run = run_of()
    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []
    assert run["tool"]["driver"]["name"] == "composegen"


def test_a_result() -> None:
    run = run_of(finding(Severity.WARNING))
    result = run["results"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("CG706", 0, "warning")
    assert result["message"]["text"] == "port `1` is taken; expected another port; port 2 is free"
    place = result["locations"][0]
    assert place["logicalLocations"] == [{"fullyQualifiedName": "services.chat[2]"}]
    assert place["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 7, "endLine": 4, "endColumn": 12}
    rule = run["tool"]["driver"]["rules"][0]
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert rule["shortDescription"]["text"] == "An image may be another one tomorrow."
    assert "## What to do" in rule["help"]["markdown"]


def test_each_result_points_at_its_rule() -> None:
    run = run_of(*ALL)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        result["ruleId"] for result in run["results"]
    ]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("topology.yaml", "topology.yaml"),
        ("./a/../topology.yaml", "a/../topology.yaml"),
        ("/srv/repo/a b/t.yaml", "a%20b/t.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("a:b#c?d%.yaml", "a%3Ab%23c%3Fd%25.yaml"),
    ],
)
def test_files_are_relative_references(file: str, uri: str) -> None:
    artifact = run_of(finding(), sources=replace(SOURCES, name=file))["results"][0]["locations"][0]
    assert artifact["physicalLocation"]["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}


def test_files_outside_are_absolute() -> None:
    artifact = run_of(ALL[-1])["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///etc/other.env"}


def test_an_uri_can_be_read_back() -> None:
    artifact = run_of(finding())["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert unquote(artifact["uri"]) == NAME
    assert artifact["uri"].isascii()


def test_related_places_have_numbers_and_words() -> None:
    related = run_of(ALL[4])["results"][0]["relatedLocations"]
    assert [place["id"] for place in related] == [1, 2]
    assert all(place["message"]["text"] for place in related)


def fingerprints(*findings: Any, sources: Sources = SOURCES) -> list[str]:
    return [result["partialFingerprints"][FINGERPRINT] for result in run_of(*findings, sources=sources)["results"]]


def test_fingerprints_are_unique() -> None:
    assert len(set(fingerprints(*ALL, *ALL))) == 2 * len(ALL)


def test_a_fingerprint_outlives_moved_lines_better_words_and_another_severity() -> None:
    def lower(location: Location) -> Any:
        span = locate(location)
        return replace(span, line=span.line + 50, end_line=span.end_line + 50)

    before = fingerprints(finding())
    assert fingerprints(replace(finding(), message="said better", hint="", expected="")) == before
    assert fingerprints(finding(), sources=replace(SOURCES, locate=lower)) == before
    assert fingerprints(finding(), sources=replace(SOURCES, name=NAME)) == before
    assert fingerprints(replace(finding(), severity=Severity.NOTE)) == before


@pytest.mark.parametrize(
    "other",
    [
        finding(Severity.ERROR, "services", "chat", 3),
        finding(Severity.ERROR, "services", "chat", "2"),
        finding(Severity.ERROR, "services.chat", 2),
        replace(finding(), code="CG202"),
        replace(finding(), where=Location(path=("services", "chat", 2), part="key")),
    ],
)
def test_another_finding_has_another_fingerprint(other: Any) -> None:
    assert fingerprints(other) != fingerprints(finding())
