"""The words that declare a topology field: its type with limits, its documentation, its default, its example.

`topology.py` speaks in these words only; the JSON Schema, the loader and the reference page are read off them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar

from composegen.keypath import KeyPath

REQUIRED: Any = object()
"""Marks a field without default."""


OR_VARIABLE = r"|\$\{"
"""What the schema adds to patterns for editors, which see `${NAME}` where composegen sees its value."""


def strict(pattern: str) -> str:
    """A pattern of the schema as composegen itself takes it: variables have their values by then."""
    return pattern.removesuffix(OR_VARIABLE)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a value must look like; `expected` is the phrase that findings and the reference page use for it."""

    expected: str
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class Ref:
    """The value names an entry of this top-level section."""

    section: str


@dataclass(frozen=True)
class Verbatim:
    """A scalar kept as the text that the user wrote: `1.10` stays `1.10`, `true` stays `true`."""


@dataclass(frozen=True)
class KeyLimits:
    """Limits of the keys of a mapping."""

    limits: Limits


@dataclass(frozen=True)
class NotEmpty:
    """A mapping has at least one entry."""


@dataclass(frozen=True)
class Foreign:
    """A mapping in somebody else's language; `schema` names the schema it is checked against."""

    schema: str


def says(doc: str, *, example: Any, default: Any = REQUIRED) -> Any:
    """Declare a field: what it means, an example value as it would stand in YAML, and its default.

    `default` is the value of the dataclass attribute; a callable default is called for each object (`tuple`, `dict`).
    """
    metadata = {"doc": doc, "example": example}
    if default is REQUIRED:
        return field(metadata=metadata)
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Base of every mapping of the topology. `origin` is where it stands in the file."""

    SHORT: ClassVar[str] = ""
    """The field that a value other than a mapping stands for (`box: 1` is `box: {instances: 1}`); "" for none."""

    EXAMPLE: ClassVar[Any] = None
    """A whole example of the section, as it would stand in YAML."""

    origin: KeyPath = field(default=(), compare=False, repr=False)

    def at(self, *keys: str | int) -> KeyPath:
        """The key path of something below this section."""
        return (*self.origin, *keys)


@dataclass(frozen=True, kw_only=True)
class Named(Section):
    """Base of the sections that are entries of a mapping; `name` is their key."""

    name: str = field(default="", metadata={"key": True})


NAME = Limits(
    expected="lower-case letters, digits and dashes, 1 to 63 characters, no dash at either end",
    pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
)
Name = Annotated[str, NAME]
ProjectName = Annotated[
    str,
    Limits(
        expected="lower-case letters, digits, dashes and underscores, beginning with a letter or digit",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
    ),
]
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_IPV4 = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}"
_IPV6 = r"(?=.*:.*:)[0-9A-Fa-f:]{2,39}(\.[0-9.]{5,13})?"
HostName = Annotated[str, Limits(expected="a DNS name such as ollama.example", pattern=rf"^{_LABEL}(\.{_LABEL})*$")]
HostAddress = Annotated[
    str,
    Limits(expected="an IP address or a DNS name", pattern=rf"^({_IPV4}|{_IPV6}|(?![0-9.]+$){_LABEL}(\.{_LABEL})*)$"),
]
IpAddress = Annotated[str, Limits(expected="an IPv4 or IPv6 address", pattern=rf"^({_IPV4}|{_IPV6})$")]
CidrBlock = Annotated[
    str, Limits(expected="an address or a block such as 10.0.0.0/24", pattern=rf"^({_IPV4}|{_IPV6})(/[0-9]{{1,3}})?$")
]
AbsolutePath = Annotated[
    str,
    Limits(
        expected="an absolute path without `..`, control characters or a trailing slash",
        pattern=r"^(/(?!\.\.?(/|$))[^/\x00-\x1f\x7f]+)+$",
    ),
]
OldStore = Annotated[
    str,
    Limits(
        expected="the name of a Docker volume, or an absolute path without `..`, colons or control characters",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{1,254}|(/(?!\.\.?(/|$))[^/:\x00-\x1f\x7f]+)+)$",
    ),
]
RelativePath = Annotated[
    str,
    Limits(
        expected="a path relative to the topology, without control characters",
        pattern=r"^(?!/)[^\x00-\x1f\x7f]+$",
    ),
]
InnerPath = Annotated[
    str,
    Limits(
        expected="a path below the folder of the topology, without `..` or control characters",
        pattern=r"^(?!/)(?!(.*/)?\.\.(/|$))[^\x00-\x1f\x7f]+$",
    ),
]
FilePath = Annotated[str, Limits(expected="a path without control characters", pattern=r"^[^\x00-\x1f\x7f]+$")]
LAST_PORT = 65535
Port = Annotated[int, Limits(expected=f"a port from 1 to {LAST_PORT}", minimum=1, maximum=LAST_PORT)]
Count = Annotated[int, Limits(expected="a whole number, at least 1", minimum=1, maximum=1000)]
Weight = Annotated[int, Limits(expected="a whole number from 1 to 1000", minimum=1, maximum=1000)]
Size = Annotated[
    str,
    Limits(
        expected="an amount of memory with its unit, such as 16GiB or 512MiB",
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})? ?[kKmMgGtT]([iI]?[bB])?$",
    ),
]
Duration = Annotated[
    str,
    Limits(
        expected="a duration such as 45m, 1h30m or 90s",
        pattern=r"^(?=[0-9])([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?$",
    ),
]
Version = Annotated[
    str, Limits(expected="a version such as 3.7.15, in quotes", pattern=r"^[0-9]{1,5}(\.[0-9]{1,5}){1,2}$")
]
VARIABLE = Limits(
    expected="letters, digits and underscores, not beginning with a digit", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"
)
VariableName = Annotated[str, VARIABLE]
COMPOSE_NAME = Limits(expected="letters, digits, dots, underscores and dashes", pattern=r"^[a-zA-Z0-9._-]+$")
"""As Compose wants the names of networks and volumes: its own schema has this pattern."""
ImageName = Annotated[
    str,
    Limits(
        expected="an image reference such as ollama/ollama:0.32.15",
        pattern=r"^[a-z0-9][A-Za-z0-9._:/-]{0,255}(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$",
    ),
]
OneLine = Annotated[str, Limits(expected="one line of text", pattern=r"^[^\x00-\x1f\x7f]+$")]

_END = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$", re.DOTALL)


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern with the meaning of JSON Schema: `$` is the end, and not also before a last line break."""
    return re.compile(_END.sub(lambda match: match[1] or r"\Z", pattern))


_UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def bytes_of(size: str) -> int:
    """The bytes that a `Size` stands for; as in Docker, k, m, g and t are powers of 1024, with or without `iB`."""
    match = re.fullmatch(r"([0-9.]+) ?([kmgt])(i?b)?", size.lower())
    if match is None:
        raise ValueError(size)
    return int(float(match[1]) * _UNITS[match[2]])


@lru_cache(maxsize=1024)
def seconds_of(duration: str) -> int:
    """The seconds that a `Duration` stands for."""
    return sum(
        int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in re.findall(r"([0-9]+)([hms])", duration)
    )
