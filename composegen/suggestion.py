"""Words of an input as findings show them, and what somebody may have meant by one that is not known here."""

from __future__ import annotations

import bisect
import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one; None when none is near. Upper and lower case count as near."""
    by_folded = {name.lower(): name for name in sorted(known, reverse=True)}
    folded = word.lower()[:100]
    near = difflib.get_close_matches(folded, _beside(folded, sorted(by_folded)), n=1)
    return by_folded[near[0]] if near else None


def _beside(word: str, known: list[str]) -> list[str]:
    """All words when they are few; of many those beside it in the alphabet, since looking at each takes long."""
    if len(known) <= _MANY:
        return known
    place = bisect.bisect(known, word)
    return known[max(0, place - _MANY // 2) : place + _MANY // 2]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint of a finding about an unknown word; "" when nothing is near."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near is not None else ""


def one_of(known: Iterable[str]) -> str:
    """What a finding expects where only some words are known; long lists are cut."""
    words = list(known)
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return f"one of: {', '.join(words[:_SHOWN])}{more}"


def cut(text: str) -> str:
    """Text that fits into a message: on one line, and not longer than a message can bear."""
    line = " ".join(text[: _LONGEST + 1].split())
    return line if len(text) <= _LONGEST else f"{line[:_LONGEST]}..."


_SHOWN = 40
_LONGEST = 80
_MANY = 200
