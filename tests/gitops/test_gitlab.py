"""The GitLab include: the scripts of its jobs, run in a shell on a repository, before a stand-in for the API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from jsonschema import Draft7Validator

from tests import official
from tests.gitops.api import Api, serving
from tests.gitops.repository import NOBODY, Site, git, site

INCLUDE = Path(__file__).resolve().parent.parent.parent / "gitlab" / "composegen.yml"
NOTES = "/projects/11/merge_requests/7/notes"
MARK = "<!-- composegen plan of topology.yaml -->"

pytestmark = pytest.mark.tool


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a job ended; `folder` is its working copy."""

    code: int
    log: str
    folder: Path


Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(many=NOTES, one=rf"{NOTES}/(\d+)")) as running:
        yield running


@pytest.fixture
def run(repository: Site, api: Api, tmp_path: Path) -> Run:
    """Run a job of the include for the merge request of this branch, as far back as GitLab clones."""

    def run(job: str, branch: str, depth: int = 20, **given: str) -> Ended:
        number = len(list(tmp_path.iterdir()))
        folder = repository.check_out(tmp_path / f"{number}-work", f"refs/heads/{branch}", f"--depth={depth}")
        variables = {
            "CI_API_V4_URL": api.address,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(repository.origin, "rev-parse", "main"),
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_PROJECT_ID": "11",
            "GITLAB_TOKEN": "a-token",
            **given,
        }
        ended = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(_jobs()[job]["script"])],
            cwd=folder,
            env={**os.environ, **NOBODY, "PATH": _path(tmp_path), **_variables(job), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(code=ended.returncode, log=ended.stdout, folder=folder)

    return run


def _path(folder: Path) -> str:
    """The search path of a job in which composegen is installed."""
    program = folder / "bin" / "composegen"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m composegen "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"


def _documents(given: Mapping[str, str] | None = None) -> tuple[Any, Any]:
    """The header with the inputs, and the jobs with the inputs put in."""
    text = INCLUDE.read_text(encoding="utf-8")
    inputs = next(yaml.safe_load_all(text))["spec"]["inputs"]
    known = {name: str(about.get("default", "")).lower() for name, about in inputs.items()} | dict(given or {})
    header, jobs = yaml.safe_load_all(re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: known[found[1]], text))
    return header, jobs


def _jobs() -> Any:
    """The jobs, with what they extend."""
    jobs = _documents({"package": "composegen"})[1]
    return {name: {**jobs[".composegen"], **job} for name, job in jobs.items()}


def _variables(job: str) -> dict[str, str]:
    return {name: value or "" for name, value in _jobs()[job]["variables"].items()}


def test_findings_become_code_quality(run: Run) -> None:
    ended = run("composegen-validate", "floating")
    assert ended.code == 0, ended.log
    (finding,) = json.loads((ended.folder / "gl-code-quality-report.json").read_text())
    assert finding["check_name"].endswith("floating-tag")
    assert finding["location"]["path"] == "topology.yaml"
    assert run("composegen-validate", "floating", STRICT="true").code == 1


def test_errors_fail_and_are_told(run: Run) -> None:
    ended = run("composegen-validate", "broken")
    assert ended.code == 1
    assert "did you mean `address`?" in ended.log
    assert json.loads((ended.folder / "gl-code-quality-report.json").read_text())


@pytest.mark.parametrize(("branch", "code"), [("more", 0), ("stale", 1)])
def test_committed_files_become_junit(run: Run, branch: str, code: int) -> None:
    ended = run("composegen-check", branch)
    assert ended.code == code, ended.log
    suite = ET.parse(ended.folder / "composegen-junit.xml").getroot()  # noqa: S314 - composegen wrote it
    assert bool(suite.findall(".//failure")) is bool(code)


@pytest.mark.parametrize("depth", [1, 20])
def test_a_change_is_noted_once(run: Run, api: Api, depth: int) -> None:
    api.comments += [{"id": number, "body": f"a word {number}"} for number in range(130)]
    ended = run("composegen-plan", "more", depth)
    assert ended.code == 0, ended.log
    assert api.tokens == {"a-token"}
    assert api.comments[-1]["body"].startswith(f"{MARK}\n")
    assert "ollama-2" in api.comments[-1]["body"]
    assert re.search(r"\nCompared with `[0-9a-f]{12}:deploy`\.\n", api.comments[-1]["body"])
    assert "ollama-2" in (ended.folder / "composegen-plan.md").read_text()
    run("composegen-plan", "more")
    run("composegen-plan", "same")
    assert api.written == ["POST", "PUT"]
    assert "ollama-2" not in api.comments[-1]["body"]


def test_without_an_effect_nobody_is_disturbed(run: Run, api: Api) -> None:
    assert run("composegen-plan", "same").code == 0
    assert not api.comments


def test_merged_results_are_compared_with_what_they_were_merged_into(run: Run, api: Api, repository: Site) -> None:
    merged_into = git(repository.origin, "rev-parse", "more")
    assert run("composegen-plan", "more", CI_MERGE_REQUEST_TARGET_BRANCH_SHA=merged_into).code == 0
    assert not api.comments


def test_a_topology_with_errors_has_no_plan(run: Run, api: Api) -> None:
    api.comments.append({"id": 1, "body": f"{MARK}\nan older plan"})
    ended = run("composegen-plan", "broken")
    assert ended.code == 0, ended.log
    assert "no plan" in api.comments[0]["body"]


def test_the_first_merge_request_is_told_that_all_is_new(run: Run, api: Api, repository: Site) -> None:
    ended = run("composegen-plan", "first", TOPOLOGY="new/topology.yaml")
    assert ended.code == 0, ended.log
    base = git(repository.origin, "rev-parse", "main")[:12]
    assert f"no plan, because {base} has no `new/topology.yaml` to compare with: it is new." in api.comments[0]["body"]


def test_a_topology_that_is_nowhere_is_not_new(run: Run, api: Api) -> None:
    ended = run("composegen-plan", "more", TOPOLOGY="topologie.yaml")
    assert "no plan, because it ended with an error (1)" in ended.log
    assert not api.comments


@pytest.mark.parametrize("token", ["", "of-a-fork"])
def test_without_a_token_that_may_the_plan_is_in_the_log(run: Run, api: Api, token: str) -> None:
    api.refuses = 403
    ended = run("composegen-plan", "more", GITLAB_TOKEN=token)
    assert ended.code == 0, ended.log
    assert "No note: " in ended.log
    assert "ollama-2" in ended.log


def test_the_official_schema_takes_the_include() -> None:
    for document in _documents({"package": "composegen"}):
        Draft7Validator(official.carried("gitlab-ci")).validate(document)


def test_inputs_reach_scripts_as_variables_only() -> None:
    for job in yaml.safe_load_all(INCLUDE.read_text(encoding="utf-8")):
        for part in job.values():
            scripts = [*part.get("script", ()), *part.get("before_script", ())]
            assert "$[[" not in "\n".join(scripts)


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    for name, job in _jobs().items():
        script = tmp_path / f"{name}.sh"
        stated = "".join(f"export {variable}=\n" for variable in _variables(name))
        script.write_text("#!/bin/bash\n" + stated + "\n".join([*job["before_script"], *job.get("script", ())]) + "\n")
        ended = subprocess.run(
            [Path(sys.executable).parent / "shellcheck", script],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
