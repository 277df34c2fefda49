"""What follows from the programs of a machine: each state of each of them, and of each host of a topology."""

from __future__ import annotations

import json

import pytest

from composegen import diagnosis
from composegen.diagnosis import Answer, Engine, Line, State
from tests.sampling import compile_text

GONE = Answer(trouble="not installed")
SOCKET = Engine(place="/var/run/docker.sock", exists=True, allowed=True, user="ops")
ENGINE = Answer(
    path="/usr/bin/docker", out=json.dumps({"Client": {"Version": "29.2.1"}, "Server": {"Version": "29.2.0"}})
)
CLIENT = Answer(path="/usr/bin/docker", code=1, out=json.dumps({"Client": {"Version": "29.2.1"}, "Server": None}))
ALL = {
    "docker": ENGINE,
    "compose": Answer(out="5.6.1\n"),
    "docker-compose": GONE,
    "git": Answer(path="/usr/bin/git", out="git version 2.39.5\n"),
    "shellcheck": Answer(path="/usr/bin/shellcheck", out="ShellCheck - shell script analysis tool\nversion: 0.11.0\n"),
    "traefik": Answer(path="/usr/bin/traefik", out="Version:      3.7.15\nCodename:     x\nGo version:   go1.25.1\n"),
}


def line(subject: str, engine: Engine = SOCKET, **answers: Answer) -> Line:
    """The line about one thing."""
    changed = {name.replace("_", "-"): answer for name, answer in answers.items()}
    return next(one for one in diagnosis.diagnose({**ALL, **changed}, engine) if one.subject == subject)


def test_everything_is_there() -> None:
    lines = diagnosis.diagnose(ALL, SOCKET)
    assert {one.state for one in lines} == {State.OK}
    assert [(one.subject, one.version) for one in lines] == [
        ("docker", "29.2.1"),
        ("engine", "29.2.0"),
        ("compose", "5.6.1"),
        ("git", "2.39.5"),
        ("shellcheck", "0.11.0"),
        ("traefik", "3.7.15"),
    ]


def test_nothing_is_there() -> None:
    lines = diagnosis.diagnose(dict.fromkeys(ALL, GONE), Engine(place="/var/run/docker.sock"))
    assert {(one.state, one.version) for one in lines} == {(State.MISSING, "")}
    assert all(one.follows for one in lines)


@pytest.mark.parametrize(
    ("engine", "answer", "state", "words"),
    [
        (Engine(place="/s"), CLIENT, State.MISSING, "there is no socket /s"),
        (Engine(place="/s", exists=True, user="ops"), CLIENT, State.PROBLEM, "sudo usermod -aG docker ops"),
        (Engine(place="/s", exists=True, allowed=True), CLIENT, State.PROBLEM, "systemctl status docker"),
        (Engine(place="/s", exists=True, allowed=True), GONE, State.PROBLEM, "without the command docker"),
        (Engine(place="tcp://x:1", elsewhere=True), CLIENT, State.PROBLEM, "DOCKER_HOST is tcp://x:1"),
    ],
)
def test_why_no_engine_answers(engine: Engine, answer: Answer, state: State, words: str) -> None:
    found = line("engine", engine, docker=answer)
    assert (found.state, found.version) == (state, "")
    assert words in found.follows


def test_a_context_of_docker_that_does_not_answer() -> None:
    answer = Answer(code=1, out=json.dumps({"Client": {"Version": "29.2.1", "Context": "far"}, "Server": None}))
    assert "docker context far" in line("engine", Engine(place="/s"), docker=answer).follows


@pytest.mark.parametrize("out", ["", "{", "[]", "null", '{"Client": 3}', '{"Client": {}}', "[" * 100000])
def test_answers_that_are_none(out: str) -> None:
    assert line("docker", docker=Answer(out=out)).state is State.MISSING
    assert line("engine", docker=Answer(out=out)).state is State.PROBLEM
    assert line("git", git=Answer(out="no such thing")).state is State.MISSING


def test_an_old_engine() -> None:
    old = Answer(out=json.dumps({"Client": {"Version": "19.03.1"}, "Server": {"Version": "19.03.15"}}))
    found = line("engine", docker=old)
    assert (found.state, found.version) == (State.PROBLEM, "19.03.15")
    assert "older than 20.10" in found.follows


@pytest.mark.parametrize(
    ("plugin", "standalone", "state", "version", "words"),
    [
        (Answer(out="v2.20.0"), GONE, State.OK, "2.20.0", "docker compose"),
        (GONE, Answer(out="5.6.1"), State.OK, "5.6.1", "docker-compose; write that where"),
        (Answer(code=1, out="", err="docker: 'compose' is not a command 1.2"), GONE, State.MISSING, "", "neither"),
        (GONE, Answer(out="1.29.2"), State.PROBLEM, "1.29.2", "docker-compose is older than 2.20"),
        (Answer(out="2.5.0"), GONE, State.PROBLEM, "2.5.0", "docker compose is older than 2.20"),
        (Answer(trouble="no answer within 5 seconds"), GONE, State.MISSING, "", "neither"),
    ],
)
def test_compose(plugin: Answer, standalone: Answer, state: State, version: str, words: str) -> None:
    found = line("compose", compose=plugin, docker_compose=standalone)
    assert (found.state, found.version) == (state, version)
    assert words in found.follows


def stated(hosts: str, gateway: str = "", without: tuple[str, ...] = ()) -> dict[str, tuple[State, str]]:
    """State and words for each host and the gateway of a topology, on a machine that has everything but `without`."""
    text = f"name: demo\nhosts:\n{hosts}services:\n  chat: {{hosts: {{box: 1}}}}\n{gateway}"
    topology = compile_text(text).topology
    assert topology is not None
    lines = tuple(one for one in diagnosis.diagnose(ALL, SOCKET) if one.subject not in without)
    return {one.subject: (one.state, one.follows) for one in diagnosis.compare(topology, lines)}


def test_hosts() -> None:
    found = stated(
        "  box: {address: 10.0.0.1}\n"
        '  new: {address: 10.0.0.2, docker: {engine: "30.0", compose: "5.6"}}\n'
        "  far: {address: 10.0.0.3, ssh: ops@far}\n"
    )
    assert found["box"] == (State.OK, "taken for Engine 20.10 and Compose 2.20; this machine has that or newer")
    assert found["new"][0] is State.PROBLEM
    assert 'state `docker: {engine: "29.2.0"}`' in found["new"][1]
    assert found["far"] == (
        State.UNKNOWN,
        "taken for Engine 20.10 and Compose 2.20; see there: ssh ops@far docker version",
    )
    unseen = stated("  box: {address: 10.0.0.1}\n", without=("engine", "compose"))
    assert unseen["box"][0] is State.UNKNOWN
    assert "shows no engine and no compose" in unseen["box"][1]


@pytest.mark.parametrize(
    ("traefik", "without", "state", "words"),
    [
        ('{version: "3.7.15", run: true}', (), State.OK, "runs as a container"),
        ('{version: "3.7.0", run: false}', (), State.OK, "this machine has 3.7.15"),
        ('{version: "3.8.0", run: false}', (), State.PROBLEM, "state 3.7.15"),
        ('{version: "3.7.15", run: false}', ("traefik",), State.UNKNOWN, "your own Traefik"),
    ],
)
def test_the_gateway(traefik: str, without: tuple[str, ...], state: State, words: str) -> None:
    gateway = f"gateway:\n  host: box\n  traefik: {traefik}\n"
    found = stated("  box: {address: 10.0.0.1}\n", gateway, without)["gateway"]
    assert found[0] is state
    assert words in found[1]
