"""What the repository that holds the tree needs: `.gitattributes`, at the root of the tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from composegen.artifacts import Artifact, Syntax


def repository_artifacts() -> Iterator[Artifact]:
    """`.gitattributes`: every file of the tree is generated, and is to be kept byte by byte."""
    yield Artifact(
        path=PurePosixPath(".gitattributes"),
        template="common/gitattributes.j2",
        syntax=Syntax.GIT,
        context={},
    )
