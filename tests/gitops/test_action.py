"""The GitHub Action: its own steps, run in a shell on a repository with history, before a stand-in for GitHub's API."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests import official
from tests.gitops.api import Api, serving
from tests.gitops.repository import NOBODY, Site, git, site
from tests.gitops.steps import ACTION, CHECKOUT, Job

NUMBER = 7
BELOW = "/repos/team/hosts/issues"
MARK = "<!-- composegen plan of topology.yaml -->"
SCRIPTS = sorted((CHECKOUT / "action").glob("*.sh"))
LONGEST = 65_536

pytestmark = pytest.mark.tool

Use = Callable[..., Job]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(many=rf"{BELOW}/{NUMBER}/comments", one=rf"{BELOW}/comments/(\d+)")) as running:
        yield running


@pytest.fixture
def use(repository: Site, api: Api, tmp_path: Path) -> Use:
    """Run the action in a job of a pull request of this name; composegen is that of this checkout."""

    def run(
        name: str,
        *history: str,
        reference: str = "",
        event: str = "pull_request",
        installed: bool = True,
        lonely: bool = False,
        **inputs: str,
    ) -> Job:
        number = len(list(tmp_path.iterdir()))
        checkout = repository.check_out(tmp_path / f"{number}-work", reference or f"refs/pull/{name}/merge", *history)
        if lonely:
            git(checkout, "remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
        temporary = tmp_path / f"{number}-temporary"
        temporary.mkdir()
        if installed:
            _install(temporary)
        return Job(
            checkout=checkout,
            temporary=temporary,
            installed=installed,
            values={
                "github.token": "a-token",
                "github.base_ref": "" if event == "push" else "main",
                "github.event.pull_request.number": str(NUMBER),
                "steps.python.outputs.python-path": sys.executable,
                **{f"inputs.{key}": value for key, value in inputs.items()},
            },
            environment={
                **NOBODY,
                "GITHUB_API_URL": api.address,
                "GITHUB_BASE_REF": "main",
                "GITHUB_EVENT_NAME": event,
                "GITHUB_REPOSITORY": "team/hosts",
                "GITHUB_SHA": git(repository.origin, "rev-parse", f"refs/pull/{name}/merge"),
            },
        ).run()

    return run


def _install(temporary: Path) -> None:
    program = temporary / "composegen" / "bin" / "composegen"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m composegen "$@"\n')
    program.chmod(0o755)


@pytest.mark.parametrize("history", [("--depth=1",), ("--depth=2",), ()], ids=["shallow", "two deep", "whole"])
def test_a_change_is_commented(use: Use, api: Api, history: tuple[str, ...]) -> None:
    job = use("more", *history)
    assert not job.failed, job.log
    (comment,) = api.comments
    assert comment["body"].startswith(f"{MARK}\n")
    assert "ollama-2" in comment["body"]
    assert re.search(r"\nCompared with `[0-9a-f]{12}:deploy`\.\n", comment["body"])
    assert comment["body"] == job.summary
    assert api.tokens == {"Bearer a-token"}
    assert job.value("steps.plan.outputs.changes") == "true"
    shallow = git(job.checkout, "rev-parse", "--is-shallow-repository")
    assert shallow == ("true" if history else "false")


def test_the_comment_is_kept_up_to_date(use: Use, api: Api) -> None:
    api.comments += [{"id": number, "body": f"a word {number}"} for number in range(130)]
    api.comments.append({"id": 500, "body": f"> {MARK}\nquoted by somebody"})
    api.comments.append({"id": 501, "body": f"{MARK}\nan older plan"})
    api.comments.append({"id": 502, "body": None})
    use("more", "--depth=2")
    assert api.written == ["PATCH"]
    assert ("PATCH", f"{BELOW}/comments/501") in api.asked
    assert "ollama-2" in next(one["body"] for one in api.comments if one["id"] == 501)
    assert len(api.comments) == 133
    # The server may have other line ends; nothing is written for them.
    api.comments[131]["body"] = api.comments[131]["body"].replace("\n", "\r\n")
    use("more", "--depth=2")
    assert api.written == ["PATCH"]


def test_without_an_effect_nobody_is_disturbed(use: Use, api: Api) -> None:
    job = use("same", "--depth=2")
    assert not job.failed, job.log
    assert not api.comments
    assert job.value("steps.plan.outputs.changes") == "false"
    api.comments.append({"id": 1, "body": f"{MARK}\nan older plan"})
    use("same", "--depth=2")
    assert "older" not in api.comments[0]["body"]


def test_stale_files_fail_the_job_and_the_plan_is_told(use: Use, api: Api) -> None:
    job = use("stale", "--depth=2")
    assert job.outcomes["Check the committed files"] == "failure"
    assert job.outcomes["Validate the topology"] == "success"
    assert "::error file=deploy/box/compose.yaml" in job.log
    assert "ollama-2" in api.comments[0]["body"]


def test_errors_are_annotated_and_there_is_no_plan(use: Use, api: Api) -> None:
    api.comments.append({"id": 1, "body": f"{MARK}\nan older plan"})
    job = use("broken", "--depth=2")
    assert job.outcomes["Validate the topology"] == "failure"
    assert "::error file=topology.yaml,line=3" in job.log
    assert "did you mean `address`?" in job.log
    assert "no plan" in api.comments[0]["body"]
    assert api.written == ["PATCH"]


def test_the_first_pull_request_is_told_that_all_is_new(use: Use, api: Api, repository: Site) -> None:
    job = use("first", "--depth=2", topology="new/topology.yaml")
    assert not job.failed, job.log
    base = git(repository.origin, "rev-parse", "--short=12", "main")
    told = f"**composegen**: no plan, because {base} has no `new/topology.yaml` to compare with: it is new."
    assert api.comments[0]["body"].splitlines()[1:] == [told]
    assert Path(job.value("steps.plan.outputs.plan")).name == "composegen-plan-new-topology.yaml.md", "for each its own"
    assert job.value("steps.plan.outputs.changes") == "true"


def test_a_topology_that_is_nowhere_is_not_new(use: Use, api: Api) -> None:
    job = use("more", "--depth=2", topology="topologie.yaml")
    assert job.outcomes["Validate the topology"] == "failure"
    assert "no plan, because it ended with an error (1)" in job.summary
    assert not api.comments


def test_warnings_fail_when_that_is_asked_for(use: Use) -> None:
    assert not use("floating", "--depth=2").failed
    job = use("floating", "--depth=2", strict="true")
    assert job.outcomes["Validate the topology"] == "failure"
    assert job.outcomes["Check the committed files"] == "failure"


@pytest.mark.parametrize("token", ["", "of-a-fork"])
def test_a_fork_whose_token_may_not_comment_passes(use: Use, api: Api, token: str) -> None:
    api.refuses = 403
    job = use("more", "--depth=2", token=token)
    assert not job.failed, job.log
    assert "::notice title=composegen::No comment" in job.log
    assert "ollama-2" in job.summary
    assert not api.comments


def test_a_server_that_is_down_does_not_fail_the_job(use: Use, api: Api) -> None:
    api.refuses = 502
    job = use("more", "--depth=2")
    assert not job.failed, job.log
    assert "::warning title=composegen::No comment: the server answered 502." in job.log


def test_comments_can_be_switched_off(use: Use, api: Api) -> None:
    job = use("more", "--depth=2", comment="false")
    assert job.outcomes["Comment on the pull request"] == "skipped"
    assert "ollama-2" in job.summary
    assert not api.asked


@pytest.mark.parametrize("history", [("--depth=1",), ()], ids=["shallow", "whole"])
def test_the_branch_itself_may_be_checked_out(use: Use, api: Api, history: tuple[str, ...]) -> None:
    job = use("more", *history, reference="refs/heads/more", event="pull_request_target")
    assert not job.failed, job.log
    assert "ollama-2" in api.comments[0]["body"]


def test_without_the_other_commit_there_is_a_warning(use: Use, api: Api) -> None:
    job = use("more", "--depth=1", lonely=True)
    assert not job.failed, job.log
    assert "::warning title=composegen::No plan" in job.log
    assert "fetch-depth: 2" in job.log
    assert job.outcomes["Comment on the pull request"] == "skipped"
    assert not api.asked


def test_a_push_is_checked_only(use: Use, api: Api) -> None:
    job = use("more", "--depth=1", event="push")
    assert not job.failed, job.log
    assert job.outcomes["Plan the change"] == "skipped"
    assert not api.asked


@pytest.mark.slow
def test_it_installs_itself(use: Use, api: Api) -> None:
    job = use("more", "--depth=2", installed=False)
    assert not job.failed, job.log
    assert "ollama-2" in api.comments[0]["body"]


def test_a_long_plan_is_cut_and_stays_whole_markdown() -> None:
    shortened = runpy.run_path(str(CHECKOUT / "action" / "comment.py"))["shortened"]
    line = "é" * 100
    text = f"{MARK}\n<details>\n\n```diff\n" + f"{line}\n" * 1000 + "```\n</details>\n"
    cut = shortened(text)
    assert LONGEST - 1000 < len(cut.encode()) <= LONGEST
    assert cut.count("```") == 2
    assert cut.count("</details>") == 1
    assert cut.endswith("has all of it.*\n")
    exact = "x" * LONGEST
    assert shortened(exact) == exact


def test_the_official_schema_takes_the_action() -> None:
    Draft7Validator(official.carried("github-actions")).validate(_action())


def test_everything_of_others_is_pinned() -> None:
    used = re.findall(r"uses: (.*)", ACTION.read_text(encoding="utf-8"))
    assert used
    for one in used:
        assert re.fullmatch(r"actions/setup-python@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_inputs_reach_scripts_as_variables_only() -> None:
    for step in _action()["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_zizmor_finds_nothing() -> None:
    _passes("zizmor", "--offline", "--persona", "auditor", "--no-progress", "--strict-collection", str(ACTION))


def test_shellcheck_finds_nothing() -> None:
    assert SCRIPTS
    _passes("shellcheck", *map(str, SCRIPTS))
    assert all(script.stat().st_mode & 0o111 for script in SCRIPTS)


def _passes(program: str, *arguments: str) -> None:
    ended = subprocess.run(
        [Path(sys.executable).parent / program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _action() -> Any:
    return yaml.safe_load(ACTION.read_text(encoding="utf-8"))
