"""What a saved plan rests on, and what is said when that has moved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composegen import savedplan
from composegen.artifacts import Entry
from composegen.errors import ComposegenError
from composegen.manifest import LOCK
from composegen.savedplan import SavedPlan

A, B = PurePosixPath("one/compose.yaml"), PurePosixPath("two/run.sh")
SOURCES = {"topology.yaml": b"name: x\n", "models/m": b"FROM x\n"}
TEMPLATES = {"a.j2": "1", "b.j2": "2"}
PLANNED = {A: Entry(data=b"new"), B: Entry(data=b"#!", mode=0o755)}
FOUND = {A: Entry(data=b"old"), LOCK: Entry(data=b"{}")}


def plan(**changed: Any) -> SavedPlan:
    return savedplan.of(
        changed.get("sources", SOURCES),
        changed.get("templates", TEMPLATES),
        changed.get("planned", PLANNED),
        changed.get("found", FOUND),
    )


def dumped(saved: SavedPlan, **changed: Any) -> bytes:
    return json.dumps({"rests_on": {**savedplan.document(saved), **changed}}).encode()


def test_what_is_saved_is_read_back() -> None:
    assert savedplan.loads(dumped(plan()), "plan.json") == plan()
    assert savedplan.moved(plan(), plan()) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sources": {**SOURCES, "topology.yaml": b"name: y\n"}}, "topology.yaml changed"),
        ({"sources": {"topology.yaml": SOURCES["topology.yaml"]}}, "models/m changed"),
        ({"templates": {**TEMPLATES, "b.j2": "3"}}, "the templates changed"),
        ({"templates": {"a.j2": "1b.j2", "b.j2": "2"}}, "the templates changed"),
        ({"planned": {**PLANNED, A: Entry(data=b"newer")}}, "one/compose.yaml would be other than reviewed"),
        ({"planned": {**PLANNED, B: Entry(data=b"#!")}}, "two/run.sh would be other than reviewed"),
        ({"found": {**FOUND, A: Entry(data=b"edited")}}, "one/compose.yaml changed in the output folder"),
        ({"found": {LOCK: FOUND[LOCK]}}, "one/compose.yaml changed in the output folder"),
        ({"found": {**FOUND, B: Entry(data=b"")}}, "two/run.sh changed in the output folder"),
    ],
)
def test_what_moved_is_named(changed: Mapping[str, Any], said: str) -> None:
    (sentence,) = savedplan.moved(plan(), plan(**changed))
    assert sentence.startswith(said)


def test_what_follows_from_another_topology_is_not_told_twice() -> None:
    now = plan(sources={"topology.yaml": b"name: y\n", "models/m": b"FROM x\n"}, planned={})
    assert savedplan.moved(plan(), now) == ("topology.yaml changed",)


def test_many_files_are_counted() -> None:
    many = {PurePosixPath(f"{number}"): Entry(data=b"") for number in range(9)}
    (sentence,) = savedplan.moved(plan(found={}), plan(found=many))
    assert sentence.startswith("0, 1, 2 and 6 more changed")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b"{}", b'{"rests_on": 1}',
        dumped(plan(), templates="short"), dumped(plan(), sources={"a": 1}), dumped(plan(), planned=[]),
        dumped(plan(), found={"../out": {"mode": "0644", "sha256": "0" * 64}}),
        dumped(plan(), found={"a": {"mode": "0644", "sha256": "0"}}), dumped(plan(), found={"a": {}}),
        dumped(plan(), found={"a": {"mode": "x", "sha256": "0" * 64}}),
        dumped(plan(), found={"a": {"mode": "0888", "sha256": "0" * 64}}),
        dumped(plan(), found={"a": {"mode": "\u0664" * 4, "sha256": "0" * 64}}),
    ],
)  # fmt: skip
def test_what_is_no_saved_plan(data: bytes) -> None:
    with pytest.raises(ComposegenError, match=r"plan\.json is no saved plan: .* Make one: composegen diff --out FILE"):
        savedplan.loads(data, "plan.json")


def test_a_newer_format() -> None:
    with pytest.raises(ComposegenError, match=r"newer composegen \(format 2\)"):
        savedplan.loads(dumped(plan(), format=2), "plan.json")


HEAD: Mapping[str, Any] = {"version": 1, "tool": {"name": "composegen", "version": "1.0"}, "topology": "a"}
SAVED = json.dumps({**HEAD, "rests_on": savedplan.document(plan())}).encode()
REPORT = json.dumps({**HEAD, "rests": "rests_on"}, indent=2).encode()


@pytest.mark.parametrize(
    "data", [b"", b" \n", SAVED, SAVED + b"\n", *(SAVED[:end] for end in range(80, len(SAVED), 50))]
)
def test_a_plan_is_replaced_also_when_it_was_cut_off(data: bytes) -> None:
    assert savedplan.may_be_replaced(data)


@pytest.mark.parametrize("data", [REPORT, REPORT + b"\n", REPORT * 2, SAVED + b"and notes", b"{", b'{"rests_on": {}}'])
def test_nothing_else_is_replaced(data: bytes) -> None:
    assert not savedplan.may_be_replaced(data)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(["format", "sources", "templates", "planned", "found"]), JSON))
def test_damage_is_an_error_of_ours(damage: dict[str, Any]) -> None:
    try:
        savedplan.loads(dumped(plan(), **damage), "plan.json")
    except ComposegenError:
        return
    assert savedplan.loads(dumped(plan(), **damage), "plan.json").templates
