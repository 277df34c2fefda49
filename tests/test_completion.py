"""Completion as a shell does it: bash loads the script and asks; the others ask through the protocol of click."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest
from click.shell_completion import BashComplete

from composegen import cli
from composegen.cli import candidates
from composegen.cli.completion import VARIABLE
from composegen.errors import ExitCode
from composegen.io import resources, source
from tests.invoking import CHECKOUT, GOOD, Make, Run

PROGRAM = f"{sys.executable} -m composegen"


def process(*words: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A program with composegen on its path."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), **(variables or {})}
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def completed(line: str) -> list[str]:
    """What is offered at the end of a line, as bash reads it."""
    _, *words, incomplete = line.split(" ")
    complete = BashComplete(cli.group, {}, "composegen", VARIABLE)
    return [complete.format_completion(item) for item in complete.get_completions(words, incomplete)]


@pytest.mark.slow
def test_bash_loads_the_script_and_completes(tree: Make) -> None:
    folder = tree({"composegen": f'#!/bin/sh\nexec {PROGRAM} "$@"\n'})
    (folder / "composegen").chmod(0o755)
    script = """
eval "$(composegen completion bash)"
complete -p composegen
COMP_WORDS=(composegen ren) COMP_CWORD=1
_composegen_completion composegen ren composegen
printf '%s\\n' "${COMPREPLY[@]}"
"""
    ended = process("bash", "-c", script, variables={"PATH": f"{folder}:{os.environ['PATH']}"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["complete -o nosort -F _composegen_completion composegen", "render"]


@pytest.mark.slow
def test_the_protocol_that_every_script_speaks() -> None:
    variables = {"COMP_WORDS": "composegen ren", "COMP_CWORD": "1"}
    for shell, expected in (("bash", "plain,render\n"), ("zsh", "plain\nrender\nWrite the files of every host.\n")):
        asked = process(sys.executable, "-m", "composegen", variables={**variables, VARIABLE: f"{shell}_complete"})
        assert (asked.returncode, asked.stdout, asked.stderr) == (0, expected, "")


def test_the_default_topology_is_that_of_all_commands() -> None:
    assert candidates.TOPOLOGY == source.DEFAULT


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(run: Run, shell: str) -> None:
    outcome = run("completion", shell)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"_COMPOSEGEN_COMPLETE={shell}_complete" in outcome.out


def test_the_shell_of_the_user(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run("completion").out == run("completion", "fish").out
    monkeypatch.setenv("SHELL", "/bin/dash")
    outcome = run("completion")
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    assert "'dash'" in outcome.err
    monkeypatch.delenv("SHELL")
    assert "SHELL is not set" in run("completion").err
    assert run("completion", "dash").code == ExitCode.FAILED


def test_commands_and_options() -> None:
    assert completed("composegen ren") == ["plain,render"]
    assert completed("composegen render --dry") == ["plain,--dry-run"]
    assert completed("composegen check --format sa") == ["plain,sarif"]


def test_a_topology_is_a_file() -> None:
    assert completed("composegen validate top") == ["file,top"]


def test_hosts(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    two = GOOD.replace("hosts: {box: 1}", "hosts: {box: 1, bench: 1}").replace(
        "hosts:\n  box:", "hosts:\n  bench: {address: 10.0.0.9}\n  box:"
    )
    monkeypatch.chdir(tree({"topology.yaml": two, "other.yaml": GOOD, "broken.yaml": "{", "list.yaml": "[]"}))
    assert completed("composegen render --host b") == ["plain,bench", "plain,box"]
    assert completed("composegen render other.yaml --host ") == ["plain,box"]
    for name in ("broken.yaml", "list.yaml", "missing.yaml", "/dev/zero", "-"):
        assert completed(f"composegen render {name} --host b") == []


def test_samples_and_codes() -> None:
    assert completed("composegen init --sample ") == [f"plain,{name}" for name in resources.samples()]
    assert completed("composegen explain cg90") == [f"plain,CG90{number}" for number in range(1, 6)]
    assert completed("composegen explain orph") == ["plain,orphaned"]
