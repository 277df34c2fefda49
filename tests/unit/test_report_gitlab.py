from __future__ import annotations

import json
from pathlib import PurePosixPath

from composegen.findings import Severity
from composegen.report.gitlab import report
from tests.reporting import ALL, NAME, SOURCES, finding

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}
"""The words that GitLab's documentation lists."""


def test_an_issue() -> None:
    found = json.loads(report([finding(Severity.WARNING)], SOURCES))
    fingerprint = found[0].pop("fingerprint")
    assert len(fingerprint) == 32
    assert found == [
        {
            "description": "port `1` is taken; expected another port; port 2 is free",
            "check_name": "CG706 floating-tag",
            "severity": "minor",
            "location": {"path": NAME, "lines": {"begin": 4, "end": 4}},
        }
    ]


def test_every_issue_has_what_gitlab_asks_for() -> None:
    found = json.loads(report(ALL, SOURCES))
    assert len({issue["fingerprint"] for issue in found}) == len(ALL)
    assert {issue["severity"] for issue in found} == {"info", "minor", "major"} <= SEVERITIES
    for issue in found:
        assert issue["description"]
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith("./")


def test_paths_are_relative_where_they_can_be() -> None:
    paths = [PurePosixPath(issue["location"]["path"]) for issue in json.loads(report(ALL, SOURCES))]
    assert {str(path) for path in paths if path.is_absolute()} == {"/etc/other.env"}


def test_no_findings_are_an_empty_array() -> None:
    assert json.loads(report([], SOURCES)) == []
