"""A Docker Engine of the test's own inside a space: own data root, exec root and socket."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.engines.space import PROGRAMS, Running, Space, wait_until


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A dockerd that answers, and the command line for it."""

    space: Space
    running: Running
    socket: Path
    client: Path

    def docker(self, *arguments: str | Path, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """Run `docker` with arguments; how it ended is the caller's to judge."""
        return self.space.run(self.client, "-H", f"unix://{self.socket}", *arguments, seconds=seconds)

    def must(self, *arguments: str | Path, seconds: float = 300) -> str:
        """What `docker` prints; AssertionError with its output when it fails."""
        done = self.docker(*arguments, seconds=seconds)
        assert done.returncode == 0, f"docker {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"
        return done.stdout

    @property
    def version(self) -> str:
        """What the engine calls itself."""
        return self.must("version", "--format", "{{.Server.Version}}").strip()

    def stop(self) -> None:
        """Remove every container and end the engine."""
        containers = self.must("ps", "-aq").split()
        if containers:
            self.docker("rm", "--force", "--volumes", *containers)
        self.running.stop()


def start(
    space: Space, folder: Path, programs: Sequence[Path], client: Path, arguments: Sequence[str | Path] = ()
) -> Engine:
    """Start dockerd, which is in the first of the folders in which it finds programs, and wait until it answers."""
    socket = folder / "docker.sock"
    roots: list[str | Path] = [
        "--data-root",
        folder / "data",
        "--exec-root",
        folder / "exec",
        "--pidfile",
        folder / "docker.pid",
    ]
    running = space.start(
        programs[0] / "dockerd",
        *roots,
        *("-H", f"unix://{socket}"),
        *arguments,
        log=folder / "dockerd.log",
        environment={"PATH": ":".join([*map(str, programs), PROGRAMS])},
    )
    engine = Engine(space=space, running=running, socket=socket, client=client)

    def answers() -> bool:
        assert running.process.poll() is None, f"dockerd ended\n{running.said[-4000:]}"
        return engine.docker("version").returncode == 0

    wait_until(answers, "dockerd answers")
    return engine
