"""Artifacts: which files a plan becomes, and their content in memory. Nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from composegen.templating import Templates


class Syntax(Enum):
    """What reads the file; decides the quoting filters that its template may use."""

    COMPOSE = "compose"
    YAML = "yaml"
    SHELL = "sh"
    FSTAB = "fstab"
    EXPORTS = "exports"
    SYSTEMD = "systemd"
    MARKDOWN = "markdown"
    GIT = "gitattributes"
    COMPOSE_FARM = "compose-farm"


class Artifact(Struct, frozen=True, kw_only=True):
    """One file to be: where, from which template, with what, and how it may be used."""

    path: PurePosixPath
    template: str
    syntax: Syntax
    context: Mapping[str, object]
    mode: int = 0o644


class Literal(Struct, frozen=True, kw_only=True):
    """One file whose bytes are the user's own (a Modelfile)."""

    path: PurePosixPath
    content: bytes
    mode: int = 0o644


class Entry(Struct, frozen=True, kw_only=True):
    """A file of a tree: its bytes and permission bits."""

    data: bytes
    mode: int = 0o644


Tree = Mapping[PurePosixPath, Entry]
"""Relative paths, sorted, to entries."""


Progress = Callable[[int, int], None]
"""Is called with how many files are done, and how many there are."""


def render(artifacts: Iterable[Artifact | Literal], templates: Templates, progress: Progress | None = None) -> Tree:
    """Every file of the tree. Raises `templating.TemplateFault` where a template fails."""
    tree = {
        artifact.path: Entry(
            data=artifact.content
            if isinstance(artifact, Literal)
            else templates.render(artifact.template, artifact.context).encode(),
            mode=artifact.mode,
        )
        for artifact in _counted(tuple(artifacts), progress)
    }
    return dict(sorted(tree.items(), key=lambda item: item[0].parts))


def _counted(artifacts: tuple[Artifact | Literal, ...], progress: Progress | None) -> Iterator[Artifact | Literal]:
    """The artifacts one by one; what they are taken for is told to `progress`."""
    for number, artifact in enumerate(artifacts):
        if progress is not None:
            progress(number, len(artifacts))
        yield artifact
