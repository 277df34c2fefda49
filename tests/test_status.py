"""`composegen status` from outside: two columns, a form for scripts, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from composegen.errors import ExitCode
from tests.invoking import BAD, GOOD, Make, Outcome, Run

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "status.schema.json").read_text(encoding="utf-8"))


def document(outcome: Outcome) -> Any:
    """What a program gets; it fits its schema, and standard output holds nothing else."""
    found = json.loads(outcome.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def test_before_and_after_the_first_render(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    outcome = run("status")
    assert outcome.code == 0
    assert " A box/compose.yaml\n" in outcome.out
    assert outcome.err == "\n1st column, since the last render: nothing\n2nd column, render would: A add\n"
    assert not Path("deploy").exists()
    assert run("render").code == 0
    outcome = run("status")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith("deploy: ")
    assert outcome.err.endswith(" files, nothing to do.\n")


def test_both_columns(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    run("render", "-o", "out")
    script = Path("out/box/model-init.sh")
    script.write_text(script.read_text() + "# mine\n")
    Path("out/verify.sh").unlink()
    tree({"topology.yaml": GOOD.replace("local-llm", "other")})
    outcome = run("status", "topology.yaml", "-o", "out")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert {" M box/compose.yaml", "MM box/model-init.sh", "DA verify.sh"} <= set(lines)
    assert [line[3:] for line in lines] == sorted(line[3:] for line in lines)
    assert outcome.err == (
        "\n1st column, since the last render: M edited, D deleted\n2nd column, render would: A add, M change\n"
    )
    porcelain = run("status", "topology.yaml", "-o", "out", "--porcelain")
    assert (porcelain.code, porcelain.out, porcelain.err) == (0, outcome.out, "")


def test_an_edit_that_render_would_make_too(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    run("render")
    other = GOOD.replace("local-llm", "other")
    tree({"topology.yaml": other})
    new = run("render", "--stdout", "box/compose.yaml").out
    tree({"deploy/box/compose.yaml": new})
    assert "M  box/compose.yaml\n" in run("status").out


def test_files_of_somebody_else(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "deploy/README.md": "mine", "deploy/notes.txt": "mine"})
    outcome = run("status")
    assert "?M README.md\n" in outcome.out
    assert "notes.txt" not in outcome.out
    assert "? not written by composegen" in outcome.err


def test_as_json(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    run("render", "-o", "out")
    before = document(run("status", "-o", "out", "--format", "json"))
    assert (before["root"], before["compared"], before["files"]) == ("out", True, [])
    assert before["summary"]["unchanged"] == len([one for one in Path("out").rglob("*") if one.is_file()]) - 1
    script = Path("out/box/model-init.sh")
    script.write_text(script.read_text() + "# mine\n")
    Path("out/verify.sh").unlink()
    tree({"topology.yaml": GOOD.replace("local-llm", "other")})
    outcome = run("status", "-o", "out", "--format", "json")
    assert (outcome.code, outcome.err) == (0, "")
    after = document(outcome)
    files = {one["path"]: (one["since"], one["render"], one["conflict"]) for one in after["files"]}
    assert files["box/compose.yaml"] == ("nothing", "modify", False)
    assert files["box/model-init.sh"] == ("edited", "modify", True)
    assert files["verify.sh"] == ("deleted", "add", False)
    assert after["summary"]["conflicts"] == 1
    assert after["summary"]["listed"] == len(files)


def test_as_json_of_a_topology_with_errors(run: Run, tree: Make) -> None:
    tree({"topology.yaml": BAD})
    outcome = run("status", "--format", "json")
    assert outcome.code == ExitCode.FINDINGS
    found = document(outcome)
    assert (found["root"], found["compared"], found["files"]) == (None, False, [])
    assert "CG104" in outcome.err


def test_the_schema_refuses_what_it_does_not_describe() -> None:
    example = {"path": "a", "since": "changed", "render": "add", "conflict": False}
    item = {"$ref": "#/$defs/file", "$defs": SCHEMA["$defs"]}
    assert not jsonschema.Draft202012Validator(item).is_valid(example)
    assert jsonschema.Draft202012Validator(item).is_valid({**example, "since": "edited"})


def test_a_topology_with_errors(run: Run, tree: Make) -> None:
    tree({"topology.yaml": BAD})
    outcome = run("status", "--porcelain")
    assert (outcome.code, outcome.out) == (ExitCode.FINDINGS, "")
    assert "CG104" in outcome.err
    assert run("status", "missing.yaml").code == ExitCode.FAILED
