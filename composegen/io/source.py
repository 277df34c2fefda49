"""Reading a topology: the file itself, the env files, and the files beside it.

Only plain files are opened: a named pipe would block for ever and a device may do anything when it is read.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from composegen.errors import ComposegenError
from composegen.io import resources
from composegen.io import templates as own
from composegen.io.cache import Shelf
from composegen.io.dotenv import environment
from composegen.io.places import kind
from composegen.limits import MAX_BYTES
from composegen.pipeline import Source, World

DEFAULT = "topology.yaml"
STDIN = "-"


class Opened(Struct, frozen=True, kw_only=True):
    """A topology that was read: what the core takes, and the folder to which its paths are relative."""

    source: Source
    world: World
    folder: Path


def open_topology(name: str | None, env_files: Iterable[str] = (), templates: str | None = None) -> Opened:
    """Read a topology, `-` from standard input; None is `topology.yaml` in the current folder.

    `templates` is a folder with templates of the user's. Raises ComposegenError when the topology, that folder or a
    named env file cannot be read.
    """
    source = _source(name)
    folder = Path(source.name).parent if name != STDIN else Path()
    values, findings = environment(os.environ, tuple(Path(file) for file in env_files), folder)
    world = World(
        environment=values,
        findings=findings,
        read=reader(folder),
        templates=resources.templates(),
        compiled=Shelf("templates"),
        folder=own.beside(folder),
        own_templates=None if templates is None else own.named(templates),
        schema=resources.schema(),
        compose_schema=resources.compose_schema,
    )
    return Opened(source=source, world=world, folder=folder)


def bare_world(folder: Path | None = None) -> World:
    """A world without variables, and without files but those in `folder`: what documentation is generated in."""
    return World(
        environment={},
        findings=(),
        read=reader(folder) if folder else lambda _: None,
        templates=resources.templates(),
        folder=own.beside(folder) if folder else lambda _: None,
        schema=resources.schema(),
        compose_schema=resources.compose_schema,
    )


def read_file(path: Path) -> bytes:
    """The bytes of a plain file, one more than a topology may have at most.

    Raises ComposegenError with what stands in the way.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise ComposegenError(f"{path} is {kind(mode)}, not a file{_advice(path, mode)}")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise ComposegenError(f"cannot read {path}: {reason}") from error


def reader(folder: Path) -> Callable[[str], bytes | None]:
    """Reads files in a folder or below it; None for what cannot be read, is too large or lies outside."""

    def read(name: str) -> bytes | None:
        """The bytes of one file."""
        path = folder / name
        try:
            inside = path.resolve().is_relative_to(folder.resolve())
            content = read_file(path) if inside else None
        except (ComposegenError, OSError, ValueError, RuntimeError):
            return None
        return content if content is None or len(content) <= MAX_BYTES else None

    return read


def _source(name: str | None) -> Source:
    """The topology's bytes, under the name that findings show."""
    if name == STDIN:
        if sys.stdin is None:  # closed by whoever started the program
            raise ComposegenError("standard input is closed")
        return Source(name="<stdin>", data=sys.stdin.buffer.read(MAX_BYTES + 1))
    if name is None and not Path(DEFAULT).exists():
        raise ComposegenError(
            f"there is no {DEFAULT} in this folder; name the topology, or write a first one with: composegen init"
        )
    path = Path(name or DEFAULT)
    return Source(name=str(path), data=read_file(path))


def _advice(path: Path, mode: int) -> str:
    """What to do about something that is no plain file."""
    if stat.S_ISDIR(mode):
        inner = path / DEFAULT
        return f"; did you mean {inner}?" if inner.is_file() else ""
    return "; to read standard input, write -"
