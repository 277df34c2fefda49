"""`composegen diff` for programs and for pull requests, and plans that are applied as reviewed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.invoking import CHECKOUT, Make, Run

SCHEMA = json.loads((CHECKOUT / "schemas" / "diff.schema.json").read_text(encoding="utf-8"))
TOPOLOGY = """\
name: demo
hosts:
  one: {address: 10.0.0.1}
  two: {address: 10.0.0.2}
stores:
  models: {kind: nfs, server: one, path: /srv/models}
services:
  ollama:
    image: ollama/ollama:0.17.4
    store: models
    models: [m]
    environment: {OLLAMA_KEEP_ALIVE: 5m}
    hosts: {one: 1, two: 2}
gateway: {host: one}
"""
CHANGED = TOPOLOGY.replace("0.17.4", "0.17.5").replace("two: 2}", "two: 3}").replace("/srv/models", "/data/models")

slow = pytest.mark.slow


@pytest.fixture
def changed(run: Run, tree: Make) -> Path:
    """A rendered topology that has been changed since; the current folder."""
    folder = tree({"topology.yaml": TOPOLOGY})
    assert run("render").code == 0
    tree({"topology.yaml": CHANGED})
    return folder


def document(text: str) -> Any:
    """What a program gets; it fits its schema."""
    found = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("changed")
def test_json_says_what_the_screen_says(run: Run) -> None:
    found = document(run("diff", "--format", "json").out)
    one = next(one for one in found["impacts"] if (one["host"], one["subject"]) == ("two", "ollama-3"))
    assert (one["effect"], one["action"], one["file"]) == ("create", "create", "two/compose.yaml")
    assert one["cause"]["line"] == 13
    one = next(one for one in found["impacts"] if (one["host"], one["subject"]) == ("two", "ollama-1"))
    image = next(part for part in one["differences"] if part["path"] == "image")
    assert (image["before"], image["after"]) == ("ollama/ollama:0.17.4", "ollama/ollama:0.17.5")
    assert image["cause"]["path"] == "services.ollama.image"
    assert found["summary"]["create"] == 1
    assert any("/srv/models" in risk["message"] and risk["grave"] for risk in found["risks"])
    screen = run("diff").out
    for action in found["actions"]:
        assert action["command"] in screen


@pytest.mark.slow
def test_json_of_nothing(run: Run, tree: Make) -> None:
    tree({"topology.yaml": TOPOLOGY})
    run("render")
    found = document(run("diff", "--format", "json").out)
    assert found["impacts"] == []
    assert set(found["summary"]) == {"unchanged"}


@pytest.mark.usefixtures("run")
def test_every_object_of_the_schema_is_described() -> None:
    def described(part: Any) -> None:
        for name, field in {**part.get("properties", {}), **part.get("patternProperties", {})}.items():
            assert "description" in field or "$ref" in field, name
            described(field)
        described(part["items"]) if "items" in part else None

    described(SCHEMA)
    for part in SCHEMA["$defs"].values():
        described(part)


def secret(text: str, value: str) -> str:
    """The topology with a literal secret, which a comment allows."""
    line = f"    environment: {{API_TOKEN: {value}}}    # composegen: allow[secret-literal] it is a test"
    return text.replace("    environment: {OLLAMA_KEEP_ALIVE: 5m}", line)


@pytest.mark.parametrize("view", [[], ["--summary"], ["--format", "json"], ["--format", "markdown"], ["--patch"]])
def test_no_view_shows_a_secret(run: Run, tree: Make, view: list[str]) -> None:
    tree({"topology.yaml": secret(TOPOLOGY, "hunter2hunter2aaaa")})
    assert run("render").code == 0
    tree({"topology.yaml": secret(TOPOLOGY, "correct-horse-battery")})
    outcome = run("diff", *view)
    assert outcome.code == 0
    assert "hunter2" not in outcome.out + outcome.err
    assert "correct-horse" not in outcome.out + outcome.err


@pytest.mark.slow
@pytest.mark.usefixtures("changed")
def test_markdown_has_everything(run: Run) -> None:
    text = run("diff", "--format", "markdown").out
    assert text.startswith("### Plan of `topology.yaml`: **1 create, ")
    assert "> [!CAUTION]\n> **Data:**" in text
    assert "| two | `compose.yaml` |" in text
    assert "`topology.yaml:9`" in text
    assert "```mermaid\nflowchart" in text
    assert "+    image: ollama/ollama:0.17.5" in text
    assert text.count("<details>") == text.count("</details>") == 3
    brief = run("diff", "--format", "markdown", "--summary").out
    assert "mermaid" not in brief
    assert "+    image:" not in brief


@pytest.mark.slow
@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    "budget", [1000, *(pytest.param(one, marks=slow) for one in (1500, 2000, 3000, 4000, 6000, 9000, 15000)), 30000]
)
def test_markdown_keeps_to_its_budget(run: Run, budget: int) -> None:
    whole = run("diff", "--format", "markdown").out
    text = run("diff", "--format", "markdown", "--budget", str(budget)).out
    assert len(text.encode()) <= budget
    fences = re.findall(r"^(`{3,})", text, re.MULTILINE)
    assert len(fences) % 2 == 0
    assert text.count("<details>") == text.count("</details>")
    assert "### Plan of" in text
    if len(whole.encode()) > budget:
        assert "left out: too long for a comment" in text


@pytest.mark.slow
def test_markdown_of_nothing(run: Run, tree: Make) -> None:
    tree({"topology.yaml": TOPOLOGY})
    run("render")
    text = run("diff", "--format", "markdown").out
    assert text == "### Plan of `topology.yaml`: nothing changes\n\nCompared with `deploy`.\n"


@pytest.mark.slow
def test_hostile_text_does_not_leave_its_cell(run: Run, tree: Make) -> None:
    hostile = '"a | b ``` </details> <img src=x> @everyone"'
    tree({"topology.yaml": TOPOLOGY})
    assert run("render").code == 0
    tree({"topology.yaml": TOPOLOGY.replace("KEEP_ALIVE: 5m", f"KEEP_ALIVE: 5m, EXTRA: {hostile}")})
    text = run("diff", "--format", "markdown").out
    prose = re.sub(r"^(`{3,})\w+\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert prose.count("<details>") == prose.count("</details>") == 2
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {8}
    assert not any("<img" in line for line in table)


@pytest.mark.slow
@pytest.mark.usefixtures("changed")
def test_a_saved_plan_is_applied(run: Run) -> None:
    outcome = run("diff", "--out", "plan.json")
    assert outcome.out.rstrip().endswith("Next: composegen render --plan plan.json")
    found = document(Path("plan.json").read_text())
    assert found["rests_on"]["planned"].keys() >= {"one/compose.yaml", "verify.sh"}
    assert run("render", "--plan", "plan.json").code == 0
    assert run("check").code == 0
    again = run("render", "--plan", "plan.json")
    assert again.code == 1
    assert "changed in the output folder" in again.err


@pytest.mark.slow
@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("topology.yaml", "  - topology.yaml changed\n"),
        ("deploy/two/compose.yaml", "  - two/compose.yaml changed in the output folder\n"),
        ("deploy/composegen.lock.json", "  - composegen.lock.json changed in the output folder\n"),
    ],
)
def test_a_plan_is_refused_when_something_moved(run: Run, file: str, said: str) -> None:
    own = ("--env-file", "a.env", "--templates", "own")
    Path("a.env").touch()
    Path("own").mkdir()
    run("diff", "--out", "plan.json", *own)
    path = Path(file)
    path.write_text(path.read_text() + ("\n" if path.suffix == ".json" else "# moved\n"))
    before = {path: path.read_bytes() for path in Path("deploy").rglob("*") if path.is_file()}
    outcome = run("render", "topology.yaml", "-o", "deploy", "--plan", "plan.json", *own)
    assert outcome.code == 1
    assert said in outcome.err
    assert f"Review it anew: composegen diff topology.yaml -o deploy {' '.join(own)} --out plan.json" in outcome.err
    assert {path: path.read_bytes() for path in Path("deploy").rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_plan_is_refused_when_a_variable_or_template_moved(run: Run, tree: Make) -> None:
    tree(
        {
            "topology.yaml": TOPOLOGY.replace("0.17.4", '"${TAG}"').replace(
                'ollama/ollama:"${TAG}"', '"ollama/ollama:${TAG}"'
            )
            + "variables: [TAG]\n",
            ".env": "TAG=1.0.0\n",
        }
    )
    assert run("diff", "--out", "plan.json").code == 0
    tree({".env": "TAG=1.0.1\n"})
    assert "would be other than reviewed: a value of `variables:` changed" in run("render", "--plan", "plan.json").err
    tree({".env": "TAG=1.0.0\n", "own/common/verify.sh.j2": "#!/bin/sh\n"})
    assert "the templates changed" in run("render", "--plan", "plan.json", "--templates", "own").err
    assert run("render", "--plan", "plan.json").code == 0


@pytest.mark.slow
@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    "words",
    [
        ("diff", "--out", "p", "--host", "one"),
        ("diff", "--out", "p", "--against", "deploy"),
        ("diff", "--out", "nowhere/p"),
        ("render", "--plan", "nowhere"),
        ("render", "--plan", "topology.yaml"),
        ("render", "--plan", "plan.json", "--host", "one"),
        ("render", "--plan", "plan.json", "--no-prune"),
    ],
)
def test_what_does_not_go_with_a_plan(run: Run, words: tuple[str, ...]) -> None:
    run("diff", "--out", "plan.json")
    outcome = run(*words)
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1].startswith("composegen: ") or "Error" in outcome.err


@pytest.mark.slow
@pytest.mark.usefixtures("changed")
def test_a_plan_replaces_nothing_but_a_plan(run: Run) -> None:
    findings = run("validate", "--format", "json").out
    report = run("diff", "--format", "json").out
    others = (
        ("notes.json", '{"version": 1}\n'),
        ("findings.json", findings),
        ("report.json", report),  # it cannot be made again once the files are written
        ("reports.json", report + report),
    )
    for file, text in (("topology.yaml", None), ("deploy/README.md", None), *others):
        path = Path(file)
        if text is not None:
            path.write_text(text)
        before = path.read_bytes()
        outcome = run("diff", "--out", file)
        assert (outcome.code, path.read_bytes()) == (2, before)
        assert f"--out {file}: this file is there already and is no saved plan; it stays as it is" in outcome.err
    Path("plan.json").write_text("")
    assert run("diff", "--out", "plan.json").code == 0, "an empty file, as mktemp makes it"
    whole = Path("plan.json").read_text()
    Path("plan.json").write_text(whole[: len(whole) // 2])
    assert run("diff", "--out", "plan.json").code == 0, "half a plan, as a full disk leaves it"
    assert Path("plan.json").read_text() == whole
    assert run("diff", "--out", "-").code == 2
    assert not Path("-").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("changed")
def test_names_in_a_plan_steer_no_terminal(run: Run) -> None:
    run("diff", "--out", "plan.json")
    plan = document(Path("plan.json").read_text())
    plan["rests_on"]["sources"]["\x1b[31mred\n"] = "0" * 64
    Path("plan.json").write_text(json.dumps(plan))
    outcome = run("render", "--plan", "plan.json")
    assert outcome.code == 1
    assert "\x1b" not in outcome.err
    assert "[31mred" in outcome.err.splitlines()[-2], "on one line, with signs in place of what steers"
