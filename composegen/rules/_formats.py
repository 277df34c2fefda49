"""The short forms of Compose: what it reads as a duration, a size, a number, a port or a mount. Not a rule.

The grammars are those of compose-go (`types/bytes.go`, `types/duration.go`, `format/volume.go`,
`loader/interpolate.go`) and of the libraries it calls: `docker/go-units`, `docker/go-connections/nat`,
`xhit/go-str2duration`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from composegen.fields import LAST_PORT

_NANOSECONDS: Mapping[str, int] = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 24 * 3600 * 10**9,
    "w": 7 * 24 * 3600 * 10**9,
}
_LONGEST = 2**63 - 1
_DECIMAL = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_PART = re.compile(rf"({_DECIMAL})(ns|us|µs|μs|ms|s|m|h|d|w)")
_DURATION = re.compile(rf"[-+]?(?:0|(?:{_PART.pattern})+)")
_SIZE = re.compile(rf"[-+]?[0-9]+|\+?{_DECIMAL}(?:[eE][-+]?[0-9]+)? ?(?:[bB]|[kKmMgGtTpP](?:[iI]?[bB])?)?")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(rf"[-+]?{_DECIMAL}(?:[eE][-+]?[0-9]{{1,2}})?")
_TRUTH = frozenset({"true", "false", "y", "yes", "on", "n", "no", "off"})
_PROTOCOLS = frozenset({"", "tcp", "udp", "sctp"})


def bytes_of(value: Any) -> int | None:
    """The bytes of a size; None for what is none."""
    text = str(value).lower()
    if value is None or not is_size(text):
        return None
    number = re.match(rf"[-+]?{_DECIMAL}(?:e[-+]?[0-9]+)?", text)
    unit = text[number.end() :].strip().removesuffix("b").removesuffix("i") if number else ""
    return int(float(number[0]) * 1024 ** (" kmgtp".index(unit) if unit else 0)) if number else None


def number_of(value: Any) -> float | None:
    """A number, also one in quotes; None for what is none."""
    return float(value) if value is not None and is_number(value) and not isinstance(value, Mapping) else None


def target_of(mount: Any) -> str:
    """Where a mount appears in the container, from its short or its long form; "" where that cannot be told."""
    if isinstance(mount, Mapping):
        return str(mount.get("target", ""))
    parts = _sections(str(mount))
    return parts[1] if len(parts) > 1 else parts[0]


def is_test(value: Any) -> bool:
    """Whether a list begins as the `test` of a health check has to."""
    return not isinstance(value, list | tuple) or not value or value[0] in ("CMD", "CMD-SHELL", "NONE")


def is_duration(value: Any) -> bool:
    """Whether Compose takes it for a duration: `0`, or numbers with units; no more than 292 years."""
    if not isinstance(value, str) or _DURATION.fullmatch(value) is None:
        return False
    return sum(float(number) * _NANOSECONDS[unit] for number, unit in _PART.findall(value)) <= _LONGEST


def is_size(value: Any) -> bool:
    """Whether Compose takes it for an amount of bytes; a number is one."""
    return not isinstance(value, str) or _SIZE.fullmatch(value) is not None


def is_whole(value: Any) -> bool:
    """Whether Compose takes it for a whole number."""
    return isinstance(value, int) or (isinstance(value, str) and _WHOLE.fullmatch(value) is not None)


def is_amount(value: Any) -> bool:
    """Whether Compose takes it for a number of devices, or for all of them."""
    return is_whole(value) or (isinstance(value, str) and value.lower() == "all")


def is_natural(value: Any) -> bool:
    """Whether it is a whole number that is not below 0."""
    return is_whole(value) and int(value) >= 0


def is_percentage(value: Any) -> bool:
    """Whether it is a whole number from 0 to 100."""
    return is_natural(value) and float(value) in range(101)


def is_weight(value: Any) -> bool:
    """Whether it is a whole number without quotes, which Compose asks for here."""
    return isinstance(value, int) and value in range(2**16)


def is_target(value: Any) -> bool:
    """Whether it is a port of a container."""
    return is_natural(value) and int(value) > 0


def is_word(value: Any) -> bool:
    """Whether it is a text or a whole number, and not empty."""
    return isinstance(value, int) or (isinstance(value, str) and bool(value))


def is_key(value: Any) -> bool:
    """Whether a network or a volume may be called so."""
    return re.fullmatch(r"[A-Za-z0-9._-]+", str(value)) is not None


def is_number(value: Any) -> bool:
    """Whether Compose takes it for a number."""
    return not isinstance(value, str) or _NUMBER.fullmatch(value) is not None


def is_truth(value: Any) -> bool:
    """Whether Compose takes it for true or false."""
    return not isinstance(value, str) or value.lower() in _TRUTH


def is_port(value: Any) -> bool:
    """Whether it is a port to publish: a number, or `[ADDRESS:][HOST:]CONTAINER[/PROTOCOL]`, also with ranges."""
    if not isinstance(value, str):
        return isinstance(value, Mapping) or (isinstance(value, int) and value in range(1, LAST_PORT + 1))
    before, _, container = value.rpartition(":")
    address, _, host = before.rpartition(":")
    container, _, protocol = container.partition("/")
    inside, outside = _range(container), _range(host)
    if inside is None or protocol.lower() not in _PROTOCOLS or (address and not _is_short_address(address)):
        return False
    if not host:
        return True
    return outside is not None and (inside[1] == inside[0] or inside[1] - inside[0] == outside[1] - outside[0])


def is_address(value: Any) -> bool:
    """Whether it is an IP address, without brackets."""
    try:
        ip_address(str(value))
    except ValueError:
        return False
    return "%" not in str(value)


def is_mount(value: Any) -> bool:
    """Whether it is `TARGET`, `SOURCE:TARGET` or `SOURCE:TARGET:OPTIONS` (a letter and a colon begin a drive)."""
    if not isinstance(value, str):
        return True
    if len(value) <= len("/x"):
        return bool(value)
    parts = _sections(value)
    return all(parts) and len(parts) <= len(("source", "target", "options"))


def is_device(value: Any) -> bool:
    """Whether it is `SOURCE`, `SOURCE:TARGET` or `SOURCE:TARGET:PERMISSIONS`, or the long form."""
    return not isinstance(value, str) or value.count(":") <= len(("target", "permissions"))


def is_host(value: Any) -> bool:
    """Whether it is `NAME=ADDRESS` or `NAME:ADDRESS`."""
    name, equals, _ = str(value).partition("=")
    if not equals:
        name, equals, _ = str(value).partition(":")
    return bool(equals and name) and ":" not in name


def _sections(mount: str) -> list[str]:
    """A short mount at its colons, but for that of a drive."""
    parts = [""]
    for char in mount:
        if char == ":" and not (len(parts[-1]) == 1 and parts[-1].isalpha()):
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _range(text: str) -> tuple[int, int] | None:
    first, dash, last = text.partition("-")
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in ((first, last) if dash else (first,))):
        return None
    low, high = int(first), int(last) if dash else int(first)
    return (low, high) if low <= high <= LAST_PORT else None


def _is_short_address(text: str) -> bool:
    """IPv6 stands in brackets here."""
    if text.startswith("[") and text.endswith("]"):
        return is_address(text[1:-1])
    return ":" not in text and is_address(text)
