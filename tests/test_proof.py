"""docs/proof.md lists what the tests of engines claim, neither more nor less; no engine is needed to see that."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.engines import engine_versions, proof
from tests.engines.declared import SECTIONS, TESTS, Claim, declared
from tests.engines.recording import Result

CLAIM = Claim(test="test_routes.py::test_it", sentence="It | works", engines=("Traefik",), each="samples")
RESULT = Result(day="2026-01-02", cases=["a", "b"], figures=["3 of 4"], versions={"Traefik": "3.7.15"})


def test_the_page_lists_the_claims_that_tests_make_and_no_others() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| .*\| (?:\d{4}-\d\d-\d\d|-) \|$", proof.PAGE.read_text(), re.MULTILINE)
    told = [(sentence, re.sub(r" \d[^ ,]*", "", engines)) for sentence, engines in rows]
    claims = [(one.sentence, ", ".join(one.engines)) for one in declared()]
    assert told == claims, "run `make engines`, then `make proof`"


def test_every_claim_on_the_page_is_proven() -> None:
    rows = [row for row in proof.PAGE.read_text().splitlines() if "**not proven" in row]
    assert rows == [], "run `make engines`, then `make proof`"


def test_the_page_says_what_is_not_proven() -> None:
    assert proof.PAGE.read_text().endswith(proof.NOT_PROVEN)


def test_every_module_of_engine_tests_claims_something() -> None:
    claiming = {one.test.partition(".")[0] for one in declared()}
    assert claiming == {path.stem for path in TESTS.glob("test_*.py")} == set(SECTIONS)


def test_no_claim_is_made_twice_and_every_engine_is_known() -> None:
    claims = declared()
    assert len({one.sentence for one in claims}) == len(claims)
    assert {engine for one in claims for engine in one.engines} == set(engine_versions.VERSIONS)


@pytest.mark.parametrize(
    ("results", "row"),
    [
        ({CLAIM.test: RESULT}, "| It &#124; works | Traefik 3.7.15 | 2 samples; 3 of 4 | 2026-01-02 |\n"),
        (
            {CLAIM.test: replace(RESULT, passed=False)},
            "| It &#124; works | Traefik | **not proven: failed** | 2026-01-02 |\n",
        ),
        ({}, "| It &#124; works | Traefik | **not proven: never ran** | - |\n"),
    ],
)
def test_a_row_says_what_ran_and_what_was_measured_or_that_nothing_was(results: dict[str, Result], row: str) -> None:
    assert row in proof.page([CLAIM], results)
