"""What a run of engine tests leaves for docs/proof.md, and which of them run alone; no engine is needed to see that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engines import engine_versions, recording
from tests.engines.declared import TESTS, Claim
from tests.engines.recording import Case
from tests.engines.side_by_side import together

TEST = "test_routes.py::test_it"
ENGINE = "Traefik"


def case(day: str = "2026-01-02", version: str = "3.7") -> Case:
    return Case(day=day, versions={ENGINE: version})


def report(name: str, *, passed: bool = True, figure: str = "", cases: tuple[str, ...] = ()) -> pytest.TestReport:
    properties: list[tuple[str, object]] = [(recording.FIGURE, figure)] if figure else []
    if cases:
        properties.append((recording.CASES, list(cases)))
    return pytest.TestReport(
        nodeid=f"tests/engines/{TEST}[{name}]",
        location=("", 0, ""),
        keywords={},
        outcome="passed" if passed else "failed",
        longrepr=None,
        when="call",
        user_properties=properties,
    )


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where results are kept during a test, for the one claim that there is."""
    claim = Claim(test=TEST, sentence="It works", engines=(ENGINE,), each="")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setattr(recording, "CACHE", tmp_path)
    monkeypatch.setattr(recording, "FILE", tmp_path / "results.json")
    monkeypatch.setattr(recording, "declared", lambda: [claim])
    monkeypatch.setattr(engine_versions, "of", lambda engines: dict.fromkeys(engines, "3.7"))
    return tmp_path / "results.json"


def ran(monkeypatch: pytest.MonkeyPatch, *reports: pytest.TestReport) -> recording.Result:
    """What is known of the test after a run of its own."""
    monkeypatch.setattr(recording, "NOTED", {})
    monkeypatch.setattr(recording, "WHOLE", {})
    for one in reports:
        recording.note(one)
    recording.keep()
    return recording.kept()[TEST]


def test_a_case_that_runs_alone_leaves_the_others_as_they_were(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = ("a", "b")
    ran(monkeypatch, report("a", figure="1 of 2", cases=both), report("b", figure="2 of 2", cases=both))
    result = ran(monkeypatch, report("b", figure="3 of 3", cases=both))
    assert (result.cases, result.figures, result.passed) == (["a", "b"], ["1 of 2", "3 of 3"], True)
    assert not ran(monkeypatch, report("a", passed=False)).passed
    assert not ran(monkeypatch, report("b")).passed, "the other one has failed when it last ran"
    assert ran(monkeypatch, report("a")).passed
    assert set(json.loads(file.read_text())) == {TEST}


@pytest.mark.usefixtures("file")
def test_it_does_not_matter_by_whom_and_in_which_order_cases_run(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = ("a", "b", "c")
    told = [report(name, figure=name, cases=cases) for name in ("c", "a", "b")]
    result = ran(monkeypatch, *told)
    assert result.cases == result.figures == list(cases)


def test_a_case_that_the_test_no_longer_has_is_forgotten() -> None:
    old = {"a": case(), "b": case()}
    assert [*recording.merged(old, {"c": case()}, ["a", "c"])] == ["a", "c"]
    assert [*recording.merged(old, {"c": case()}, None)] == ["a", "b", "c"]


def test_a_case_that_ran_on_another_engine_is_forgotten() -> None:
    assert [*recording.merged({"a": case(version="3.6"), "b": case()}, {"c": case()}, None)] == ["b", "c"]


def test_the_day_is_that_of_the_oldest_case() -> None:
    assert recording._over({"a": case("2026-01-03"), "b": case("2026-01-02")}).day == "2026-01-02"


def test_one_process_runs_what_is_about_one_site() -> None:
    addresses = {
        f"tests/engines/{place}": group
        for group, places in {
            "test_starts.py minimal": ("test_starts.py::test_it[minimal]", "test_starts.py::test_more[minimal]"),
            "test_starts.py amd-pretended-gpus": ("test_starts.py::test_it[amd-pretended-gpus]",),
            "test_firewall.py nftables": ("test_firewall.py::a[nftables]", "test_firewall.py::b[nftables-values1]"),
            "test_effects.py": ("test_effects.py::a", "test_effects.py::b[port]"),
        }.items()
        for place in places
    }
    assert {address: together(address) for address in addresses} == addresses


def test_what_puts_load_on_a_gateway_runs_alone() -> None:
    texts = {path.stem: path.read_text() for path in TESTS.glob("test_*.py")}
    assert {name for name, text in texts.items() if ".under_load(" in text} == {
        name for name, text in texts.items() if "pytest.mark.alone" in text
    }
