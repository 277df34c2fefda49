"""Which topology is meant, which output folder, and which host of it, as the command line says it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from composegen.errors import ComposegenError


class Request(NamedTuple):
    """What commands that compare with the output folder are asked alike."""

    topology: str | None
    output: str | None = None
    env_file: tuple[str, ...] = ()
    templates: str | None = None

    def render(self, *more: str) -> str:
        """The command line that renders the same, with further words."""
        return self.line("render", *more)

    def line(self, command: str, *more: str) -> str:
        """The line of a command that is asked the same, with further words."""
        words = ["composegen", command, *([] if self.topology is None else [self.topology])]
        words += [] if self.output is None else ["-o", self.output]
        words += [word for file in self.env_file for word in ("--env-file", file)]
        words += [] if self.templates is None else ["--templates", self.templates]
        return shlex.join([*words, *more])


def of_host(paths: Iterable[PurePosixPath], host: str) -> frozenset[PurePosixPath]:
    """The files of one host among those of an output folder. Raises ComposegenError when there are none."""
    inside = [path for path in paths if len(path.parts) > 1]
    found = frozenset(path for path in inside if path.parts[0] == host)
    if not found:
        hosts = ", ".join(sorted({path.parts[0] for path in inside}))
        raise ComposegenError(f"there is no host {host!r} with files; there are: {hosts}")
    return found
