"""What an import has to say: each note with the line of the imported file that it is about. No value of a secret."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from composegen.importing.spots import Place


class Kind(Enum):
    """The sections of the report, in their order; the value is the title."""

    TAKEN = "Taken over"
    KEPT = "Kept in Compose's own words, under `compose:`"
    DIFFERENT = "What composegen will do differently"
    LEFT = "Not taken over"
    TODO = "Before the first `up`"


class Note(Struct, frozen=True, kw_only=True):
    """One line of the report: what, why, and where that stands."""

    kind: Kind
    message: str
    reason: str = ""
    place: Place | None = None


class Account(Struct, kw_only=True):
    """Collects notes while an import goes on; the same note is kept once."""

    notes: list[Note] = field(default_factory=list)

    def add(self, kind: Kind, place: Place | None, message: str, reason: str = "") -> None:
        """Keep a note."""
        note = Note(kind=kind, message=message, reason=reason, place=place)
        if note not in self.notes:
            self.notes.append(note)

    def taken(self, place: Place | None, message: str, reason: str = "") -> None:
        """Something that the topology says in its own words."""
        self.add(Kind.TAKEN, place, message, reason)

    def kept(self, place: Place | None, message: str, reason: str = "") -> None:
        """Something that stands under `compose:`."""
        self.add(Kind.KEPT, place, message, reason)

    def retracted(self, place: Place, key: str) -> Place | None:
        """Take back that a key of the service at a place is kept; where the key stands, if that was said."""
        told = [
            note
            for note in self.notes
            if note.kind is Kind.KEPT and note.message.startswith(f"`{key}` of `") and _follows(note.place, place)
        ]
        nearest = min(told, key=lambda note: note.place.line if note.place else 0, default=None)
        if nearest is None:
            return None
        self.notes.remove(nearest)
        return nearest.place

    def different(self, place: Place | None, message: str, reason: str) -> None:
        """Something that will run in another way, for a reason."""
        self.add(Kind.DIFFERENT, place, message, reason)

    def left(self, place: Place | None, message: str, reason: str = "") -> None:
        """Something that the topology cannot say."""
        self.add(Kind.LEFT, place, message, reason)

    def todo(self, place: Place | None, message: str, reason: str = "") -> None:
        """Something that a person has to do."""
        self.add(Kind.TODO, place, message, reason)


def _follows(place: Place | None, other: Place) -> bool:
    return place is not None and place.file == other.file and place.line >= other.line
