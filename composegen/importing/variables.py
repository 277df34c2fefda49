"""The environment of a container as a topology states it: plain values, variables, and the names of secrets.

No value that looks like a secret gets through here, into the topology or into a report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from composegen.importing.interpolation import Reference, references, static, translated, whole
from composegen.importing.notes import Account
from composegen.importing.spots import Spot
from composegen.rules import secret_literal

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Secrets(Struct, kw_only=True):
    """Names of secrets of one host, and what they hold where a file says so: one name, one value."""

    host: str
    account: Account
    known: frozenset[str] = frozenset()
    """Values of secret variables in all files."""
    _values: dict[str, str] = field(default_factory=dict)

    def named(self, wish: str, owner: str, value: Spot) -> dict[str, str]:
        """`{secret: NAME}` for a value; a name of its own where the same name has another value already."""
        text = value.text or ""
        reference = whole(text) if text else Reference(name=wish)
        held = f"${reference.name}" if reference is not None else text
        name = re.sub(r"\W", "_", wish)
        name = name if _NAME.fullmatch(name) else f"_{name}"
        if self._values.get(name, held) != held:
            name = re.sub(r"\W", "_", f"{owner}_{name}").upper()
        if name not in self._values:
            self._values[name] = held
            self.account.todo(value.place, f"set {name} in `.env` on host `{self.host}`", _hint(text, reference))
        return {"secret": name}


def _hint(text: str, reference: Reference | None) -> str:
    """Where the value of a secret is to be found."""
    if reference is None:
        return "its value stands in the imported line, and nowhere in the topology"
    if reference.default:
        return "the default that stands in the imported line is not taken over"
    return (
        "it came from the shell or from `.env` before, and could be empty; Compose demands it now"
        if text
        else ("it came from the shell before, and could be unset; Compose demands it now")
    )


def of_container(environment: Mapping[str, Spot], owner: str, secrets: Secrets) -> dict[str, Any]:
    """Each variable as a topology states it."""
    return {name: _value(name, spot, owner, secrets) for name, spot in environment.items()}


def _value(name: str, spot: Spot, owner: str, secrets: Secrets) -> Any:
    text = spot.text
    if text is None:
        return secrets.named(name, owner, spot)
    reference = whole(text)
    if is_secret(name, text) or any(is_secret(one.name, f"${one.name}") for one in references(text)):
        return secrets.named(reference.name if reference else name, owner, spot)
    if reference is not None and reference.default is None:
        return secrets.named(reference.name, owner, spot)
    return translated(text)


_ARGUMENT = re.compile(r"(?:^|[\s;&|])-{1,2}([A-Za-z][\w.-]*)[\s=]+[\"']?([^\s\"']+)")
_PAIR = re.compile(r"([A-Za-z][\w.-]*)=(.*)", re.DOTALL)
_SENT = re.compile(
    r"\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?(?!\$)[\w.+/=-]{4,}"
    r"|\bcurl\b[^\n]*?\s(?:-u|--user)[\s=]+[\"']?[^\s:\"']+:[^\s$\"']+",
    re.IGNORECASE,
)
"""What a program sends to say who it is: a header, or a name and a password for curl."""


def tells_secret(text: str, name: str = "") -> bool:
    """Whether a text outside of `environment` holds a secret, or a variable that by its name holds one."""
    pairs = [(name, text), *_ARGUMENT.findall(text), *_PAIR.findall(text)]
    if _SENT.search(text) or any(is_secret(re.sub(r"\W", "_", key), value) for key, value in pairs):
        return True
    return any(is_secret(one.name, f"${one.name}") for one in references(text))


_MORE_NAMES = re.compile(
    r"(^|_)(auth|authorization|salt|pwd|dsn|jwt|key)$|pass$|(basic|digest)auth_users$", re.IGNORECASE
)
_HARMLESS = re.compile(r"|true|false|yes|no|on|off|none|basic|[0-9]{1,3}|/[\w./-]*|\./[\w./-]*", re.IGNORECASE)


def is_secret(name: str, text: str) -> bool:
    """Whether the value of a variable is one that nobody should see, or a variable that by its name holds one.

    More is taken for a secret here than a rule would complain about: a name too many costs a line in `.env`.
    """
    if _MORE_NAMES.search(name) and not _HARMLESS.fullmatch(static(text)):
        return True
    return secret_literal.looks_secret(name, (static(text) or "unknown") if "$" in text else text)
