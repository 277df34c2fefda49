"""What nobody may be shown: values that look like secrets, by the name under which they stand or by their form."""

from __future__ import annotations

import re

from composegen.impact.model import HIDDEN, Difference
from composegen.keypath import KeyPath
from composegen.rules.secret_literal import looks_secret

_ASSIGNED = re.compile(r"^([+-]?\s*(?:- )?\s*[\"']?-{0,2}([A-Za-z_][\w.-]*)[\"']?\s*[:=]\s*)(.+?)(,?)$")
_PLACE = str(HIDDEN.value)


def covered(path: KeyPath, before: object, after: object) -> Difference:
    """A difference in which nothing secret is left."""
    name = next((str(key) for key in reversed(path) if isinstance(key, str)), "")
    sides = [HIDDEN if _hides(name, side) else side for side in (before, after)]
    sensitive = HIDDEN in sides
    if sensitive:
        sides = [HIDDEN if isinstance(side, str | list | dict) else side for side in sides]
    return Difference(path=path, before=sides[0], after=sides[1], sensitive=sensitive)


def covered_line(line: str, *, shell: bool = False) -> str:
    """A line of a file or of a patch, with words in place of what nobody may be shown.

    `shell`: of a script, in which names of small letters are the script's own.
    """
    match = _ASSIGNED.match(line)
    if match is not None and not (shell and match[2].islower()) and _looks(match[2], match[3].strip("\"'")):
        return match[1] + _PLACE + match[4]
    words = re.split(r"([\s,\[\]{}]+)", line)
    if not any(_word_hides(word, shell=shell) for word in words):
        return line
    return "".join(_PLACE if _word_hides(word, shell=shell) else word for word in words)


def _hides(name: str, value: object) -> bool:
    match value:
        case str():
            given, equals, rest = value.partition("=")
            return _looks(name, value) or bool(equals and _looks(given.lstrip("-"), rest))
        case int() | float() if not isinstance(value, bool):
            return _looks(name, str(value))
        case dict():
            return any(_hides(str(key), one) for key, one in value.items())
        case list():
            return any(_hides(name, one) for one in value)
    return False


def _word_hides(word: str, *, shell: bool) -> bool:
    plain = word.strip("\"'")
    name, equals, rest = plain.partition("=")
    if shell and name.islower():
        return _looks("", plain)
    return _looks("", plain) or bool(equals and _looks(name.lstrip("-"), rest))


def _looks(name: str, text: str) -> bool:
    """In a Compose file a doubled dollar is a dollar, and no reference to a variable."""
    return looks_secret(name, text.replace("$$", "S"))
