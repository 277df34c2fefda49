"""The report of an import as text: what was taken over and what was not, each with the line that it is about."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from composegen.importing.notes import Kind, Note

_WIDTH = 112
_PLACES = 30
"""Columns for file and line; longer ones push the text to the right."""


def report(notes: Sequence[Note]) -> str:
    """All sections that have something to say; notes with one reason stand together, above it."""
    return "\n".join(line for kind in Kind for line in _section(kind, [note for note in notes if note.kind is kind]))


def _section(kind: Kind, notes: Sequence[Note]) -> Iterator[str]:
    if not notes:
        return
    yield f"{kind.value} ({len(notes)})"
    width = min(_PLACES, max(len(str(note.place or "")) for note in notes))
    by_reason: dict[str, list[Note]] = {}
    for note in sorted(notes, key=_order):
        by_reason.setdefault(note.reason, []).append(note)
    for reason, alike in by_reason.items():
        for note in alike:
            yield from _wrapped(f"  {note.place or ''!s:<{width}}  ", note.message)
        if reason:
            yield from _wrapped(" " * (width + 6), reason)
    yield ""


def _wrapped(indent: str, text: str) -> Iterator[str]:
    """A text in lines of one width, the first one after `indent`, the others below it."""
    lines = textwrap.wrap(text, max(_WIDTH - len(indent), 40), break_long_words=False, break_on_hyphens=False) or [""]
    yield (indent + lines[0]).rstrip()
    yield from (" " * len(indent) + line for line in lines[1:])


def _order(note: Note) -> tuple[str, int]:
    return (note.place.file, note.place.line) if note.place is not None else ("", 0)


def tally(notes: Sequence[Note]) -> str:
    """One line: how many notes of each kind."""
    words = {
        Kind.TAKEN: "taken over",
        Kind.KEPT: "kept in Compose's words",
        Kind.DIFFERENT: "different from now on",
        Kind.LEFT: "not taken over",
        Kind.TODO: "to do",
    }
    counts = {kind: sum(note.kind is kind for note in notes) for kind in Kind}
    return ", ".join(f"{number} {words[kind]}" for kind, number in counts.items() if number)
