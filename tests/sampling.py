"""The samples, compiled: each folder of `samples/` that holds a topology is a case, nothing is listed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
from msgspec.structs import replace

from composegen import pages, pipeline
from composegen.artifacts import Entry
from composegen.io import resources
from composegen.io import templates as own_templates
from composegen.io.source import bare_world
from composegen.manifest import with_lock
from composegen.pipeline import Compiled, Source, World
from composegen.templating import Templates

FOLDER = Path(__file__).resolve().parent.parent / "samples"
LARGE = {"kitchen-sink", "nas", "nfs-replicas", "shared-volume"}
SAMPLES = tuple(sorted(path.parent.name for path in FOLDER.glob("*/topology.yaml")))
SMALLER = tuple(pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in SAMPLES)
"""The samples for tests that take long with a large one: those are slow tests, the others are not."""

COMPILED: dict[str, bytes] = {}
"""The code of the templates, kept for all tests of a process."""


def templates() -> Templates:
    """The shipped templates."""
    return Templates(resources.templates(), COMPILED)


def bare(folder: Path | None = None) -> World:
    """A world without variables, and without files but those in `folder`."""
    return replace(bare_world(folder), compiled=COMPILED)


def world(folder: Path, environment: Mapping[str, str] | None = None) -> World:
    """The shipped templates and schemas, files beside a topology in `folder`, and no variables but those given."""

    def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    return World(
        environment=environment or {},
        findings=(),
        read=read,
        templates=resources.templates(),
        folder=own_templates.beside(folder),
        compiled=COMPILED,
        schema=resources.schema(),
        compose_schema=resources.compose_schema,
    )


def compile_text(
    text: str,
    environment: Mapping[str, str] | None = None,
    folder: Path = FOLDER,
    files: Mapping[str, str] | None = None,
) -> Compiled:
    """What composegen makes of a topology given as text; `files` stand beside it, besides those in `folder`."""
    beside = pages.with_files(world(folder, environment), files or {})
    return pipeline.compile(Source(name="topology.yaml", data=text.encode()), beside)


@cache
def compiled(sample: str) -> Compiled:
    """What composegen makes of a sample."""
    folder = FOLDER / sample
    return compile_text((folder / "topology.yaml").read_text(encoding="utf-8"), folder=folder)


def tree(sample: str) -> Mapping[PurePosixPath, Entry]:
    """The tree of a sample; the sample must be free of errors."""
    result = compiled(sample)
    assert result.tree is not None, result.findings
    return with_lock(result.tree)


def write(files: Mapping[PurePosixPath, Entry], folder: Path) -> Path:
    """Write a tree below a folder, as it is."""
    for path, entry in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(entry.data)
        target.chmod(entry.mode)
    return folder
