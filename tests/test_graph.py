"""`composegen graph` from outside: forms, marks, and how it ends."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from composegen.errors import ExitCode
from composegen.graph import FORMATS
from tests.invoking import BAD, CHECKOUT, GOOD, Make, Run
from tests.unit.graph.pictures import farm

TWO = GOOD.replace("hosts: {box: 1}", "hosts: {box: 2}")


def test_text_is_what_a_person_gets(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    outcome = run("graph")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("local-llm: 1 instance on 1 host; users go to http://192.168.1.10:11434\n\n")
    assert "│ users ├───────▶│ ollama-1  :11434 ├─── rw ───" in outcome.out
    assert not Path("deploy").exists()


@pytest.mark.parametrize(
    ("form", "begins"), [("mermaid", "flowchart LR\n"), ("dot", 'digraph "local-llm" {\n'), ("svg", "<svg xmlns=")]
)
def test_the_other_forms(form: str, begins: str, run: Run, tree: Make) -> None:
    tree({"other.yaml": GOOD})
    outcome = run("graph", "other.yaml", "--format", form)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(begins)
    assert outcome.out.endswith("\n")


@pytest.mark.slow
def test_what_the_next_render_changes(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    assert "+ ollama-1" in run("graph", "--diff").out
    run("render")
    assert run("graph", "--diff").out == run("graph").out
    tree({"topology.yaml": TWO})
    shown = run("graph", "--diff").out
    assert "│ + ollama-2 " in shown
    tree({"topology.yaml": GOOD})
    run("render", "-o", "there")
    tree({"topology.yaml": TWO})
    assert run("graph", "--diff", "-o", "there").out == shown


@pytest.mark.slow
def test_against_a_topology_or_a_folder(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "two.yaml": TWO})
    shown = run("graph", "--against", "two.yaml").out
    assert "┆ - ollama-2 " in shown
    assert "┄" in shown.split("ro")[0]
    run("render", "two.yaml", "-o", "there")
    assert "┆ - ollama-2 " in run("graph", "--against", "there").out
    picture = ET.fromstring(run("graph", "--against", "two.yaml", "--format", "svg").out)  # noqa: S314 - our own
    classes = {element.get("class") for element in picture.iter()}
    assert {"card marked line-removed", "wire ro line-removed"} <= classes


def test_colours_are_for_terminals(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "two.yaml": TWO})
    plain = run("graph", "two.yaml", "--against", "topology.yaml").out
    coloured = run("graph", "two.yaml", "--against", "topology.yaml", "--color", "always").out
    assert "\x1b" not in plain
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain


def test_errors_are_told_and_nothing_is_drawn(run: Run, tree: Make) -> None:
    tree({"topology.yaml": BAD})
    outcome = run("graph")
    assert (outcome.code, outcome.out) == (ExitCode.FINDINGS, "")
    assert "error[CG104]" in outcome.err
    assert "nothing was drawn" in outcome.err


def test_the_other_side_must_be_there_and_right(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "bad.yaml": BAD})
    for name in ("bad.yaml", "nowhere.yaml"):
        outcome = run("graph", "--against", name)
        assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
        assert outcome.err.startswith("composegen: ")
        assert "Traceback" not in outcome.err


@pytest.mark.slow
def test_mermaid_refuses_what_it_would_not_draw(run: Run, tree: Make) -> None:
    tree({"topology.yaml": re.sub(r"^        ", "", farm(51, 1, services=5), flags=re.MULTILINE)})
    outcome = run("graph", "--format", "mermaid")
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    assert "at most 500; take --format svg or dot" in outcome.err
    assert run("graph", "--format", "dot").code == 0


def test_a_hostile_path_stays_a_path(run: Run, tree: Make) -> None:
    path = '/srv/"];<script>%%{init: {}}%%'
    text = GOOD.replace(
        "services:", f"stores:\n  m: {{kind: nfs, external: nas, path: '{path}', writer: box}}\nservices:"
    )
    tree({"topology.yaml": text.replace("ollama:\n", "ollama:\n    store: m\n")})
    drawn = {form: run("graph", "--format", form) for form in FORMATS}
    assert {outcome.code for outcome in drawn.values()} == {0}, drawn["svg"].err
    assert "script>" not in drawn["mermaid"].out
    assert "%%" not in drawn["mermaid"].out
    assert "<script" not in drawn["svg"].out
    assert '/srv/\\"];<script>' in drawn["dot"].out
    texts = ["".join(one.itertext()) for one in ET.fromstring(drawn["svg"].out).iter()]  # noqa: S314 - our own
    assert any("<script>" in text for text in texts)


def test_the_pictures_of_the_documentation_are_linked() -> None:
    page = (CHECKOUT / "docs" / "graph.md").read_text(encoding="utf-8")
    links = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page)
    assert len(links) == 2
    assert all((CHECKOUT / "docs" / link).is_file() for link in links)


def test_the_text_of_the_documentation_is_what_is_drawn(run: Run) -> None:
    page = (CHECKOUT / "docs" / "graph.md").read_text(encoding="utf-8")
    shown = run("graph", str(CHECKOUT / "samples" / "nfs-replicas" / "topology.yaml")).out
    assert f"```text\n{shown}```\n" in page
