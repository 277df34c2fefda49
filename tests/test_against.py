"""`composegen diff --against`: a commit, another folder, another topology; real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.invoking import Make, Run

TOPOLOGY = """\
name: demo
hosts:
  one: {address: 10.0.0.1}
services:
  ollama:
    image: ollama/ollama:0.17.4
    models: [m]
    hosts: {one: 1}
"""


def git(*words: str) -> None:
    settings = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *settings, *words], check=True, capture_output=True)


def commit(message: str) -> None:
    git("add", "--all")
    git("commit", "--message", message)


@pytest.fixture
def repository(run: Run, tree: Make) -> Path:
    """One commit with its tree, on main; the current folder."""
    folder = tree({"topology.yaml": TOPOLOGY})
    assert run("render").code == 0
    git("init")
    commit("first")
    return folder


def change(old: str, new: str, file: str = "topology.yaml") -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


@pytest.mark.slow
@pytest.mark.usefixtures("repository")
def test_a_commit_is_compared_though_the_folder_has_moved_on(run: Run) -> None:
    change("0.17.4", "0.17.5")
    assert "Next: composegen render\n" in run("diff", "--against", "main").out
    assert run("render").code == 0
    assert "nothing changes" in run("diff").out
    outcome = run("diff", "--against", "main")
    assert "Next: roll it out as README.md, the run book, says\n" in outcome.out
    assert "Next: merge, and roll it out" in run("diff", "--against", "main", "--format", "markdown").out
    assert "ollama-1" in outcome.out
    assert "image 0.17.4 -> 0.17.5" in outcome.out
    assert "topology.yaml -> main:deploy" in outcome.out
    assert run("diff", "--against", "main", "--exit-code").code == 1
    assert not subprocess.run(["git", "diff", "--cached"], check=True, capture_output=True).stdout


@pytest.mark.slow
@pytest.mark.usefixtures("repository")
def test_a_line_that_is_gone_is_shown_in_the_topology_of_the_commit(run: Run) -> None:
    change("hosts: {one: 1}", "hosts: {one: 2}")
    assert run("render").code == 0
    commit("second")
    change("hosts: {one: 2}", "hosts: {one: 1}")
    line = next(line for line in run("diff", "--against", "HEAD").out.splitlines() if "ollama-2" in line)
    assert "remove" in line
    assert line.endswith("HEAD:topology.yaml:8"), line


@pytest.mark.slow
def test_where_no_files_are_kept_the_topology_of_the_commit_is_rendered(run: Run, tree: Make) -> None:
    tree({"topology.yaml": TOPOLOGY, ".gitignore": "deploy/\n"})
    git("init")
    commit("only the topology")
    change("0.17.4", "0.17.5")
    outcome = run("diff", "--against", "HEAD")
    assert "what HEAD:topology.yaml renders to" in outcome.out
    assert "image 0.17.4 -> 0.17.5" in outcome.out
    assert not Path("deploy").exists()


def test_neither_files_nor_topology(run: Run, tree: Make) -> None:
    tree({"other.txt": ""})
    git("init")
    commit("nothing of ours")
    tree({"topology.yaml": TOPOLOGY})
    outcome = run("diff", "--against", "HEAD")
    assert outcome.code == 2
    assert "has no files of composegen in deploy, and no topology.yaml" in outcome.err


def test_another_topology(run: Run, tree: Make) -> None:
    tree({"topology.yaml": TOPOLOGY, "older.yaml": TOPOLOGY.replace("0.17.4", "0.17.3")})
    outcome = run("diff", "--against", "older.yaml")
    assert "what older.yaml renders to" in outcome.out
    assert "image 0.17.3 -> 0.17.4" in outcome.out


def test_another_topology_with_errors(run: Run, tree: Make) -> None:
    tree({"topology.yaml": TOPOLOGY, "as it was.yaml": "name: 1\n"})
    outcome = run("diff", "--against", "as it was.yaml")
    assert outcome.code == 2
    assert "composegen validate 'as it was.yaml'" in outcome.err


@pytest.mark.slow
@pytest.mark.usefixtures("repository")
def test_what_is_nothing(run: Run) -> None:
    outcome = run("diff", "--against", "nothing")
    assert outcome.code == 2
    assert "no such folder, topology or commit" in outcome.err
    assert "fetch-depth: 0" in outcome.err


def test_outside_of_a_repository(run: Run, tree: Make) -> None:
    tree({"topology.yaml": TOPOLOGY})
    outcome = run("diff", "--against", "main")
    assert outcome.code == 2
    assert "not a git repository" in outcome.err


@pytest.mark.slow
@pytest.mark.usefixtures("repository")
def test_a_hostile_lock_file_in_a_commit(run: Run) -> None:
    change('"one/compose.yaml"', '"../../etc/passwd"', "deploy/composegen.lock.json")
    commit("hostile")
    outcome = run("diff", "--against", "HEAD")
    assert outcome.code == 2
    assert "HEAD:deploy/composegen.lock.json is damaged" in outcome.err


@pytest.mark.slow
def test_a_topology_in_another_folder(run: Run, repository: Path) -> None:
    (repository / "sub").mkdir()
    change("0.17.4", "0.17.5")
    git("-C", "sub", "status")
    outcome = run("diff", "../" + repository.name + "/topology.yaml", "--against", "HEAD")
    assert "image 0.17.4 -> 0.17.5" in outcome.out


@pytest.mark.slow
def test_templates_and_modelfiles_are_those_of_the_commit(run: Run, tree: Make) -> None:
    tree(
        {
            "topology.yaml": TOPOLOGY.replace("[m]", "[{name: m, modelfile: own/m}]") + "templates: own\n",
            "own/m": "FROM x\n",
            "own/common/verify.sh.j2": "#!/bin/sh\necho first\n",
            ".gitignore": "deploy/\n",
        }
    )
    git("init")
    commit("first")
    tree({"own/m": "FROM y\n", "own/common/verify.sh.j2": "#!/bin/sh\necho second\n"})
    patch = run("diff", "--against", "HEAD", "--patch").out
    assert "-FROM x\n+FROM y\n" in patch
    assert "-echo first\n+echo second\n" in patch
