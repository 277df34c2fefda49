"""Every format of `validate` and `check` from outside: documents others accept, the same exit codes, no secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml

from composegen.cli.options import FORMATS
from composegen.errors import ExitCode
from tests import official
from tests.invoking import BAD, CHECKOUT, GOOD, WARNS, Run

SCHEMA = json.loads((CHECKOUT / "schemas" / "findings.schema.json").read_text(encoding="utf-8"))
SECRET = "hunter2-hunter2-hunter2"
HEAD = "name: demo\nhosts:\n  box: {address: 10.0.0.1}\nservices:\n  ollama:\n"
ALLOWED = f"{HEAD}    image: ollama/ollama  # composegen: allow[floating-tag] a lab\n    hosts: {{box: 1}}\n"
SECRETS = f"{HEAD}    environment: {{API_TOKEN: {SECRET}, OLLAMA_NUM_PARALEL: 2}}\n    hosts: {{box: 1}}\n"
SYNTAX = "name: [demo\n"

PROGRAMS = [name for name in FORMATS if name != "text"]
every_format = pytest.mark.parametrize("name", PROGRAMS)


def _json(text: str) -> list[tuple[str, str, int]]:
    document = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return [(one["code"], one["file"], one["line"]) for one in document["findings"]]


def _sarif(text: str) -> list[tuple[str, str, int]]:
    document = json.loads(text)
    assert official.errors(official.SARIF, document) == []
    places = [(one["ruleId"], one["locations"][0]["physicalLocation"]) for one in document["runs"][0]["results"]]
    return [(code, place["artifactLocation"]["uri"], place["region"]["startLine"]) for code, place in places]


def _github(text: str) -> list[tuple[str, str, int]]:
    found = []
    for line in text.splitlines():
        properties = dict(part.split("=", 1) for part in line.split("::")[1].partition(" ")[2].split(","))
        found.append((properties["title"][:5], properties["file"], int(properties["line"])))
    return found


def _gitlab(text: str) -> list[tuple[str, str, int]]:
    return [
        (one["check_name"][:5], one["location"]["path"], one["location"]["lines"]["begin"]) for one in json.loads(text)
    ]


def _junit(text: str) -> list[tuple[str, str, int]]:
    cases = ET.fromstring(text.encode()).iter("testcase")  # noqa: S314 - written here
    return [(one.attrib["name"][:5], one.attrib["file"], int(one.attrib["line"])) for one in cases if len(one)]


READERS: dict[str, Any] = {"json": _json, "sarif": _sarif, "github": _github, "gitlab": _gitlab, "junit": _junit}
TOPOLOGIES = {"good": GOOD, "warns": WARNS, "bad": BAD, "allowed": ALLOWED, "secret": SECRETS, "syntax": SYNTAX}


def test_every_format_is_read_here() -> None:
    assert sorted(READERS) == sorted(PROGRAMS)


@every_format
@pytest.mark.parametrize("case", TOPOLOGIES)
@pytest.mark.parametrize("options", [(), ("--strict",)], ids=["", "strict"])
def test_formats_say_the_same_and_end_alike(run: Run, name: str, case: str, options: tuple[str, ...]) -> None:
    Path("topology.yaml").write_text(TOPOLOGIES[case])
    text = run("validate", *options)
    outcome = run("validate", "--format", name, *options)
    assert outcome.code == text.code
    assert outcome.err == ""
    found = READERS[name](outcome.out)
    expected = [(code, file, line) for code, file, line in _json(run("validate", "--format", "json").out)]
    assert sorted(found) == sorted(expected)
    assert all(file == "topology.yaml" for _, file, _ in found)


@every_format
def test_check_prints_every_format(run: Run, name: str) -> None:
    Path("topology.yaml").write_text(GOOD)
    found = READERS[name](run("check", "--format", name).out)
    assert {code for code, _, _ in found} == {"CG903"}
    assert ("CG903", "deploy/README.md", 1) in found


@every_format
def test_a_checked_folder_without_findings(run: Run, name: str) -> None:
    Path("topology.yaml").write_text(GOOD)
    assert run("render").code == ExitCode.DONE
    outcome = run("check", "--format", name)
    assert (outcome.code, READERS[name](outcome.out), outcome.err) == (ExitCode.DONE, [], "")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "change",
    [
        str,
        lambda text: text.replace("    hosts", "    # composegen: allow[unknown-variable] later\n    hosts"),
        lambda text: text.replace("2}", "2}  # composegen: allow[secret-literal] a lab"),
    ],
    ids=["found", "near", "allowed"],
)
def test_no_format_shows_a_secret(run: Run, name: str, change: Any) -> None:
    Path("topology.yaml").write_text(change(SECRETS))
    for command in ("validate", "check"):
        outcome = run(command, "--format", name, "--color", "always")
        assert SECRET[-8:] not in outcome.out + outcome.err, "not even the end of it"
        assert "OLLAMA_NUM_PARALEL" in outcome.out + outcome.err, "the line of the secret has another finding"


@every_format
def test_colours_are_for_text_only(run: Run, name: str) -> None:
    Path("topology.yaml").write_text(WARNS)
    assert "\x1b" not in run("validate", "--format", name, "--color", "always").out
    assert "\x1b" in run("validate", "--color", "always").out


@every_format
def test_an_absolute_name_becomes_relative(run: Run, name: str) -> None:
    path = Path("topology.yaml").absolute()
    path.write_text(WARNS)
    found = READERS[name](run("validate", "--format", name, str(path)).out)
    assert [file for _, file, _ in found] == ([str(path)] if name == "json" else ["topology.yaml"])


@pytest.mark.parametrize(
    ("name", "mild", "grave"),
    [
        ("sarif", '"level": "warning",\n          "message"', '"level": "error",\n          "message"'),
        ("github", "::warning ", "::error "),
        ("gitlab", '"minor"', '"major"'),
        ("junit", "<skipped ", "<failure "),
    ],
)
def test_under_strict_a_warning_fails_the_job_and_looks_like_it(run: Run, name: str, mild: str, grave: str) -> None:
    Path("topology.yaml").write_text(WARNS)
    lenient, strict = run("validate", "--format", name).out, run("validate", "--strict", "--format", name).out
    assert mild in lenient
    assert grave not in lenient
    assert grave in strict
    assert mild not in strict


def test_text_and_json_count_what_is_allowed(run: Run) -> None:
    Path("topology.yaml").write_text(ALLOWED)
    assert run("validate").out == "no findings, 1 allowed\n"
    document = json.loads(run("validate", "--format", "json").out)
    assert [(one["slug"], one["reason"]) for one in document["allowed"]] == [("floating-tag", "a lab")]
    assert document["summary"]["allowed"] == 1


def test_a_finding_and_something_allowed(run: Run) -> None:
    Path("topology.yaml").write_text(
        ALLOWED.replace("    hosts", "    environment: {OLLAMA_NUM_PARALEL: 2}\n    hosts")
    )
    assert run("render").err.splitlines()[-1] == "1 error, 1 allowed; nothing was written"


def test_an_unknown_format_is_wrong_usage(run: Run) -> None:
    outcome = run("validate", "--format", "sarf")
    assert outcome.code == ExitCode.FAILED
    assert "sarif" in outcome.err


# What users and contributors of the repository get.


@pytest.mark.parametrize(
    ("file", "schema", "needed"),
    [
        (".pre-commit-hooks.yaml", official.PRE_COMMIT_HOOKS, '"id"'),
        (".pre-commit-config.yaml", official.PRE_COMMIT_CONFIG, '"repos"'),
    ],
)
def test_the_files_of_pre_commit_are_what_it_reads(file: str, schema: str, needed: str) -> None:
    document = yaml.safe_load((CHECKOUT / file).read_text(encoding="utf-8"))
    assert official.errors(schema, document) == []
    broken = json.loads(json.dumps(document).replace(needed, '"other"'))
    assert official.errors(schema, broken), "the schema can refuse"


def test_each_hook_runs_a_command_on_its_own_choice_of_files() -> None:
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"]: hook["entry"] for hook in hooks} == {
        "composegen-validate": "composegen validate",
        "composegen-check": "composegen check",
    }
    assert all(hook["language"] == "python" and hook["pass_filenames"] is False for hook in hooks)


def test_the_hooks_of_this_repository_use_the_same_ruff() -> None:
    config = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    needed = {need for hook in config["repos"][0]["hooks"] for need in hook["additional_dependencies"]}
    assert len(needed) == 1
    assert f'"{needed.pop()}",' in (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
