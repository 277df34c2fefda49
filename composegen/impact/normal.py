"""A service of a Compose file in the one form that Compose compares: what is written in two ways means one thing.

Here is what `ServiceHash` (docker/compose `pkg/compose/hash.go`) takes into account, and no more: `build`,
`pull_policy`, `scale`, `deploy.replicas`, `depends_on`, `profiles` and keys that begin with `x-` are left out.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

IGNORED = frozenset({"build", "pull_policy", "scale", "depends_on", "profiles"})
"""Keys of a service that are not part of its hash."""

_LISTED_MAPPINGS = {
    "environment": "=",
    "labels": "=",
    "annotations": "=",
    "sysctls": "=",
    "extra_hosts": "",
}
"""Mappings that may be written as lists, and what parts name and value there ("": `=`, else `:`)."""

_DURATIONS = frozenset({"interval", "timeout", "start_period", "start_interval", "stop_grace_period"})
_SIZES = frozenset({"memory", "mem_limit", "mem_reservation", "memswap_limit", "shm_size"})
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}


def service(stated: Mapping[str, Any], directory: str) -> dict[str, Any]:
    """The service as Compose compares it; `directory` is that of the Compose file."""
    found = {key: _VALUES.get(key, _plain)(value) for key, value in stated.items() if _counts(key)}
    found = {key: _measured(key, value) for key, value in found.items() if value is not None}
    if "volumes" in found:
        found["volumes"] = [_at(mount, directory) for mount in found["volumes"]]
    if "network_mode" not in found:
        found.setdefault("networks", {"default": None})
    return found


def definition(stated: Any) -> dict[str, Any]:
    """A volume or network as Compose compares it."""
    found = {key: value for key, value in (stated or {}).items() if _counts(key) and value not in (None, {}, [])}
    if "labels" in found:
        found["labels"] = mapping(found["labels"], "=")
    if found.get("driver") in ("local", "bridge"):
        del found["driver"]
    return found


def is_nfs(volume: object) -> bool:
    """Whether a volume is an export that Docker mounts."""
    match volume:
        case {"driver_opts": {"type": "nfs" | "nfs4"}}:
            return True
    return False


def mapping(value: Any, sign: str = "=") -> dict[str, str | None]:
    """A mapping that may be written as a list of `name=value`; values are text, as they are for Compose."""
    if isinstance(value, Mapping):
        return {str(key): _text(one) for key, one in value.items()}
    return dict(_named(str(entry), sign) for entry in value or ())


def mounts(value: Any) -> list[dict[str, Any]]:
    """The mounts of a service in the long form."""
    return [_mount(entry) for entry in value or ()]


def is_own_file(source: str) -> bool:
    """Whether the source of a mount is in the folder of the Compose file."""
    return source.startswith("./")


def networks(stated: Mapping[str, Any]) -> frozenset[str]:
    """The networks that a service is on, by their names in the file."""
    if "network_mode" in stated:
        return frozenset()
    return frozenset(map(str, stated.get("networks") or ("default",)))


def sources(value: Any) -> frozenset[str]:
    """The names of the secrets or configs that a service uses."""
    entries = value if isinstance(value, list) else ()
    return frozenset(str(entry.get("source")) if isinstance(entry, Mapping) else str(entry) for entry in entries)


def _counts(key: str) -> bool:
    return key not in IGNORED and not key.startswith("x-")


def _plain(value: Any) -> Any:
    return value


def _deploy(value: Any) -> Any:
    return {key: one for key, one in value.items() if key != "replicas"} if isinstance(value, Mapping) else value


def _words(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError:
        return value


def _health(value: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get("test"), str):
        return {**value, "test": ["CMD-SHELL", value["test"]]}
    return value


def _networks(value: Any) -> Any:
    return dict.fromkeys(value) if isinstance(value, list) else value


def _ports(value: Any) -> Any:
    return [_port(entry) for entry in value or ()]


_PORT = re.compile(
    r"(?:(?:\[(?P<six>[^]]*)\]|(?P<ip>[^:]*)):)??"
    r"(?:(?P<published>[\d-]*):)?(?P<target>\d+)(?:/(?P<kind>\w+))?"
)


def _port(entry: Any) -> Any:
    """A port in the long form, where that is one port."""
    if isinstance(entry, Mapping):
        long = {"mode": "ingress", "protocol": "tcp"} | dict(entry)
        return long | ({"published": str(long["published"])} if "published" in long else {})
    match = _PORT.fullmatch(str(entry))
    if match is None:
        return entry
    found: dict[str, Any] = {"mode": "ingress", "protocol": match["kind"] or "tcp", "target": int(match["target"])}
    if match["published"]:
        found["published"] = match["published"]
    address = match["six"] or match["ip"]
    return found | ({"host_ip": address} if address else {})


def _mount(entry: Any) -> dict[str, Any]:
    if isinstance(entry, Mapping):
        return dict(entry)
    source, colon, rest = str(entry).partition(":")
    if not colon:
        return {"type": "volume", "target": source}
    target, _, options = rest.partition(":")
    chosen = options.split(",") if options else []
    bind = source.startswith(("/", ".", "~"))
    found: dict[str, Any] = {"type": "bind" if bind else "volume", "source": source, "target": target}
    if "ro" in chosen:
        found["read_only"] = True
    further = sorted({*chosen} - {"ro", "rw"})
    return found | ({"options": further} if further else {})


def _at(mount: dict[str, Any], directory: str) -> dict[str, Any]:
    source = mount.get("source")
    if mount.get("type") == "bind" and isinstance(source, str) and source.startswith("."):
        return mount | {"source": posixpath.normpath(posixpath.join(directory or "/", source))}
    return mount


def _named(entry: str, sign: str) -> tuple[str, str | None]:
    if not sign:
        sign = "=" if "=" in entry else ":"
    name, found, value = entry.partition(sign)
    return name, value if found else None


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _measured(key: str, value: Any) -> Any:
    """Durations in seconds and sizes in bytes, wherever they stand."""
    if isinstance(value, Mapping) and key not in _LISTED_MAPPINGS:
        return {name: _measured(str(name), one) for name, one in value.items()}
    if key in _DURATIONS and isinstance(value, str):
        return _seconds(value)
    if key == "cpus":
        return _number(value)
    if key in _SIZES:
        return _bytes(str(value))
    return value


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _seconds(text: str) -> Any:
    parts = re.findall(r"([\d.]+)(us|ms|s|m|h|d)", text)
    whole = "".join(number + unit for number, unit in parts) == text
    return round(sum(float(number) * _SECONDS[unit] for number, unit in parts), 6) if parts and whole else text


def _bytes(text: str) -> Any:
    match = re.fullmatch(r"([\d.]+) *([kmgtp]?)i?b?", text.strip().lower())
    return float(match[1]) * _UNITS[match[2]] if match else text


_VALUES: Mapping[str, Callable[[Any], Any]] = {
    **{name: partial(mapping, sign=sign) for name, sign in _LISTED_MAPPINGS.items()},
    "command": _words,
    "entrypoint": _words,
    "deploy": _deploy,
    "healthcheck": _health,
    "networks": _networks,
    "ports": _ports,
    "volumes": mounts,
}
"""How each key whose value may be written in several ways is brought into one."""
