"""Asks the programs of this machine who they are: a few words back, within seconds, whatever the program is.

Nothing is asked of a daemon but its version, and nothing of another machine unless Docker itself is set up to.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from composegen.diagnosis import Answer, Engine

TIMEOUT = 5
"""Seconds that a program has to answer."""

_LONGEST = 64 * 1024
_SOCKET = "/var/run/docker.sock"


def ask(questions: Mapping[str, tuple[str, ...]], timeout: float = TIMEOUT) -> Mapping[str, Answer]:
    """What each command line answers, all asked at the same time; `timeout` in seconds holds for each."""
    with ThreadPoolExecutor(max_workers=len(questions) or 1) as pool:
        answers = pool.map(lambda words: _ask(words, timeout), questions.values())
        return dict(zip(questions, answers, strict=True))


def engine() -> Engine:
    """How this user reaches Docker's Engine, read off the environment and the socket."""
    named = os.environ.get("DOCKER_HOST", "")
    if named and not named.startswith("unix://"):
        return Engine(place=named, elsewhere=True)
    place = named.removeprefix("unix://") or _SOCKET
    try:
        exists = stat.S_ISSOCK(os.stat(place).st_mode)  # noqa: PTH116 - the name may be anything
    except (OSError, ValueError):
        exists = False
    return Engine(place=place, exists=exists, allowed=exists and os.access(place, os.R_OK | os.W_OK), user=_user())


def _ask(words: tuple[str, ...], timeout: float) -> Answer:
    """What one program answers."""
    path = shutil.which(words[0])
    if path is None:
        return Answer(trouble="not installed")
    try:
        return _run((str(Path(path).absolute()), *words[1:]), timeout)
    except OSError as error:
        return Answer(path=path, trouble=f"cannot be run: {error.strerror}")


def _run(words: tuple[str, ...], timeout: float) -> Answer:
    """Run a program in a session of its own, so that nothing that it starts outlives its time."""
    process = subprocess.Popen(  # noqa: S603 - the command lines are ours
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _end(process)
        return Answer(path=words[0], trouble=f"no answer within {timeout:g} seconds")
    return Answer(path=words[0], code=process.returncode, out=_text(out), err=_text(err))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that was too slow, and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _text(data: bytes) -> str:
    return data[:_LONGEST].decode("utf-8", "replace")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return str(os.getuid())
