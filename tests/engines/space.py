"""A place of its own on this machine: network, mounts and processes that nothing outside sees.

Everything in it ends when it is closed, and also when the process that opened it dies: its first process reads from a
pipe, and the kernel ends all others with that one.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, kw_only=True)
class Running:
    """A program that was started in a space."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The program itself, seen from outside of the space; its parent only waits for it."""
        return _child(self.process.pid)

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def stop(self, seconds: float = 60) -> None:
        """Ask it to end, and wait until it has."""
        if self.process.poll() is None:
            subprocess.run(["kill", "-TERM", str(self.pid)], check=False)
        self.process.wait(seconds)


@dataclass(kw_only=True)
class Space:
    """A network, mount and process namespace, open from the start until `close`."""

    environment: dict[str, str] = field(default_factory=dict)
    network: bool = True
    """Whether the network is its own; without, that of the machine."""
    _first: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        own = ["--net"] if self.network else []
        command = ["unshare", *own, "--pid", "--fork", "--kill-child", "--mount-proc", "tini-static", "--", "cat"]
        self._first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._first.stdin is not None
        assert self._first.stdout is not None
        self._first.stdin.write(b"here\n")
        self._first.stdin.flush()
        assert self._first.stdout.readline() == b"here\n", "a namespace of one's own needs root"
        if self.network:
            self.must("ip", "link", "set", "lo", "up")

    def enter(self, *command: str | Path, folder: Path | None = None) -> list[str]:
        """The command line that runs another one inside."""
        namespaces = ["--net"] if self.network else []
        inside = ["nsenter", *namespaces, "--mount", "--pid", "--target", str(_child(self._first.pid)), "--"]
        place = ["env", f"--chdir={folder}"] if folder else []
        return [*inside, *place, *map(str, command)]

    def run(
        self,
        *command: str | Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        text: str = "",
        seconds: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside to its end, `text` is what it reads; how it ended is the caller's to judge.

        After `seconds` it is killed, and with it what it started: the return code is then 137 or 124.
        """
        bounded = ("timeout", "--kill-after=10", str(seconds), *command)
        return subprocess.run(
            self.enter(*bounded, folder=folder),
            env=self._environment(environment),
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds + 30,
            check=False,
        )

    def must(self, *command: str | Path, seconds: float = 300) -> str:
        """What a program inside prints; AssertionError with its output when it fails."""
        done = self.run(*command, seconds=seconds)
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(
        self, *command: str | Path, log: Path, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Running:
        """Start a program inside that goes on; what it prints is added to a log."""
        with log.open("ab") as out:
            process = subprocess.Popen(
                self.enter(*command, folder=folder),
                env=self._environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        return Running(process=process, log=log)

    def close(self) -> None:
        """End everything inside."""
        assert self._first.stdin is not None
        assert self._first.stdout is not None
        self._first.stdin.close()
        self._first.wait(60)
        self._first.stdout.close()

    def _environment(self, more: Mapping[str, str] | None) -> dict[str, str]:
        path = f"{self.environment.get('PATH', '')}:{PROGRAMS}".lstrip(":")
        return {"LC_ALL": "C.UTF-8", "HOME": "/root", **self.environment, "PATH": path, **(more or {})}


def wait_until(holds: object, what: str, seconds: float = 60) -> None:
    """Ask again and again whether something holds; AssertionError when it does not in that time."""
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


def _child(pid: int) -> int:
    deadline = time.monotonic() + 10
    while not (children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        assert time.monotonic() < deadline, f"process {pid} has started nothing"
        os.sched_yield()
    return int(children[0])
