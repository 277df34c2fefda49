"""Generated files are what their sources say: `pytest --update` (or `make reference`) writes them anew."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from composegen import pages, pipeline, reference
from composegen.errors import ExitCode
from composegen.findings import Severity, has_errors
from composegen.input_pages import INPUT_PAGES
from composegen.pipeline import Source
from tests.sampling import bare

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parent.parent


def test_the_reference_is_up_to_date(*, update: bool) -> None:
    changes = reference.write() if update else reference.compared()
    assert update or not changes.effective, "run `pytest --update` and look at `git diff`"


def test_generated_files_end_well_and_name_no_machine() -> None:
    tree = reference.tree()
    assert all(entry.data.endswith(b"\n") and not entry.data.endswith(b"\n\n") for entry in tree.values())
    assert str(CHECKOUT).encode() not in b"".join(entry.data for entry in tree.values())


def test_every_exit_code_is_explained() -> None:
    assert set(reference.EXIT_CODES) == set(ExitCode)


def test_codes_and_names_are_unique_and_in_a_known_range() -> None:
    codes = [page.code for page in pages.pages()]
    names = [page.slug for page in pages.pages()]
    assert len(set(codes)) == len(codes)
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"CG\d{3}", code) and code[:3] in reference.RANGES for code in codes)


def test_every_code_in_the_source_has_a_page() -> None:
    known = {page.code for page in pages.pages()}
    for path in (CHECKOUT / "composegen").rglob("*.py"):
        strings = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
        found = {text for text in strings if isinstance(text, str) and re.fullmatch(r"CG\d{3}", text)}
        assert found <= known, path


def test_the_examples_of_input_pages_show_what_they_say() -> None:
    for page in INPUT_PAGES:
        if page.bad:
            compiled = pipeline.compile(Source(name="topology.yaml", data=page.bad.encode()), bare())
            assert {(one.code, one.slug) for one in compiled.findings if one.code == page.code} == {
                (page.code, page.slug)
            }
            assert has_errors(compiled.findings) == (page.severity is Severity.ERROR)
            good = pipeline.compile(Source(name="topology.yaml", data=page.good.encode()), bare())
            assert not has_errors(good.findings), page.code
