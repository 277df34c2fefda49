"""What follows from the programs that a machine has: a line for each, as `doctor` prints it.

composegen itself needs none of them; the lines say what cannot be done without. Answers of programs come in as text,
nothing is run here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum

from msgspec import Struct

from composegen.topology import Host, Topology
from composegen.versions import at_least

ENGINE_OLDEST = "20.10"
COMPOSE_OLDEST = "2.20"

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "docker": ("docker", "version", "--format", "{{json .}}"),
    "compose": ("docker", "compose", "version", "--short"),
    "docker-compose": ("docker-compose", "version", "--short"),
    "git": ("git", "--version"),
    "shellcheck": ("shellcheck", "--version"),
    "traefik": ("traefik", "version"),
}
"""What is asked, by the name under which `diagnose` expects the answer."""

_VERSION = re.compile(r"\d+(?:\.\d+)+")


class State(Enum):
    """How a thing is."""

    OK = "ok"
    MISSING = "missing"
    PROBLEM = "problem"
    UNKNOWN = "not seen"


class Answer(Struct, frozen=True, kw_only=True):
    """What a program answered: its path, exit code and output; or, with `trouble`, why it did not."""

    path: str = ""
    code: int = 0
    out: str = ""
    err: str = ""
    trouble: str = ""


class Engine(Struct, frozen=True, kw_only=True):
    """How this user reaches the Engine: a socket that may be there and may be open to `user`, or somewhere else."""

    place: str
    elsewhere: bool = False
    exists: bool = False
    allowed: bool = False
    user: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """One thing: its version where it has one, and what follows."""

    subject: str
    state: State
    version: str = ""
    follows: str = ""


def diagnose(answers: Mapping[str, Answer], engine: Engine) -> tuple[Line, ...]:
    """A line for each program, from its answer to the question of its name."""
    return (
        _client(answers["docker"]),
        _engine(answers["docker"], engine),
        _compose(answers["compose"], answers["docker-compose"]),
        _plain("git", answers["git"], "edits and lost files cannot be taken back out of the history here"),
        _plain("shellcheck", answers["shellcheck"], "you cannot lint the scripts here; nothing else needs it"),
        _plain("traefik", answers["traefik"], "nothing needs it here: on the gateway's host it runs as a container"),
    )


def compare(topology: Topology, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """A line for each host, and one for the gateway: whether the versions that the topology states are those here.

    A host without `ssh` is this machine; of others nothing is known.
    """
    here = {line.subject: line.version for line in lines}
    hosts = tuple(_host(host, here) for host in topology.hosts.values())
    return (*hosts, *_gateway(topology, here.get("traefik", "")))


def _client(answer: Answer) -> Line:
    """The command `docker`."""
    version = _found(_part(answer, "Client"))
    if answer.trouble or not version:
        what = answer.trouble or "says no version"
        return Line(
            subject="docker",
            state=State.MISSING,
            follows=f"{what}; composegen does not need it, but nothing that it writes can be started here",
        )
    return Line(subject="docker", state=State.OK, version=version, follows=answer.path)


def _engine(answer: Answer, engine: Engine) -> Line:
    """The daemon, as the command `docker` sees it, and whether this user may."""
    version = _found(_part(answer, "Server"))
    if version and not at_least(version, ENGINE_OLDEST):
        follows = f"older than {ENGINE_OLDEST}, the oldest that composegen writes for"
        return Line(subject="engine", state=State.PROBLEM, version=version, follows=follows)
    if version:
        return Line(subject="engine", state=State.OK, version=version, follows=f"answers at {engine.place}")
    state = State.MISSING if not engine.exists and not engine.elsewhere else State.PROBLEM
    return Line(subject="engine", state=state, follows=f"{_silence(answer, engine)}; nothing can be started here")


def _silence(answer: Answer, engine: Engine) -> str:
    """Why no Engine answers."""
    context = _part(answer, "Client", "Context")
    if context not in {"", "default"}:
        return f"docker context {context} is in use, and no Engine answers there"
    if engine.elsewhere:
        return f"DOCKER_HOST is {engine.place}, and no Engine answers there"
    if not engine.exists:
        return f"there is no socket {engine.place}: no Engine runs here"
    if not engine.allowed:
        return (
            f"{engine.user} may not use {engine.place}: sudo usermod -aG docker {engine.user}, then log in anew "
            "(whoever is in that group is as good as root)"
        )
    if answer.trouble:
        return f"{engine.place} is there, but without the command docker nobody can ask"
    return f"{engine.place} is there, but no Engine answers: sudo systemctl status docker"


def _compose(plugin: Answer, standalone: Answer) -> Line:
    """Docker Compose, as a plugin of `docker` or as a program of its own."""
    for command, answer in (("docker compose", plugin), ("docker-compose", standalone)):
        version = _found(answer.out) if not answer.trouble and answer.code == 0 else ""
        if version and at_least(version, COMPOSE_OLDEST):
            return Line(subject="compose", state=State.OK, version=version, follows=_called(command))
        if version:
            follows = f"{command} is older than {COMPOSE_OLDEST}, the oldest that reads what composegen writes"
            return Line(subject="compose", state=State.PROBLEM, version=version, follows=follows)
    follows = "neither docker compose nor docker-compose is there; nothing can be started here"
    return Line(subject="compose", state=State.MISSING, follows=follows)


def _called(command: str) -> str:
    """How Compose is called, and what that means for what composegen prints."""
    if command == "docker compose":
        return command
    return f"{command}; write that where composegen and its files say docker compose"


def _plain(subject: str, answer: Answer, without: str) -> Line:
    """A program of which only the version counts."""
    version = _found(answer.out) if not answer.trouble else ""
    if version:
        return Line(subject=subject, state=State.OK, version=version, follows=answer.path)
    what = answer.trouble or "says no version"
    return Line(subject=subject, state=State.MISSING, follows=f"{what}; {without}")


def _host(host: Host, here: Mapping[str, str]) -> Line:
    """Whether a host is what the topology takes it for."""
    stated = f"taken for Engine {host.docker.engine} and Compose {host.docker.compose}"
    if host.ssh is not None:
        follows = f"{stated}; see there: ssh {host.ssh} docker version"
        return Line(subject=host.name, state=State.UNKNOWN, follows=follows)
    unseen = [name for name in ("engine", "compose") if not here.get(name)]
    older = list(_older(host, here))
    if older:
        return Line(subject=host.name, state=State.PROBLEM, follows=f"{'; '.join(older)}")
    if unseen:
        follows = f"{stated}; this machine (it has no `ssh`) shows no {' and no '.join(unseen)}"
        return Line(subject=host.name, state=State.UNKNOWN, follows=follows)
    return Line(subject=host.name, state=State.OK, follows=f"{stated}; this machine has that or newer")


def _older(host: Host, here: Mapping[str, str]) -> Iterator[str]:
    """Each of the two that is older on this machine than the topology says."""
    for name, stated in (("engine", host.docker.engine), ("compose", host.docker.compose)):
        found = here.get(name, "")
        if found and not at_least(found, stated):
            yield (
                f"taken for {name.title()} {stated}, and this machine has {found}: what is newer will be refused; "
                f'state `docker: {{{name}: "{found}"}}`'
            )


def _gateway(topology: Topology, found: str) -> Iterator[Line]:
    """The Traefik of the gateway: composegen's own container, or one that the user runs."""
    gateway = topology.gateway
    if gateway is None:
        return
    stated = gateway.traefik.version
    if gateway.traefik.run:
        follows = f"Traefik {stated} runs as a container; nothing to install"
        yield Line(subject="gateway", state=State.OK, follows=follows)
    elif topology.hosts[gateway.host].ssh is not None or not found:
        follows = f"your own Traefik is taken for {stated}; see there: traefik version"
        yield Line(subject="gateway", state=State.UNKNOWN, follows=follows)
    elif at_least(found, stated):
        yield Line(subject="gateway", state=State.OK, follows=f"taken for Traefik {stated}; this machine has {found}")
    else:
        follows = f"taken for Traefik {stated}, and this machine has {found}: it may refuse whole files; state {found}"
        yield Line(subject="gateway", state=State.PROBLEM, follows=follows)


def _part(answer: Answer, half: str, key: str = "Version") -> str:
    """A text out of one half of what `docker version` answers; the Server's half is null when it is not reached."""
    try:
        document = json.loads(answer.out)
    except (ValueError, RecursionError):
        return ""
    match document:
        case dict() if isinstance(part := document.get(half), dict):
            return str(part.get(key, ""))
    return ""


def _found(text: str) -> str:
    """The first version in a text: `2.39.5` of `git version 2.39.5`."""
    match = _VERSION.search(text)
    return match.group() if match else ""
