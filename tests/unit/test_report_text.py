from __future__ import annotations

import re

import pytest

from composegen.findings import Finding, Location, Severity, Span
from composegen.keypath import KeyPath
from composegen.report import Sources, hiding
from composegen.report.excerpt import WIDTH, excerpt, visible, width
from composegen.report.hiding import END
from composegen.report.text import report, summary
from tests.sampling import compile_text

TOPOLOGY = """\
name: ollama
hosts:
  server80:
    address: 10.0.0.80
  server84:
    adress: 10.0.0.84
services:
\tollama: {}
"""


def span(line: int, start: int, end: int, end_line: int | None = None) -> Span:
    return Span(line=line, column=start, end_line=end_line or line, end_column=end)


def finding(where: Location, **more: object) -> Finding:
    values = {"code": "CG104", "slug": "unknown-key", "severity": Severity.ERROR, "message": "m", **more}
    return Finding(where=where, **values)  # type: ignore[arg-type]  # the tests pass what a finding takes


def sources(text: str = TOPOLOGY, places: dict[KeyPath, Span] | None = None) -> Sources:
    def locate(location: Location) -> Span:
        return (places or {})[location.path]

    return Sources(name="topology.yaml", texts={"topology.yaml": text}, locate=locate if places is not None else None)


def test_the_screen() -> None:
    path = ("hosts", "server84", "adress")
    problem = finding(
        Location(path=path, part="key", label="not a host setting"),
        message="unknown key `adress` in host `server84`",
        expected="one of: address, bind, directory, docker, gpus, ssh",
        hint="did you mean `address`?",
    )
    assert report([problem], sources(places={path: span(6, 5, 11)}), ending="nothing was written") == (
        "error[CG104]: unknown key `adress` in host `server84`\n"
        "  --> topology.yaml:6:5\n"
        "   |\n"
        " 5 |   server84:\n"
        " 6 |     adress: 10.0.0.84\n"
        "   |     ^^^^^^ not a host setting\n"
        "   = expected one of: address, bind, directory, docker, gpus, ssh\n"
        "   = help: did you mean `address`?         composegen explain CG104\n"
        "\n"
        "1 error; nothing was written\n"
    )


def test_related_places_come_after_the_first() -> None:
    problem = finding(
        Location(span=span(6, 5, 11)), related=(Location(span=span(3, 3, 11), label="also here"),), message="twice"
    )
    assert report([problem], sources()) == (
        "error[CG104]: twice\n"
        "  --> topology.yaml:6:5\n"
        "   |\n"
        " 5 |   server84:\n"
        " 6 |     adress: 10.0.0.84\n"
        "   |     ^^^^^^\n"
        "  ::: topology.yaml:3:3\n"
        "   |\n"
        " 2 | hosts:\n"
        " 3 |   server80:\n"
        "   |   -------- also here\n"
        "   = help: composegen explain CG104\n"
        "\n"
        "1 error\n"
    )


def test_sorted_by_file_and_line_the_gravest_first() -> None:
    problems = [
        finding(Location(span=span(3, 1, 2)), message="third"),
        finding(Location(span=span(2, 1, 2)), message="second", severity=Severity.WARNING),
        finding(Location(span=span(2, 1, 2)), message="first"),
        finding(Location(file=".env", span=span(9, 1, 2)), message="zeroth", severity=Severity.NOTE),
    ]
    lines = [line for line in report(problems, sources()).splitlines() if "[CG" in line]
    assert lines == [
        "note[CG104]: zeroth",
        "error[CG104]: first",
        "warning[CG104]: second",
        "error[CG104]: third",
    ]
    assert summary(problems) == "2 errors, 1 warning, 1 note"


def test_a_file_whose_text_is_not_known_has_no_excerpt() -> None:
    shown = report([finding(Location(file=".env", span=span(2, 1, 3), label="here"))], sources())
    assert shown.splitlines()[1:3] == ["  --> .env:2:1", "      here"]


def test_no_findings() -> None:
    assert report([], sources()) == "no findings\n"


def test_a_span_over_several_lines_is_marked_on_the_first() -> None:
    shown = report([finding(Location(span=span(2, 1, 9, end_line=5)))], sources())
    assert " 2 | hosts:\n   | ^^^^^^\n" in shown


def test_past_the_end_of_the_file() -> None:
    assert "topology.yaml:99:1\n   = help" in report([finding(Location(span=span(99, 1, 1)))], sources())


def test_wide_line_numbers_keep_the_gutter_straight() -> None:
    shown = report([finding(Location(span=span(1000, 1, 4)))], sources("\n" * 999 + "key: 1\n"))
    assert "    --> topology.yaml:1000:1\n     |\n1000 | key: 1\n     | ^^^\n     = help" in shown


def test_colour_only_when_asked_for() -> None:
    problems = [finding(Location(span=span(2, 1, 2)))]
    plain, coloured = report(problems, sources()), report(problems, sources(), colour=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31merror[CG104]\x1b[0m" in coloured


def test_a_value_cannot_steer_the_terminal() -> None:
    nasty = "\x1b[2J\u202egnp.exe\x00"
    shown = report(
        [finding(Location(span=span(1, 1, 4), label=nasty), message=nasty, hint=nasty, expected=nasty)], sources(nasty)
    )
    assert set(shown) & {"\x1b", "\u202e", "\x00"} == set()
    assert "␛[2J<U+202E>gnp.exe␀" in shown


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "marker"),
    [
        ("key: value", 6, 11, "key: value", "     ^^^^^"),
        ("\tkey: 1", 2, 5, "    key: 1", "    ^^^"),
        ("名前: x", 5, 6, "名前: x", "      ^"),
        ("名前: x", 1, 3, "名前: x", "^^^^"),
        ("e\u0301a: x", 3, 4, "e\u0301a: x", " ^"),
        ("key:", 5, 5, "key:", "    ^"),
        ("key:", 99, 120, "key:", "    ^"),
        ("a\x00b", 2, 3, "a␀b", " ^"),
        ("a\u200bb", 3, 4, "a<U+200B>b", "         ^"),
        ("", 1, 1, "", "^"),
    ],
)
def test_the_marker_stands_under_its_part(line: str, start: int, end: int, shown: str, marker: str) -> None:
    assert excerpt(line, start, end) == (shown, marker)


@pytest.mark.parametrize("start", [1, 2, 30, 99, 100, 101, 150, 2500, 4990, 5000])
@pytest.mark.parametrize("letter", ["a", "名", "\t"])
def test_a_long_line_is_cut_around_the_part(start: int, letter: str) -> None:
    line = letter * (start - 1) + "X" + letter * (5000 - start)
    shown, marker = excerpt(line, start, start + 1)
    assert width(shown) <= WIDTH
    column = width(marker) - 1
    cells = "".join(one + "\0" * (width(one) - 1) for one in shown)
    assert cells[column] == "X"


def test_a_long_span_is_cut_too() -> None:
    shown, marker = excerpt("key: " + "v" * 5000, 6, 5006)
    assert width(shown) <= WIDTH
    assert width(marker) < WIDTH
    assert shown.endswith("v…")


def test_visible_keeps_ordinary_text() -> None:
    assert visible("Grüße, 名前 🙂") == "Grüße, 名前 🙂"


def test_a_literal_secret_is_in_no_report() -> None:
    text = (
        "name: demo\nhosts: {a: {address: 10.0.0.1}}\nservices:\n  llm:\n    hosts: {a: 1}\n    environment:\n"
        "      DB_PASSWORD: hunter2hunter2\n      OLAMA_HOSTT: 1\n      OLLAMA_HOSTT: x\n"
    )
    compiled = compile_text(text)
    assert {"CG601", "CG703"} <= {finding.code for finding in compiled.findings}
    assert compiled.document is not None
    sources = Sources(name="topology.yaml", texts={"topology.yaml": text}, locate=compiled.document.locate)
    shown = report(compiled.findings, sources)
    assert "DB_PASSWORD: <not shown>" in shown
    assert "hunter2" not in shown


def test_what_stands_beside_a_secret_is_shown_and_marked() -> None:
    text = (
        "name: demo\nhosts: {a: {address: 10.0.0.1}}\nservices:\n  llm:\n    hosts: {a: 1}\n"
        "    environment: {API_KEY: abcdefgh, OLLAMA_HOSTT: x, DB_TOKEN: 'zyxwv'}\n"
    )
    compiled = compile_text(text)
    assert compiled.document is not None
    sources = Sources(name="topology.yaml", texts={"topology.yaml": text}, locate=compiled.document.locate)
    shown = report(compiled.findings, sources)
    assert not {"abcdefgh", "zyxwv"} & set(re.findall(r"\w+", shown))
    line = "    environment: {API_KEY: <not shown>, OLLAMA_HOSTT: x, DB_TOKEN: <not shown>}"
    marker = " " * line.index("OLLAMA") + "^" * len("OLLAMA_HOSTT")
    assert f" 6 | {line}\n   | {marker}\n" in shown


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        (((3, 5),), "ab<not shown>efgh"),
        (((1, 3), (7, END)), "<not shown>cdef<not shown>"),
        (((2, 4), (3, 6)), "a<not shown>fgh"),
        (((3, 3),), "abcdefgh"),
    ],
)
def test_hidden_columns(hidden: tuple[tuple[int, int], ...], expected: str) -> None:
    merged = hiding.merged(hidden)
    assert hiding.text("abcdefgh", merged) == expected
    shown = [letter for letter in "abcdefgh" if letter in expected.replace(hiding.NOT_SHOWN, "")]
    assert [expected[hiding.column("abcdefgh".index(letter) + 1, merged) - 1] for letter in shown] == shown
