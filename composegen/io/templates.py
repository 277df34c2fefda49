"""Reads the templates in a folder of the user's. Only plain files are read, and none through a link that leads out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from composegen.errors import ComposegenError
from composegen.owntemplates import LARGEST, MOST, OwnTemplates

SUFFIX = ".j2"
_MOST_FOLDERS = 5000
"""Folders that are looked into: whoever names a whole disk does not wait for ever."""


def named(name: str) -> OwnTemplates:
    """The templates of the folder that `--templates` names. Raises ComposegenError when there is no such folder."""
    folder = Path(name)
    if not folder.is_dir():
        raise ComposegenError(f"--templates {name}: there is no such folder")
    return OwnTemplates(folder=folder.as_posix(), files=dict(_files(folder)))


def beside(folder: Path) -> Callable[[str], Mapping[str, bytes] | None]:
    """Reads a folder that a topology in `folder` names; None for one that lies outside or is not there."""

    def read(name: str) -> Mapping[str, bytes] | None:
        """The templates in it by path, with `/`."""
        below = folder / name
        try:
            inside = below.resolve().is_relative_to(folder.resolve())
            return dict(_files(below)) if inside and below.is_dir() else None
        except (OSError, ValueError, RuntimeError):
            return None

    return read


def folders(folder: Path) -> tuple[Path, ...]:
    """The folder and those in it: one of them changes when a template comes or goes."""
    return tuple(Path(place) for place, _, _ in islice(os.walk(folder), _MOST_FOLDERS))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Path and content of each template, one more than are allowed and one byte more than is."""
    found = (
        Path(place, name)
        for place, _, names in islice(os.walk(folder), _MOST_FOLDERS)
        for name in sorted(names)
        if name.endswith(SUFFIX)
    )
    for path in islice(found, MOST + 1):
        yield path.relative_to(folder).as_posix(), _content(path, folder)


def _content(path: Path, folder: Path) -> bytes:
    """The bytes of a template. Raises ComposegenError for what is no plain file in the folder."""
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        if not inside or not stat.S_ISREG(path.stat().st_mode):
            raise ComposegenError(f"{path} is no plain file in {folder}, so it is no template")
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, RuntimeError) as error:
        raise ComposegenError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
