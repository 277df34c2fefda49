"""What differs in the command of a service, in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from composegen.impact.model import ABSENT

LONGEST = 48
"""Characters of a word or value that is shown."""

SHELL = ["/bin/sh", "-c"]
"""The entry point of a command that is a script."""


def models_of(command: object) -> Sequence[str]:
    """The models that a model-init is told of."""
    words = [str(word) for word in command] if isinstance(command, list) else []
    return [name for option, name in pairwise(words) if option in _MODEL_OPTIONS]


_MODEL_OPTIONS = frozenset({"--model", "--insecure-model", "--create"})


def words(before: object, after: object) -> str:
    """Options that have another value, or that a script differs, which nobody reads in part; "" for anything else."""
    if options := list(_options(before, after)):
        return f"command {', '.join(options)}"
    if _is_long(before) or _is_long(after):
        return "+ command" if before is ABSENT else "- command" if after is ABSENT else "command changed"
    return ""


def _options(before: object, after: object) -> Iterator[str]:
    """`--attempts 5 -> 9`, where nothing else differs; of what is too long to be shown only that it changed."""
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        return
    places = [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    if all(place and before[place - 1] == after[place - 1] and _is_option(before[place - 1]) for place in places):
        for place in places:
            option, old, new = before[place - 1], before[place], after[place]
            yield f"{option} changed" if _is_long([old, new]) else f"{option} {old} -> {new}"


def _is_option(word: object) -> bool:
    return isinstance(word, str) and word.startswith("--") and "=" not in word


def _is_long(command: object) -> bool:
    """Whether one word of a command is too long to be shown: a script, for one."""
    return any(len(str(word)) > LONGEST for word in (command if isinstance(command, list) else [command]))
