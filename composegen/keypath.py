"""A place in a topology file, as the keys and indexes that lead to it.

No line numbers here: `document.Document.locate` is the one place that turns a key path into lines and columns.
"""

from __future__ import annotations

KeyPath = tuple[str | int, ...]
"""Keys (str) and list indexes (int, from 0) from the root of the topology; `()` is the whole file."""


def show(path: KeyPath) -> str:
    """Write a key path as people do: `services.ollama.models[2].name`; the root is `topology`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "topology"
