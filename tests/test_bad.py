"""Whole files of bad input: the comment `# expect: CODE` on a line says which finding must point there, and no other.

A file of `bad/` is a case; nothing is listed. The stages run as in the pipeline, up to the references.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from composegen import build, document, references, schema, variables
from composegen.document import Document
from composegen.findings import Finding, Findings, Location, Severity, has_errors
from composegen.io import resources

FOLDER = Path(__file__).resolve().parent / "bad"
FILES = sorted(FOLDER.glob("*.yaml"))
ENVIRONMENT = {"TAG": "0.32.15"}
NO_HINT_NEEDED = {"CG105"}

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def findings_of(data: bytes) -> tuple[Document | None, Findings]:
    """Everything that the input stages have to say."""
    parsed, findings = document.parse("bad.yaml", data)
    if parsed is None:
        return None, findings
    parsed, more = variables.substitute(parsed, ENVIRONMENT)
    findings = (*findings, *more, *schema.validate(parsed, resources.schema(), resources.compose_schema))
    if not has_errors(findings):
        findings = (*findings, *references.check(build.build(parsed)))
    return parsed, findings


def line_of(parsed: Document | None, location: Location) -> int:
    span = parsed.locate(location) if parsed else location.span
    assert span is not None, "without a document, a finding must bring its own place"
    return span.line


def marked(data: bytes) -> Counter[tuple[int, str]]:
    """Line and code of every `# expect: CODE`; bytes that are no text are of no interest here."""
    return Counter(
        (number, code)
        for number, line in enumerate(data.decode("latin-1").split("\n"), start=1)
        for code in re.findall(r"# expect: (CG\d{3})", line)
    )


@every_file
def test_each_marked_line_has_its_finding_and_no_other_has_any(file: Path) -> None:
    parsed, findings = findings_of(file.read_bytes())
    found = Counter((line_of(parsed, finding.where), finding.code) for finding in findings)
    assert marked(file.read_bytes()), "no line is marked"
    assert found == marked(file.read_bytes()), [finding.message for finding in findings]


@every_file
def test_each_finding_is_an_error_that_helps(file: Path) -> None:
    for finding in findings_of(file.read_bytes())[1]:
        assert finding.severity is Severity.ERROR
        assert finding.message == finding.message.strip()
        assert "\n" not in finding.message
        assert not finding.message.endswith(".")
        assert helps(finding), finding


def helps(finding: Finding) -> bool:
    """Whether a finding says more than that something is wrong."""
    return bool(finding.expected or finding.hint or finding.related) or finding.code in {
        *NO_HINT_NEEDED,
        "CG001",
        "CG004",
    }


def test_there_are_cases_for_every_code_of_the_input_stages() -> None:
    codes = {code for file in FILES for _, code in marked(file.read_bytes())}
    assert codes == {
        *(f"CG00{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9)),
        *(f"CG10{number}" for number in range(1, 8)),
    }
    assert len(FILES) >= 40
