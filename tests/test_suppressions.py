"""Comments that allow what a rule finds, and the severities that a topology chooses for rules."""

from __future__ import annotations

import re

import pytest

from composegen import rules
from composegen.findings import Finding, Severity
from composegen.pipeline import Compiled
from composegen.rules import Rule
from tests.sampling import compile_text

LATEST = "ollama/ollama:latest"
FRAME = """\
name: demo
hosts: {{box: {{address: 10.0.0.1}}}}
services:
  chat:
{0}
    hosts: {{box: 1}}
"""


def compiled(*lines: str, more: str = "") -> Compiled:
    """A topology with these lines in its only service; the first of them is line 5."""
    return compile_text(FRAME.format("\n".join(f"    {line}" for line in lines)) + more)


def codes(result: Compiled) -> list[str]:
    return [finding.code for finding in result.findings]


def only(result: Compiled) -> Finding:
    assert len(result.findings) == 1, result.findings
    return result.findings[0]


@pytest.mark.parametrize(
    "lines",
    [
        (f"image: {LATEST}  # composegen: allow[floating-tag] a lab",),
        (f"image: {LATEST}  # composegen: allow[CG706] a lab",),
        (f"image: {LATEST} #composegen:allow[ floating-tag ]: a lab",),
        (f"image: {LATEST}  # moves, yes # composegen: allow[floating-tag] a lab",),
        (f"image: '{LATEST}'  # composegen: allow[floating-tag] a lab",),
        ("# composegen: allow[floating-tag] a lab", f"image: {LATEST}"),
        ("# composegen: allow[floating-tag] a lab", "# that is wiped each night", f"image: {LATEST}"),
        ("image: >-  # composegen: allow[floating-tag] a lab", f"  {LATEST}"),
        ("# composegen: allow[floating-tag] a lab", "image: >-", f"  {LATEST}"),
        ("image:  # composegen: allow[floating-tag] a lab", f"  {LATEST}"),
    ],
    ids=lambda lines: lines[0],
)
def test_a_comment_allows_what_is_found_on_its_line(lines: tuple[str, ...]) -> None:
    result = compiled(*lines)
    assert codes(result) == []
    assert [(one.finding.code, one.reason) for one in result.allowed] == [("CG706", "a lab")]
    assert result.tree is not None


@pytest.mark.parametrize(
    "lines",
    [
        (f"image: {LATEST}", "# composegen: allow[floating-tag] a lab", "memory: 8GiB"),
        ("# composegen: allow[floating-tag] a lab", "", f"image: {LATEST}"),
        ("memory: 8GiB  # composegen: allow[floating-tag] a lab", f"image: {LATEST}"),
        (f"image: {LATEST}  # composegen: allow[weights-ignored] a lab",),
    ],
    ids=" / ".join,
)
def test_a_comment_elsewhere_allows_nothing_and_is_reported(lines: tuple[str, ...]) -> None:
    result = compiled(*lines)
    assert sorted(codes(result)) == ["CG023", "CG706"]
    assert result.allowed == ()


def test_several_rules_in_one_comment() -> None:
    result = compiled(f"image: {LATEST}  # composegen: allow[floating-tag, weights-ignored,CG404] a lab")
    assert codes(result) == ["CG023", "CG023"], "two of the three allow nothing"
    assert {finding.where.span.column for finding in result.findings if finding.where.span} == {68, 84}


def test_two_comments_above_one_line() -> None:
    result = compile_text(
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  chat: {hosts: {box: 1}}\n"
        "  # composegen: allow[floating-tag] a lab\n"
        "  # composegen: allow[port-conflict] never both up\n"
        f"  code: {{image: {LATEST}, hosts: {{box: 1}}}}\n"
    )
    assert codes(result) == []
    assert {one.finding.slug: one.reason for one in result.allowed} == {
        "floating-tag": "a lab",
        "port-conflict": "never both up",
    }
    assert result.tree is not None, "an error that is allowed stops nothing"


@pytest.mark.parametrize(
    "comment",
    [
        "# composegen: allow[floating-tag]",
        "# composegen: allow[floating-tag]  --  ",
        "# composegen: allow[floating-tag]  # a lab",
        "# composegen: allow[] a lab",
        "# composegen: allow[,] a lab",
        "# composegen: allow floating-tag a lab",
        "# composegen: ignore[floating-tag] a lab",
        "# composegen: alow[floating-tag] a lab",
    ],
)
def test_a_comment_without_reason_or_of_another_form_is_reported_and_allows_nothing(comment: str) -> None:
    result = compiled(f"image: {LATEST}  {comment}")
    assert sorted(codes(result)) == ["CG021", "CG706"]
    assert all(finding.severity is Severity.WARNING for finding in result.findings)


@pytest.mark.parametrize("comment", ["# composegen: see the wiki", "# composegen", "# by composegen: allow[x] y"])
def test_other_comments_are_for_people(comment: str) -> None:
    assert codes(compiled("memory: 8GiB  " + comment)) == []


def test_an_unknown_name_is_reported_with_the_one_that_was_meant() -> None:
    finding = only(compiled("memory: 8GiB  # composegen: allow[floating-tags] a lab"))
    assert (finding.code, finding.severity) == ("CG022", Severity.WARNING)
    assert finding.hint == "did you mean `floating-tag`?"
    assert finding.where.span is not None
    assert (finding.where.span.line, finding.where.span.column, finding.where.span.end_column) == (5, 39, 52)


@pytest.mark.parametrize("name", ["yaml-syntax", "CG104", "unused-suppression", "CG901", "stale"])
def test_only_what_rules_find_can_be_allowed(name: str) -> None:
    finding = only(compiled(f"memory: 8GiB  # composegen: allow[{name}] a lab"))
    assert finding.code == "CG022"
    assert finding.message == f"`{name}` cannot be allowed: it is not found by a rule"


def test_an_input_finding_stays_and_says_why() -> None:
    result = compiled("memroy: 8GiB  # composegen: allow[unknown-key] a lab")
    assert sorted(codes(result)) == ["CG022", "CG104"]


ESSENTIAL = [rule for rule in rules.rules() if rule.essential]
ALLOWABLE = [rule for rule in rules.rules() if not rule.essential]


def allowing(rule: Rule) -> Compiled:
    """The bad example of a rule, each marked line with a comment that allows it."""
    text = re.sub("# expect: CG[0-9]{3}", f"# composegen: allow[{rule.slug}] a lab", rule.bad)
    return compile_text(text, files=rule.files)


@pytest.mark.parametrize("rule", ALLOWABLE, ids=lambda rule: rule.code)
def test_what_a_rule_finds_can_be_allowed_and_rendered(rule: Rule) -> None:
    result = allowing(rule)
    assert codes(result) == []
    assert {one.finding.code for one in result.allowed} == {rule.code}
    assert result.tree is not None


@pytest.mark.parametrize("rule", ESSENTIAL, ids=lambda rule: rule.code)
def test_an_essential_rule_cannot_be_allowed(rule: Rule) -> None:
    result = allowing(rule)
    assert set(codes(result)) == {rule.code, "CG022"}
    assert result.allowed == ()
    assert result.tree is None


def test_some_rules_are_essential() -> None:
    assert {"name-conflict", "bind-required", "needs-cycle"} <= {rule.slug for rule in ESSENTIAL}
    assert all(rule.severity is Severity.ERROR for rule in ESSENTIAL)


HASH = "# composegen: allow[floating-tag] a lab"


@pytest.mark.parametrize(
    "lines",
    [
        (f'environment: {{NOTE: "x {HASH}"}}',),
        (f"environment: {{NOTE: 'x {HASH}'}}",),
        ("environment:", "  NOTE: |", f"    {HASH}", "    more"),
        ("environment:", "  NOTE: >-", "    some", f"    text {HASH}"),
        ("environment:", '  NOTE: "some', f"    {HASH}", '    more"'),
        ("environment:", f'  NOTE: "some {HASH}', '    more"'),
        ("compose:", "  labels:", f'    "x {HASH}": y'),
    ],
    ids=" / ".join,
)
def test_a_hash_in_a_scalar_begins_no_comment(lines: tuple[str, ...]) -> None:
    result = compiled(*lines)
    assert codes(result) == [], "it would be reported as unused"


def test_a_comment_after_a_scalar_that_looks_like_one() -> None:
    result = compiled(f'image: "{LATEST}"  {HASH}', f'environment: {{NOTE: "x {HASH}"}}  {HASH}')
    assert [(one.finding.code) for one in result.allowed] == ["CG706"]
    assert codes(result) == ["CG023"]


def test_what_stands_in_defaults_is_allowed_there() -> None:
    result = compile_text(
        f"name: demo\nhosts: {{box: {{address: 10.0.0.1}}}}\ndefaults:\n  image: {LATEST}  {HASH}\n"
        "services:\n  a: {hosts: {box: 1}}\n  b: {hosts: {box: {port: 11500}}}\n"
    )
    assert codes(result) == []
    assert result.allowed


def test_no_comment_is_called_unused_before_the_rules_have_run() -> None:
    assert codes(compiled("memory: 8GiB  " + HASH, "memroy: 8GiB")) == ["CG104"]


def test_line_breaks_of_all_kinds() -> None:
    text = FRAME.format(f"    image: {LATEST}  {HASH}")
    for line_break in ("\r\n", "\r"):
        assert codes(compile_text(text.replace("\n", line_break))) == []


@pytest.mark.slow
def test_many_comments_are_read_in_one_pass() -> None:
    many = "".join(f"  s{number}: {{hosts: {{box: {{port: {2000 + number}}}}}}}  {HASH}\n" for number in range(400))
    result = compile_text(f"name: demo\nhosts: {{box: {{address: 10.0.0.1}}}}\nservices:\n{many}")
    assert codes(result) == ["CG023"] * 400


def test_a_long_block_of_comments_is_about_the_line_below() -> None:
    result = compile_text(
        f"{HASH}\n" * 500 + "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  a: {hosts: {box: 1}}\n"
    )
    assert {finding.message for finding in result.findings} == {
        "nothing on line 501 has to be allowed as `floating-tag`"
    }


@pytest.mark.slow
def test_too_many_mistakes_in_comments_end_in_one_finding() -> None:
    result = compiled(*(f"# composegen: allow[x{number}] y" for number in range(1200)))
    assert codes(result) == ["CG022"] * 1000 + ["CG012"]


# Severities


@pytest.mark.parametrize(
    ("word", "severity"), [("error", Severity.ERROR), ("warning", Severity.WARNING), ("note", Severity.NOTE)]
)
def test_a_topology_says_how_grave_a_rule_is(word: str, severity: Severity) -> None:
    result = compiled(f"image: {LATEST}", more=f"rules: {{floating-tag: {word}}}\n")
    assert (only(result).code, only(result).severity) == ("CG706", severity)
    assert (result.tree is None) == (severity is Severity.ERROR)


def test_a_rule_is_switched_off() -> None:
    result = compiled(f"image: {LATEST}", more="rules: {floating-tag: off}\n")
    assert codes(result) == []
    assert result.tree is not None


def test_a_raised_warning_can_still_be_allowed() -> None:
    result = compiled(f"image: {LATEST}  {HASH}", more="rules: {floating-tag: error}\n")
    assert codes(result) == []
    assert [one.finding.severity for one in result.allowed] == [Severity.ERROR]


@pytest.mark.parametrize("word", ["warning", "note", "off"])
def test_an_error_is_not_lowered(word: str) -> None:
    finding = only(compiled("memory: 8GiB", more=f"rules: {{port-conflict: {word}}}\n"))
    assert finding.code == "CG109"
    assert finding.hint == "allow one place, on its line: `# composegen: allow[port-conflict] reason`"


def test_errors_of_a_rule_that_also_warns_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    def two(_: object, __: object) -> tuple[Finding, ...]:
        rule = next(rule for rule in rules.rules() if rule.slug == "floating-tag")
        return tuple(rule.finding("`x`", at=("name",), severity=one) for one in (Severity.ERROR, Severity.WARNING))

    monkeypatch.setattr(rules, "check", two)
    result = compiled("memory: 8GiB", more="rules: {floating-tag: off}\n")
    assert [finding.severity for finding in result.findings] == [Severity.ERROR]


def test_an_error_may_be_called_one() -> None:
    assert codes(compiled("memory: 8GiB", more="rules: {port-conflict: error}\n")) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("floating-tags", "did you mean `floating-tag`?"),
        ("cg706", ""),
        ("yaml-syntax", ""),
    ],
)
def test_an_unknown_rule(name: str, hint: str) -> None:
    result = compiled("memory: 8GiB", more=f"rules:\n  {name}: error\n")
    assert only(result).code == "CG108"
    assert hint in only(result).hint
    assert result.document is not None
    assert result.document.locate(only(result).where).line == 8


def test_an_unknown_severity() -> None:
    finding = only(compiled("memory: 8GiB", more="rules: {floating-tag: fatal}\n"))
    assert (finding.code, finding.expected) == ("CG103", "one of: error, warning, note, off")
