from __future__ import annotations

import re

from composegen.findings import Severity
from composegen.report.github import report
from tests.reporting import ALL, HOSTILE, NAME, RELATED, SOURCES, finding


def read(line: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner of GitHub Actions reads it: properties up to the first `::`, escapes undone."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert match, line
    properties = dict(part.split("=", 1) for part in match[2].split(","))
    return match[1], {key: _plain(value) for key, value in properties.items()}, _plain(match[3])


def _plain(text: str) -> str:
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def test_a_command() -> None:
    assert report([finding()], SOURCES) == (
        "::error file=deploy/top%2C 1%25%3A ü.yaml,line=4,endLine=4,col=7,endColumn=12,title=CG201 port-conflict"
        "::port `1` is taken%0Aexpected another port%0Aport 2 is free\n"
    )


def test_severities_have_commands_and_the_gravest_come_first() -> None:
    places = {Severity.NOTE: ("a",), Severity.WARNING: ("a", "b"), Severity.ERROR: ("a", "b", "c")}
    found = [finding(severity, *path) for severity, path in places.items()]
    assert [read(line)[0] for line in report(found, SOURCES).splitlines()] == ["error", "warning", "notice"]


def test_a_place_on_several_lines_has_no_columns() -> None:
    _, properties, _ = read(report([finding(Severity.ERROR, "a", "block")], SOURCES).rstrip("\n"))
    assert (properties["line"], properties["endLine"]) == ("3", "5")
    assert "col" not in properties
    assert "endColumn" not in properties


def test_a_value_neither_ends_its_line_nor_begins_a_command() -> None:
    lines = report([RELATED], SOURCES).split("\n")
    assert len(lines) == 2
    command, properties, message = read(lines[0])
    assert (command, properties["file"]) == ("error", NAME)
    assert "100%, x: y␍␊::error::z ␛[31m" in message
    assert "\x1b" not in message
    assert HOSTILE not in message


def test_no_findings_are_no_lines() -> None:
    assert report([], SOURCES) == ""


def test_every_finding_is_one_line() -> None:
    assert len([read(line) for line in report(ALL, SOURCES).split("\n")[:-1]]) == len(ALL)
