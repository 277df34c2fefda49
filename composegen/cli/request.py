"""Which topology is meant, and which output folder, as the command line says it."""

from __future__ import annotations

import shlex
from typing import NamedTuple


class Request(NamedTuple):
    """What commands that compare with the output folder are asked alike."""

    topology: str | None
    output: str | None = None
    env_file: tuple[str, ...] = ()
    templates: str | None = None

    def render(self, *more: str) -> str:
        """The command line that renders the same, with further words."""
        words = ["composegen", "render", *([] if self.topology is None else [self.topology])]
        words += [] if self.output is None else ["-o", self.output]
        words += [word for file in self.env_file for word in ("--env-file", file)]
        words += [] if self.templates is None else ["--templates", self.templates]
        return shlex.join([*words, *more])
