"""Compose's `${...}` in terms of a topology: `${NAME}` and `${NAME:-default}` of listed variables, or plain text.

Compose replaces at `up`, from the shell and `.env`; a topology when it is rendered. Compose knows `$NAME`, `${NAME}`,
`${NAME:-default}`, `${NAME-default}`, `:?`, `?`, `:+` and `+`, nested ones in defaults, and `$$` for a dollar
(compose-spec, `12-interpolation.md`).
"""

from __future__ import annotations

import re

from msgspec import Struct

_OPENING = re.compile(r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(:?[-?+])?)")
_DEEPEST = 20


class Reference(Struct, frozen=True, kw_only=True):
    """One variable in a text, and its default (None for none)."""

    name: str
    default: str | None = None


Part = str | Reference


def parts(text: str, depth: int = 0) -> list[Part]:
    """A text as literal pieces and references; what Compose would refuse is taken literally."""
    found: list[Part] = []
    position = 0
    while match := _OPENING.search(text, position):
        found.append(text[position : match.start()])
        part, position = _part(text, match, depth)
        found.append(part)
    found.append(text[position:])
    return _joined(found)


def _joined(found: list[Part]) -> list[Part]:
    """The same with neighbouring pieces of text in one, and without empty ones."""
    result: list[Part] = []
    for part in found:
        if isinstance(part, str) and result and isinstance(result[-1], str):
            result[-1] += part
        elif part != "":
            result.append(part)
    return result


def _part(text: str, match: re.Match[str], depth: int) -> tuple[Part, int]:
    """What begins at a dollar, and where it ends."""
    if match[1]:
        return "$", match.end()
    if match[2]:
        return _plain(match[2]), match.end()
    end = _closing(text, match.end())
    if end is None or depth > _DEEPEST or (not match[4] and end != match.end()):
        return text[match.start() : match.end()], match.end()
    inner = text[match.end() : end]
    return _reference(match[3], match[4] or "", inner, depth), end + 1


def _reference(name: str, operator: str, inner: str, depth: int) -> Part:
    match operator[-1:]:
        case "-":
            return Reference(name=name, default=static(inner, depth + 1))
        case "?":
            return Reference(name=name)
        case "+":
            return ""  # what Compose puts there while the variable is not set
        case _:
            return _plain(name)


def _plain(name: str) -> Part:
    """A variable without more; `PWD` is the folder of the Compose file for Compose."""
    return "." if name == "PWD" else Reference(name=name)


def _closing(text: str, start: int) -> int | None:
    """Where the brace that is open at `start` closes."""
    level = 1
    for position in range(start, len(text)):
        if text[position] == "{" and text[position - 1] == "$":
            level += 1
        elif text[position] == "}":
            level -= 1
            if level == 0:
                return position
    return None


def static(text: str, depth: int = 0) -> str:
    """The text as Compose reads it where no variable is set."""
    return "".join(part if isinstance(part, str) else part.default or "" for part in parts(text, depth))


def references(text: str) -> list[Reference]:
    """The variables in a text."""
    return [part for part in parts(text) if isinstance(part, Reference)]


def whole(text: str) -> Reference | None:
    """The variable that is all of a text; None where there is more, or none."""
    found = parts(text)
    return found[0] if len(found) == 1 and isinstance(found[0], Reference) else None


def literal(text: str) -> str:
    """Text as a topology writes it, so that nothing in it is a variable."""
    return text.replace("${", "$${")


def translated(text: str) -> str:
    """A text with its variables as a topology writes them.

    A variable without default is empty where it is not set, as with Compose.
    """
    result = ""
    for part in parts(text):
        if isinstance(part, str):
            result += literal(part)
            continue
        default = part.default or ""
        # No topology can say this; what Compose takes where the variable is not set is written out.
        impossible = result.endswith("$") or re.search(r"[}\n]|\$\{", default)
        result += literal(default) if impossible else f"${{{part.name}:-{default}}}"
    return result


def unsaid(text: str) -> list[str]:
    """Variables whose part in a text `translated` leaves out: of `${NAME:+text}`, in defaults, and in odd places."""
    said = {reference.name for reference in references(translated(text))}
    found = [(match[2] or match[3], match[4] or "") for match in _OPENING.finditer(text)]
    lost = (name for name, operator in found if name and (operator.endswith("+") or name not in said))
    return [name for name in dict.fromkeys(lost) if name != "PWD"]
