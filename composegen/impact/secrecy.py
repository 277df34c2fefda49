"""What nobody may be shown: values that look like secrets, by the name under which they stand or by their form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from composegen.impact.model import HIDDEN, Difference
from composegen.keypath import KeyPath
from composegen.rules.secret_literal import looks_secret

_ASSIGNED = re.compile(r"^([+-]?\s*(?:- )?\s*[\"']?-{0,2}([A-Za-z_][\w.-]*)[\"']?\s*[:=]\s*)(.+?)(,?)$")
_PLACE = str(HIDDEN.value)

_MORE_NAMES = re.compile(
    r"_(salt|pwd|dsn|jwt|auth|pass|key)$|(basic|digest)auth[._]users$|\bauthorization$", re.IGNORECASE
)
"""Names in files of others that no rule would complain about; a value too many that is hidden does no harm."""

_HEADER = re.compile(
    r"(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)(?!\$)[\w.+/=-]{4,}", re.IGNORECASE
)
"""A header that says who somebody is."""

_IN_BRACES = re.compile(r"""(([A-Za-z_][\w.-]*)["']?:\s+)("[^"]*"|'[^']*'|[^\s,{}\[\]"']+)(?=\s*[,}])""")
"""A key and its value among others on one line."""

_NAMED = re.compile(r"\$\{\w+:\?[^}]*\}")
"""A value that Compose demands at `up`, as composegen writes secrets."""


def covered(path: KeyPath, before: object, after: object) -> Difference:
    """A difference in which nothing secret is left."""
    name = next((str(key) for key in reversed(path) if isinstance(key, str)), "")
    told = any(isinstance(side, str) and _NAMED.fullmatch(side) for side in (before, after))
    sides = [HIDDEN if _hides(name, side) or (told and _is_plain(side)) else side for side in (before, after)]
    sensitive = HIDDEN in sides
    if sensitive:
        sides = [HIDDEN if isinstance(side, str | list | dict) else side for side in sides]
    return Difference(path=path, before=sides[0], after=sides[1], sensitive=sensitive)


def _is_plain(value: object) -> bool:
    """Whether a value stands where the other side has the name of a secret, and is none itself."""
    return isinstance(value, str | int | float) and not str(value).startswith("$")


def covered_line(line: str, *, shell: bool = False) -> str:
    """A line of a file or of a patch, with words in place of what nobody may be shown.

    `shell`: of a script, in which names of small letters are the script's own.
    """
    line = _HEADER.sub(rf"\1{_PLACE}", line)
    if not shell:
        line = _IN_BRACES.sub(lambda pair: pair[1] + _PLACE if _looks(pair[2], pair[3].strip("\"'")) else pair[0], line)
    match = _ASSIGNED.match(line)
    if match is not None and not (shell and match[2].islower()) and _looks(match[2], match[3].strip("\"'")):
        return match[1] + _PLACE + match[4]
    words = re.split(r"([\s,\[\]{}]+)", line)
    before = ["", "", *words]  # of a word the one before, beyond what separates them
    shown = [
        _PLACE if _word_hides(word, shell=shell) or (not shell and _answers(flag, word)) else word
        for flag, word in zip(before, words, strict=False)
    ]
    return "".join(shown)


def covered_lines(lines: Iterable[str], *, shell: bool = False) -> Iterator[str]:
    """The lines of a patch of one file, each covered; the value of an option may stand on a line of its own."""
    flags = dict.fromkeys(_SIGNS, "")
    for line in lines:
        sign, item = line[:1], _ITEM.match(line[1:])
        word = item[2] if item else ""
        if item and _answers(flags.get(sign, ""), word):
            yield f"{sign}{item[1]}{_PLACE}"
        else:
            yield covered_line(line, shell=shell)
        flags |= dict.fromkeys(_SIGNS if sign == " " else sign, word)


_SIGNS = "+- "
_ITEM = re.compile(r"(\s*- )(\S+)$")


def _answers(flag: str, word: str) -> bool:
    """Whether a word is the value of the option before it: `--password x`."""
    flag, plain = flag.strip("\"'"), word.strip("\"'")
    return flag.startswith("--") and "=" not in flag and not plain.startswith("-") and _looks(flag.lstrip("-"), plain)


def _hides(name: str, value: object) -> bool:
    match value:
        case str():
            given, equals, rest = value.partition("=")
            named = _looks(name, value) or bool(equals and _looks(given.lstrip("-"), rest))
            return named or any(_answers(flag, word) for flag, word in pairwise(value.split()))
        case int() | float() if not isinstance(value, bool):
            return _looks(name, str(value))
        case dict():
            return any(_hides(str(key), one) for key, one in value.items())
        case list():
            words = [one for one in value if isinstance(one, str)]
            return any(_hides(name, one) for one in value) or any(_answers(*pair) for pair in pairwise(words))
    return False


def _word_hides(word: str, *, shell: bool) -> bool:
    plain = word.strip("\"'")
    name, equals, rest = plain.partition("=")
    if shell and name.islower():
        return _looks("", plain)
    return _looks("", plain) or bool(equals and _looks(name.lstrip("-"), rest))


def _looks(name: str, text: str) -> bool:
    """In a Compose file a doubled dollar is a dollar, and no reference to a variable."""
    plain = text.replace("$$", "S")
    named = _MORE_NAMES.search(name) is not None and looks_secret("TOKEN", plain)
    return named or looks_secret(name, plain) or _HEADER.search(plain) is not None
