"""What composegen keeps between runs, in the user's cache folder: only what can be found out anew at any time.

The folder is `$COMPOSEGEN_CACHE_DIR` (empty: keep nothing), else `composegen` below `$XDG_CACHE_HOME` or `~/.cache`.
Whatever goes wrong here is no error: a run without a cache is only slower.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path


def folder() -> Path | None:
    """Where things are kept; None when nothing is."""
    named = os.environ.get("COMPOSEGEN_CACHE_DIR")
    if named is not None:
        return Path(named) if named else None
    general = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return general / "composegen" if general.is_absolute() else None


class Shelf(MutableMapping[str, bytes]):
    """One folder of the cache as a mapping; a name is letters, digits, dots and dashes."""

    def __init__(self, name: str) -> None:
        """`name`: of the folder, below the cache folder."""
        base = folder()
        self._folder = base / name if base else None

    def __getitem__(self, key: str) -> bytes:
        """What is kept under a name. Raises KeyError when that is nothing, or cannot be read."""
        if self._folder is None:
            raise KeyError(key)
        try:
            return (self._folder / key).read_bytes()
        except OSError as error:
            raise KeyError(key) from error

    def __setitem__(self, key: str, value: bytes) -> None:
        """Keep something, whole or not at all."""
        if self._folder is None:
            return
        staged = self._folder / f".{key}.{os.getpid()}"
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            staged.write_bytes(value)
            staged.replace(self._folder / key)

    def __delitem__(self, key: str) -> None:
        """Forget something. Raises KeyError when it is not kept."""
        if self._folder is None:
            raise KeyError(key)
        try:
            (self._folder / key).unlink()
        except OSError as error:
            raise KeyError(key) from error

    def __iter__(self) -> Iterator[str]:
        """The names."""
        with contextlib.suppress(OSError):
            if self._folder is not None:
                yield from sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))

    def __len__(self) -> int:
        """How many things are kept."""
        return sum(1 for _ in self)
