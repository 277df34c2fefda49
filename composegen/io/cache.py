"""What composegen keeps between runs, in the user's cache folder: only what can be found out anew at any time.

The folder is `$COMPOSEGEN_CACHE_DIR` (empty: keep nothing), else `composegen` below `$XDG_CACHE_HOME` or `~/.cache`.
Whatever goes wrong here is no error: a run without a cache is only slower. Paths are text: a run that finds nothing
changed opens one file here, and loading `pathlib` would be a tenth of its time.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, MutableMapping
from os import path


def folder() -> str | None:
    """Where things are kept; None when nothing is."""
    named = os.environ.get("COMPOSEGEN_CACHE_DIR")
    if named is not None:
        return named or None
    general = path.expanduser(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return path.join(general, "composegen") if path.isabs(general) else None


class Shelf(MutableMapping[str, bytes]):
    """One folder of the cache as a mapping; a name is letters, digits, dots and dashes."""

    def __init__(self, name: str) -> None:
        """`name`: of the folder, below the cache folder."""
        base = folder()
        self._folder = path.join(base, name) if base else None

    def __getitem__(self, key: str) -> bytes:
        """What is kept under a name. Raises KeyError when that is nothing, or cannot be read."""
        if self._folder is None:
            raise KeyError(key)
        try:
            with open(path.join(self._folder, key), "rb") as file:
                return file.read()
        except OSError as error:
            raise KeyError(key) from error

    def __setitem__(self, key: str, value: bytes) -> None:
        """Keep something, whole or not at all."""
        if self._folder is None:
            return
        staged = path.join(self._folder, f".{key}.{os.getpid()}")
        with contextlib.suppress(OSError):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with open(staged, "wb") as file:
                file.write(value)
            os.replace(staged, path.join(self._folder, key))

    def __delitem__(self, key: str) -> None:
        """Forget something. Raises KeyError when it is not kept."""
        if self._folder is None:
            raise KeyError(key)
        try:
            os.unlink(path.join(self._folder, key))
        except OSError as error:
            raise KeyError(key) from error

    def __iter__(self) -> Iterator[str]:
        """The names."""
        with contextlib.suppress(OSError):
            if self._folder is not None:
                yield from sorted(name for name in os.listdir(self._folder) if not name.startswith("."))

    def __len__(self) -> int:
        """How many things are kept."""
        return sum(1 for _ in self)
