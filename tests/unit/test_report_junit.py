from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from msgspec.structs import replace

from composegen.findings import Finding, Severity
from composegen.report import Sources
from composegen.report.junit import report
from tests.reporting import ALL, HOSTILE, NAME, RELATED, SOURCES, finding


def suite(*findings: Finding, sources: Sources = SOURCES) -> ET.Element:
    root = ET.fromstring(report(findings, sources).encode("utf-8"))  # noqa: S314 - written here
    assert root.tag == "testsuites"
    assert [child.tag for child in root] == ["testsuite"]
    assert {key: root.attrib[key] for key in ("tests", "failures", "skipped")} == {
        key: root[0].attrib[key] for key in ("tests", "failures", "skipped")
    }
    return root[0]


def test_an_error_is_a_failed_test() -> None:
    case = suite(finding())[0]
    assert case.attrib == {
        "classname": NAME,
        "name": "CG201 port-conflict services.chat[2]",
        "file": NAME,
        "line": "4",
    }
    assert (case[0].tag, case[0].attrib) == ("failure", {"type": "CG201", "message": "port `1` is taken"})
    assert case[0].text == f"port `1` is taken\nexpected another port\nport 2 is free\n{NAME}:4:7"


def test_warnings_and_notes_are_skipped_tests() -> None:
    found = suite(finding(Severity.WARNING), finding(Severity.NOTE))
    assert [case[0].tag for case in found] == ["skipped", "skipped"]
    assert [case[0].attrib["message"].partition(":")[0] for case in found] == ["warning", "note"]


def test_the_counts_are_those_of_the_tests() -> None:
    found = suite(*ALL)
    kinds = Counter(case[0].tag for case in found)
    assert (int(found.attrib["failures"]), int(found.attrib["skipped"])) == (kinds["failure"], kinds["skipped"])
    assert int(found.attrib["tests"]) == len(found) == len(ALL)


def test_the_names_of_tests_are_unique_and_have_no_lines() -> None:
    names = [case.attrib["name"] for case in suite(*ALL)]
    assert len(set(names)) == len(ALL)
    assert "CG201 port-conflict services.chat[2] (2)" in names


def test_no_findings_are_one_passed_test() -> None:
    found = suite()
    assert found.attrib["failures"] == "0"
    assert [(case.tag, case.attrib["name"], len(case)) for case in found] == [("testcase", "no findings", 0)]


def test_what_xml_cannot_hold_becomes_visible() -> None:
    message = suite(RELATED)[0][0].attrib["message"]
    assert message.startswith("a `<b>&\"'` 100%, x: y␍\n::error::z ␛[31m \ufffd <U+202E>")


def test_hostile_names_of_files() -> None:
    found = suite(finding(), sources=replace(SOURCES, name=f"x\x00{HOSTILE}.yaml"))
    assert "\x00" not in found[0].attrib["classname"]
