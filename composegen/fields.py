"""The words that declare a topology field: its type with limits, its documentation, its default, its example.

`topology.py` speaks in these words only; the JSON Schema, the loader and the reference page are read off them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from msgspec import Struct, StructMeta, field

from composegen.keypath import KeyPath

REQUIRED: Any = object()
"""Marks a field without default."""


OR_VARIABLE = r"|\$\{"
"""What the schema adds to patterns for editors, which see `${NAME}` where composegen sees its value."""


def strict(pattern: str) -> str:
    """A pattern of the schema as composegen itself takes it: variables have their values by then."""
    return pattern.removesuffix(OR_VARIABLE)


class Limits(Struct, frozen=True, kw_only=True):
    """What a value must look like; `expected` is the phrase that findings and the reference page use for it."""

    expected: str
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None


class Ref(Struct, frozen=True):
    """The value names an entry of this top-level section."""

    section: str


class Verbatim(Struct, frozen=True):
    """A scalar kept as the text that the user wrote: `1.10` stays `1.10`, `true` stays `true`."""


class KeyLimits(Struct, frozen=True):
    """Limits of the keys of a mapping."""

    limits: Limits


class NotEmpty(Struct, frozen=True):
    """A mapping has at least one entry."""


class Foreign(Struct, frozen=True):
    """A mapping in somebody else's language; `schema` names the schema it is checked against."""

    schema: str


class Said(Struct, frozen=True, kw_only=True):
    """What is declared of a field beside its type; `default` may be `REQUIRED`, or make one for each object."""

    doc: str
    example: Any
    default: Any

    @property
    def attribute(self) -> Any:
        """The same default in the words of a struct."""
        return field(default_factory=self.default) if callable(self.default) else field(default=self.default)


def says(doc: str, *, example: Any, default: Any = REQUIRED) -> Any:
    """Declare a field: what it means, an example value as it would stand in YAML, and its default.

    `default` is the value of the attribute; a callable default is called for each object (`tuple`, `dict`).
    """
    return Said(doc=doc, example=example, default=default)


class _Declaring(StructMeta):
    """Makes a section of its declarations: keeps as `SAID` what they say, in their order, and leaves the defaults."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> _Declaring:
        """The class. A field without default has no value in it."""
        said = {key: one for key, one in namespace.items() if isinstance(one, Said)}
        attributes = {key: one.attribute for key, one in said.items() if one.default is not REQUIRED}
        plain = {key: value for key, value in namespace.items() if key not in said}
        known = {key: one for base in bases for key, one in getattr(base, "SAID", {}).items()} | said
        return super().__new__(cls, name, bases, {**plain, **attributes, "SAID": MappingProxyType(known)}, **options)


class Section(Struct, metaclass=_Declaring, frozen=True, kw_only=True):
    """Base of every mapping of the topology.

    `origin` is where it stands in the file; sections that differ in nothing else are equal.
    """

    SAID: ClassVar[Mapping[str, Said]]
    """What is declared of its fields, by name, in the order of the declarations."""

    SHORT: ClassVar[str] = ""
    """The field that a value other than a mapping stands for (`box: 1` is `box: {instances: 1}`); "" for none."""

    EXAMPLE: ClassVar[Any] = None
    """A whole example of the section, as it would stand in YAML."""

    origin: KeyPath = ()

    def at(self, *keys: str | int) -> KeyPath:
        """The key path of something below this section."""
        return (*self.origin, *keys)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._stated() == other._stated()

    def __hash__(self) -> int:
        return hash(self._stated())

    def __repr__(self) -> str:
        stated = ", ".join(f"{name}={value!r}" for name, value in self._stated())
        return f"{type(self).__name__}({stated})"

    def _stated(self) -> tuple[tuple[str, Any], ...]:
        """The fields that make it what it is."""
        return tuple((name, getattr(self, name)) for name in self.__struct_fields__ if name != "origin")


class Named(Section, frozen=True, kw_only=True):
    """Base of the sections that are entries of a mapping; `name` is their key."""

    name: str = ""


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


@lru_cache(maxsize=1024)
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
