"""`composegen doctor` from outside, on machines made of scripts: whatever they answer, it ends well and in time."""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

from composegen.diagnosis import QUESTIONS
from composegen.errors import ExitCode
from composegen.io import programs
from tests.invoking import BAD, CHECKOUT, GOOD, Make, Run, runner

SCHEMA = json.loads((CHECKOUT / "schemas" / "doctor.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs commands on a machine without programs and without an Engine."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("DOCKER_HOST", "unix://docker.sock")  # short wherever the tests are, as no path is broken
    return runner(capfdbinary)


def install(scripts: Mapping[str, str]) -> None:
    """Programs for this machine."""
    for name, text in scripts.items():
        path = Path("bin", name)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)


def machine(run: Run, *arguments: str) -> dict[str, tuple[str, str]]:
    """State and version of each subject."""
    outcome = run("doctor", *arguments, "--format", "json")
    assert (outcome.code, outcome.err) == (0, "")
    document = json.loads(outcome.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    lines = document["machine"] + document["topology"]
    return {one["subject"]: (one["state"], one["version"]) for one in lines}


def test_a_machine_without_anything(run: Run) -> None:
    found = machine(run)
    assert {subject for subject, (state, _) in found.items() if state == "ok"} == {"composegen", "python"}
    outcome = run("doctor")
    assert (outcome.code, outcome.err) == (0, "")
    assert "  git         missing  not installed; edits and lost files cannot be taken" in outcome.out
    assert [line for line in outcome.out.splitlines() if len(line) > 100] == []


def test_a_machine_with_everything(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    install(
        {
            "docker": 'case $1 in compose) echo v5.6.1;; *) echo \'{"Client": {"Version": "29.2.1"}, '
            '"Server": {"Version": "29.2.0"}}\';; esac',
            "git": "echo git version 2.39.5",
            "shellcheck": "echo version: 0.11.0",
            "traefik": "echo 'Version:      3.7.15'",
        }
    )
    found = machine(run)
    assert {state for state, _ in found.values()} == {"ok"}, found
    assert found["engine"] == ("ok", "29.2.0")
    assert found["compose"] == ("ok", "5.6.1")
    assert "box" in found
    assert "this machine has that or newer" in " ".join(run("doctor", "topology.yaml").out.split())


def test_rights_on_the_socket(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("docker.sock")
        monkeypatch.setenv("DOCKER_HOST", "unix://docker.sock")
        engine = programs.engine()
        assert (engine.exists, engine.allowed, engine.elsewhere) == (True, True, False)
        monkeypatch.setattr(os, "access", lambda *_: False)
        assert "sudo usermod -aG docker" in " ".join(run("doctor").out.split())
    monkeypatch.setenv("DOCKER_HOST", "ssh://ops@far")
    assert programs.engine().elsewhere


@pytest.mark.usefixtures("run")
def test_programs_that_misbehave(monkeypatch: pytest.MonkeyPatch) -> None:
    install({"git": "exit 3", "shellcheck": "printf '\\033[2J\\377'", "traefik": "sleep 600 & sleep 600"})
    Path("bin/docker").write_bytes(b"\x7fELF nonsense")
    Path("bin/docker").chmod(0o755)
    monkeypatch.setattr("composegen.io.programs.TIMEOUT", 0.2)
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/bin:/bin")
    answers = programs.ask({name: QUESTIONS[name] for name in ("docker", "git", "shellcheck", "traefik")}, 0.2)
    assert answers["docker"].trouble.startswith("cannot be run: ")
    assert answers["git"].code == 3
    assert answers["shellcheck"].out == "\x1b[2J\ufffd"
    assert answers["traefik"].trouble == "no answer within 0.2 seconds"


@pytest.mark.usefixtures("run")
def test_nothing_outlives_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/bin:/bin")
    install({"git": "sleep 600 & echo $! > started; wait"})
    assert programs.ask({"git": ("git",)}, 1)["git"].trouble
    started = int(Path("started").read_text())
    with pytest.raises(ProcessLookupError):
        _wait_until_gone(started)


def _wait_until_gone(process: int) -> None:
    """Ends with ProcessLookupError as soon as a process is gone, or is only waiting to be reaped by init."""
    for _ in range(1000):
        os.kill(process, 0)
        if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError(process)
        select.select([], [], [], 0.01)


@pytest.mark.usefixtures("run")
def test_a_program_reads_nothing_and_sees_plain_words() -> None:
    install({"git": 'read -r line; echo "$? $line $LC_ALL"'})
    reading, writing = os.pipe()
    os.write(writing, b"what the user types\n")
    os.close(writing)
    kept = os.dup(0)
    os.dup2(reading, 0)
    try:
        assert programs.ask({"git": ("git", "--version")})["git"].out == "1  C\n"
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(reading)


def test_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSEGEN_RENDER_OUTPUT", "there")
    monkeypatch.setenv("COMPOSEGEN_OUTPTU", "there")
    found = machine(run)
    assert found["COMPOSEGEN_RENDER_OUTPUT"][0] == "ok"
    assert found["COMPOSEGEN_OUTPTU"][0] == "problem"
    assert "sets --output of render to 'there'" in run("doctor").out


def test_topologies(run: Run, tree: Make) -> None:
    tree({"bad.yaml": BAD, "a.env": "", "esc.yaml": GOOD.replace("192.168.1.10}", '192.168.1.10, ssh: "a\\e[2Jb"}')})
    assert machine(run, "bad.yaml")["bad.yaml"][0] == "problem"
    assert "composegen validate bad.yaml" in run("doctor", "bad.yaml").out
    assert "composegen validate bad.yaml --env-file a.env" in run("doctor", "bad.yaml", "--env-file", "a.env").out
    assert "\x1b" not in run("doctor", "esc.yaml").out
    outcome = run("doctor", "missing.yaml")
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    assert run("doctor", "--format", "yaml").code == ExitCode.FAILED
