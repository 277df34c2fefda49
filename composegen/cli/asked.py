"""What `composegen render` was asked to do."""

from __future__ import annotations

from typing import NamedTuple


class Asked(NamedTuple):
    """The options, as they stand on the command line."""

    topology: str | None
    output: str | None
    host: str | None
    stdout: str | None
    env_file: tuple[str, ...]
    dry_run: bool
    force: bool
    prune: bool
    strict: bool
    colour: bool
    """Whether what is said to the person is coloured."""
    templates: str | None = None
    plan: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the whole tree is to be written from files, and no more than that."""
        special = (self.host, self.stdout, self.plan, self.dry_run, self.force, not self.prune, self.topology == "-")
        return not any(special)

    @property
    def run(self) -> tuple[str, ...]:
        """What tells this run apart from others."""
        flags = f"{self.strict:d}{self.colour:d}{self.topology is None:d}{self.output is None:d}"
        flags += f"{self.templates is None:d}"
        return ("render", flags, self.topology or "", self.output or "", self.templates or "", *self.env_file)
