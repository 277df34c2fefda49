"""Every rule by its own examples: what is marked in the bad one is found there, the good one is silent."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from composegen import rules
from composegen.document import Document
from composegen.findings import Finding
from composegen.rules import Rule
from tests.sampling import compile_text

RULES = rules.rules()
FOLDER = Path(rules.__file__).parent
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def marked(text: str) -> list[tuple[str, int]]:
    """Code and line of every `# expect: CODE`."""
    return [
        (code, number)
        for number, line in enumerate(text.splitlines(), start=1)
        for code in re.findall(r"# expect: (CG\d{3})", line)
    ]


def line_of(finding: Finding, document: Document) -> int:
    """The line of the topology that a finding is about; one about another file says first where that is named."""
    return document.locate(finding.where if finding.where.file is None else finding.related[0]).line


@every_rule
def test_the_bad_example_yields_exactly_what_it_marks(rule: Rule) -> None:
    result = compile_text(rule.bad, files=rule.files)
    assert result.document is not None
    found = [(finding.code, line_of(finding, result.document)) for finding in result.findings]
    assert marked(rule.bad), "no line is marked"
    assert Counter(found) == Counter(marked(rule.bad)), result.findings


@every_rule
def test_its_findings_are_of_this_rule_and_say_what_to_do(rule: Rule) -> None:
    for finding in compile_text(rule.bad, files=rule.files).findings:
        assert (finding.code, finding.slug, finding.severity) == (rule.code, rule.slug, rule.severity)
        assert finding.message == finding.message.strip()
        assert not finding.message.endswith(".")
        assert "`" in finding.message, "a message quotes the value that it is about"
        assert finding.expected or finding.hint


@every_rule
def test_the_good_example_yields_nothing(rule: Rule) -> None:
    result = compile_text(rule.good, files=rule.files)
    assert not result.findings
    assert result.tree


@every_rule
def test_the_page_has_its_parts(rule: Rule) -> None:
    lines = rule.doc.splitlines()
    assert lines[0].endswith(".")
    assert lines[1] == ""
    assert [line for line in lines if line.startswith("#")] == ["## What happens", "## What to do"]
    for part in re.split(r"^## .*$", rule.doc, flags=re.MULTILINE):
        assert part.strip(), "an empty part"


@every_rule
def test_the_slug_is_the_name_of_the_file(rule: Rule) -> None:
    assert (FOLDER / f"{rule.slug.replace('-', '_')}.py").is_file()


def test_codes_and_slugs_are_unique() -> None:
    assert [code for code, count in Counter(rule.code for rule in RULES).items() if count > 1] == []
    assert [slug for slug, count in Counter(rule.slug for rule in RULES).items() if count > 1] == []


def test_every_file_of_the_folder_is_a_rule() -> None:
    files = {path.stem.replace("_", "-") for path in FOLDER.glob("[!_]*.py")}
    assert files == {rule.slug for rule in RULES}
