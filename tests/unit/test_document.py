"""Text to data with places: what YAML 1.2 says, where each thing stands, and that no text is too bad."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composegen import document, events, limits
from composegen.document import Document
from composegen.findings import Finding, Findings, Location, Span
from composegen.keypath import KeyPath

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples").glob("*/topology.yaml"))


def parse(text: str) -> Document:
    parsed, findings = document.parse("t.yaml", text.encode())
    assert parsed is not None, findings
    assert findings == ()
    return parsed


def findings_of(text: str | bytes) -> Findings:
    return document.parse("t.yaml", text if isinstance(text, bytes) else text.encode())[1]


def only(text: str | bytes) -> Finding:
    (finding,) = findings_of(text)
    return finding


def at(finding: Finding) -> tuple[int, int]:
    assert finding.where.span is not None
    return finding.where.span.line, finding.where.span.column


def span(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(line=line, column=column, end_line=end_line, end_column=end_column)


def excerpt(parsed: Document, place: Span) -> str:
    """The text of a span."""
    lines = [parsed.line(number) for number in range(place.line, place.end_line + 1)]
    lines[-1] = lines[-1][: place.end_column - 1]
    lines[0] = lines[0][place.column - 1 :]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("nUll", "nUll"),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("12", 12),
        ("-3", -3),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1_000", "1_000"),
        ("1:2", "1:2"),
        ("11434:11434", "11434:11434"),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("1.2.3", "1.2.3"),
        ("2026-08-21", "2026-08-21"),
        ("=", "="),
        ('"12"', "12"),
        ("'true'", "true"),
        ("!!str 12", "12"),
        ('!!int "12"', 12),
        ("!!float 1", 1.0),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = parse(f"a: {text}\n").data["a"]
    assert (found, type(found)) == (value, type(value))


def test_the_text_of_plain_scalars_is_kept_and_of_no_others() -> None:
    parsed = parse("a: 1.10\nb: '1.10'\nc: [yes, 0o17]\n")
    assert parsed.texts == {("a",): "1.10", ("c", 0): "yes", ("c", 1): "0o17"}


def test_keys_are_text() -> None:
    assert parse("80: 1\ntrue: 2\n1.10: 3\n'x': 4\n").data == {"80": 1, "true": 2, "1.10": 3, "x": 4}


@pytest.mark.parametrize(
    ("path", "part", "text"),
    [
        (("hosts",), "key", "hosts"),
        (("hosts", "a", "address"), "key", "address"),
        (("hosts", "a", "address"), "value", '"10.0.0.1"'),
        (("hosts", "a"), "value", '{address: "10.0.0.1", list: [x, yz]}'),
        (("hosts", "a", "list", 1), "value", "yz"),
        (("hosts", "a", "list", 1), "key", "yz"),
        (("services", "s"), "value", "text: |\n      first\n      second\n\n    empty:\n    last: end"),
        (("services", "s", "text"), "value", "|\n      first\n      second"),
        (("services", "s", "empty"), "value", "empty"),
        (("services", "s", "last", "deeper", 5), "value", "end"),
        (("services", "s", "none"), "key", "text: |\n      first\n      second\n\n    empty:\n    last: end"),
        ((), "key", "hosts"),
    ],
)
def test_places_are_exact(path: KeyPath, part: str, text: str) -> None:
    parsed = parse(
        "# a comment\n"
        'hosts: {a: {address: "10.0.0.1", list: [x, yz]}}   # another\n'
        "services:\n"
        "  s:\n"
        "    text: |\n"
        "      first\n"
        "      second\n"
        "\n"
        "    empty:\n"
        "    last: end\n"
        "# the end\n"
    )
    assert excerpt(parsed, parsed.locate(Location(path=path, part=part))) == text  # type: ignore[arg-type]


def test_a_place_that_a_location_brings_itself_wins() -> None:
    place = span(7, 1, 7, 2)
    assert parse("a: 1\n").locate(Location(path=("a",), span=place)) == place


def test_what_a_service_inherits_is_found_in_the_defaults() -> None:
    parsed = parse(
        "defaults: {memory: 1GiB, init: {pull: always}}\nservices: {s: {init: {attempts: 1}, store: null}}\n"
    )
    inherited = parsed.locate(Location(path=("services", "s", "memory")))
    assert excerpt(parsed, inherited) == "1GiB"
    assert excerpt(parsed, parsed.locate(Location(path=("services", "s", "init", "pull")))) == "always"
    assert excerpt(parsed, parsed.locate(Location(path=("services", "s", "init", "attempts")))) == "1"
    assert excerpt(parsed, parsed.locate(Location(path=("services", "s", "image")))) == (
        "{init: {attempts: 1}, store: null}"
    )
    assert excerpt(parsed, parsed.locate(Location(path=("services", "s", "store")))) == "null"


def test_an_alias_is_a_copy_that_stands_where_its_anchor_stands() -> None:
    parsed = parse("a: &x {b: [1, 2]}\nc: *x\n")
    assert parsed.data == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}
    assert parsed.data["a"] is not parsed.data["c"]
    assert excerpt(parsed, parsed.values["c", "b", 1]) == "2"
    assert parsed.keys["c",] == span(2, 1, 2, 2)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_the_text_of_every_scalar_reads_as_that_scalar(sample: Path) -> None:
    parsed = parse(sample.read_text(encoding="utf-8"))
    scalars = [path for path in parsed.values if path and not isinstance(_at(parsed.data, path), dict | list)]
    assert scalars
    for path in scalars:
        text = excerpt(parsed, parsed.values[path])
        assert parse(f"a: {text}\n").data["a"] == _at(parsed.data, path)


def _at(data: object, path: KeyPath) -> object:
    for step in path:
        data = data[step]  # type: ignore[index]
    return data


@pytest.mark.parametrize(
    ("text", "place", "phrase"),
    [
        ("a: [1, 2\nb: 3\n", (1, 4), "this `[` is not closed"),
        ("a: [", (1, 4), "this `[` is not closed"),
        ("a: [\n{b: 1}, {\n", (2, 9), "this `{` is not closed"),
        ("a: {b: [1, 'x}\n", (1, 12), "this `'` is not closed"),
        ('a: "b\nc: 1\n', (1, 4), 'this `"` is not closed'),
        ("a:\n  b: 1\n\tc: 2\n", (3, 1), "tab"),
        ("a: b: c\n", (1, 5), "`:` cannot stand here"),
        ("a: `x`\n", (1, 4), "cannot begin with"),
        ("a: 'x' y\n", (1, 8), "complete already"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "belongs to nothing"),
        ("a: 1\nbcd\ne: 2\n", (2, 1), "`:` is missing"),
        ("a: [1,,2]\n", (1, 7), "value is missing"),
        ('a: "\\q"\n', (1, 6), "no escape"),
        ("a: *x\n", (1, 4), "stands for nothing"),
        ("a: 1\n---\nb: 2\n", (2, 1), "second document"),
        ("? [a]\n: 1\n", (1, 3), "key must be text"),
    ],
)
def test_syntax_errors_are_told_where_the_mistake_is(text: str, place: tuple[int, int], phrase: str) -> None:
    finding = only(text)
    assert (finding.code, at(finding)) == ("CG001", place)
    assert phrase in finding.message


def test_what_was_found_before_a_syntax_error_is_reported_with_it() -> None:
    assert [finding.code for finding in findings_of("a: 1\na: 2\nb: !x 1\nc: [\n")] == ["CG002", "CG005", "CG001"]


def test_a_duplicate_key_names_both_places() -> None:
    finding = only("a: 1\nb: 2\na: 3\n")
    assert (finding.code, at(finding)) == ("CG002", (3, 1))
    assert finding.related[0].span == span(1, 1, 1, 2)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "null\n", "\ufeff"])
def test_an_empty_file_is_told_at_line_1(text: str) -> None:
    assert (only(text).code, at(only(text))) == ("CG009", (1, 1))


@pytest.mark.parametrize(
    ("data", "place", "phrase"),
    [
        (b"a: 1\nb: caf\xe9\n", (2, 7), "0xe9"),
        ("\ufeffb: ü".encode() + b"\xff", (1, 5), "0xff"),
        ("a: 1\n".encode("utf-16"), (1, 1), "0xff"),
        (b"a: 1\r\nb: \0\r\n", (2, 4), "NUL"),
        (b"a: \x1b[31m\n", (1, 4), "U+001B"),
        ("a: x\ufeffy\n".encode(), (1, 5), "U+FEFF"),
    ],
)
def test_what_is_no_text_is_told_at_its_first_byte(data: bytes, place: tuple[int, int], phrase: str) -> None:
    assert (only(data).code, at(only(data))) == ("CG003", place)
    assert phrase in only(data).message


def test_a_byte_order_mark_and_any_line_break_do_no_harm() -> None:
    parsed = parse("\ufeffa: 1\r\nb: 2\rc: 'x\u2028y'\nd: 4\n")
    assert parsed.data == {"a": 1, "b": 2, "c": "x\u2028y", "d": 4}
    assert parsed.values["d",] == span(4, 4, 4, 5)
    assert parsed.line(4) == "d: 4"
    assert parsed.line(99) == ""


def test_a_merge_key_is_refused_with_advice_and_only_when_it_is_plain() -> None:
    assert only("a: &a {b: 1}\nc: {<<: *a}\n").code == "CG006"
    assert "defaults" in only("<<: {b: 1}\n").hint
    assert parse('"<<": 1\n').data == {"<<": 1}


@pytest.mark.parametrize("value", ["!x 1", "!!binary aGk=", "!!bool 5", "!!int true", "!!python/name:os.x", "!!set {}"])
def test_tags_are_refused_and_what_they_stand_on_is_unknown(value: str) -> None:
    parsed, (finding,) = document.parse("t.yaml", f"a: {value}\n".encode())
    assert (finding.code, at(finding)) == ("CG005", (1, 4))
    assert parsed is not None
    assert parsed.unknown == {("a",)}


def test_a_cycle_is_told_at_the_alias() -> None:
    finding = only("a: &x\n  b: [*x]\n")
    assert (finding.code, at(finding)) == ("CG004", (2, 7))
    assert finding.related[0].span is not None


@pytest.mark.parametrize(
    "text",
    [
        "a: &a ["
        + "x," * 10
        + "]\n"
        + "".join(f"{c}: &{c} [{f'*{p},' * 10}]\n" for p, c in zip("abcdefg", "bcdefgh", strict=True)),
        "[" * 5000,
        "a: " + "{a: " * 200 + "}" * 200,
        "".join(" " * depth + "a:\n" for depth in range(500)),
        "- " * 3000 + "a",
        "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{x: *a{i - 1}}}\n" for i in range(1, 300)),
    ],
)
def test_what_would_run_away_is_refused(text: str) -> None:
    assert only(text).code == "CG004"


def test_a_bomb_is_told_at_the_alias_that_goes_over_the_limit() -> None:
    names = "abcdefg"
    levels = (f"{name}: &{name} [{', '.join(['*' + below] * 10)}]\n" for below, name in pairwise(names))
    finding = only("a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(levels))
    assert "1,000,000 values" in finding.message
    assert at(finding) == (6, 8 + 4 * 7), "the eighth: it and what stands before it are more than a million"
    (anchor,) = finding.related
    assert anchor.span is not None
    assert (anchor.span.line, anchor.label) == (5, "`&e` stands for 111,111 values")


def test_what_aliases_stand_for_counts_to_the_last_value(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &a [x, y, z]\nb: *a\n"  # two lists of three, and the mapping
    monkeypatch.setattr(events, "MAX_VALUES", 9)
    assert parse(text).data["b"] == ["x", "y", "z"]
    monkeypatch.setattr(events, "MAX_VALUES", 7)
    assert at(only(text)) == (2, 4)


def test_depth_is_told_at_the_alias_that_goes_over_the_limit() -> None:
    deep = "[" * 60 + "]" * 60
    finding = only(f"a: &a {deep}\nb:\n  c: [{'[' * 39}*a{']' * 39}]\n")
    assert (finding.code, at(finding)) == ("CG004", (3, 46))
    assert finding.related[0].label == "`&a` stands for 60 values"
    assert parse(f"a: &a {deep}\nb: [{'[' * 39}*a{']' * 39}]\n").data["b"]


def test_a_huge_file_is_refused_unread() -> None:
    assert only(b"\xff" * (limits.MAX_BYTES + 1)).code == "CG003"


@pytest.mark.slow
def test_long_names_do_not_flood_a_message() -> None:
    name = "n" * 50_000
    for text in (f"? {name}\n: 1\n? {name}\n: 2\n", f"a: *{name}\n", f"a: !{name} 1\n", f"a: &{name} [*{name}]\n"):
        assert len(only(text).message) < 300


@pytest.mark.slow
@given(st.text(alphabet=st.sampled_from("ab:-?,[]{}&*!|>'\"%@`#~<. \t\n\r0\\é\u2028"), max_size=40))
def test_no_text_is_too_bad(text: str) -> None:
    _is_sound(text)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
@pytest.mark.slow
def test_no_damage_to_a_sample_is_too_bad(sample: Path) -> None:
    text = sample.read_text(encoding="utf-8")
    chance = random.Random(sample.parent.name)  # noqa: S311 - the same damage in each run
    for _ in range(40):
        place, length = chance.randrange(len(text)), chance.randrange(4)
        inserted = "".join(chance.choices("[]{}:,'\"&*!|> \n\t-#%", k=chance.randrange(3)))
        _is_sound(text[:place] + inserted + text[place + length :])
        _is_sound(text[:place])


def _is_sound(text: str) -> None:
    """Parsing ends in data or findings, and every place is one that a reader can go to."""
    parsed, findings = document.parse("t.yaml", text.encode())
    assert parsed is not None or findings
    lines = parsed.lines if parsed else ()
    for finding in findings:
        assert finding.where.span is not None
        assert finding.where.span.line >= 1
        assert finding.where.span.column >= 1
    for place in parsed.values.values() if parsed else ():
        assert 1 <= place.line <= place.end_line <= len(lines)
        assert (place.line, place.column) <= (place.end_line, place.end_column)


@pytest.mark.parametrize("escape", ["\\0", "\\x00", "\\ud83e", "\\udd99\\ud83e"])
def test_an_escape_that_is_no_character_is_told(escape: str) -> None:
    finding = only(f'a: "x{escape}y"\n')
    assert (finding.code, at(finding)) == ("CG003", (1, 4))


def test_two_halves_make_a_character_as_in_json() -> None:
    assert parse('a: "\\ud83e\\udd99"\n').data == {"a": "\U0001f999"}


@pytest.mark.slow
def test_a_flood_of_mistakes_ends_with_a_finding_that_says_so() -> None:
    findings = findings_of("a: !x 1\n" + "".join(f"k{number}: !x 1\n" for number in range(2000)))
    assert len(findings) == limits.MAX_FINDINGS + 1
    assert findings[-1].code == "CG012"
