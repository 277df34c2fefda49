"""Names of Compose files as a topology has them."""

from __future__ import annotations

import re
from collections.abc import Collection

LONGEST = 40
"""Characters of a name that is made here; names of a topology may have 63, and those of containers are longer."""


def name_of(text: str, otherwise: str) -> str:
    """The text as a name of the language: lower-case letters, digits and dashes."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST].strip("-")
    return name or otherwise


def project_of(text: str, otherwise: str) -> str:
    """The name of a Compose project as Compose makes it from that of a folder (compose-go `NormalizeProjectName`)."""
    return re.sub(r"[^-_a-z0-9]", "", text.lower()).lstrip("_-")[:63] or otherwise


def free(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number that makes it one that is not taken."""
    if name not in taken:
        return name
    return next(other for number in range(2, len(taken) + 3) if (other := f"{name}-{number}") not in taken)


def base(name: str) -> str:
    """A name without the number at its end: `ollama-2`, `ollama_2` and `ollama2` are `ollama`."""
    return re.sub(r"(?<=[^0-9])[-_.]?[0-9]+$", "", name)
