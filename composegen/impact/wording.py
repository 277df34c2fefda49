"""What differs, in a few words: `image 0.31.0 -> 0.32.15`, `port 11437`, `+1 server (weight 2)`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from composegen.impact import commands, normal
from composegen.impact.model import ABSENT, HIDDEN, Difference
from composegen.keypath import show

_ARROW = " -> "
_REQUIRED = re.compile(r"\$\{(\w+):?\?[^}]*\}")
"""A variable with what Compose says where it is not set."""


def words(difference: Difference) -> str:  # noqa: C901, PLR0911, PLR0912 - one for each kind of place
    """One difference of a service or file, its path beginning below that."""
    name, before, after = show(difference.path), difference.before, difference.after
    match difference.path:
        case ("image",) if isinstance(before, str) and isinstance(after, str):
            return f"image {_arrow(*_tags(before, after))}"
        case ("ports", int(), "published"):
            return f"port {_arrow(before, after)}"
        case ("ports", int(), "target"):
            return f"port inside {_arrow(before, after)}"
        case ("ports", int(), "host_ip"):
            return f"address {_arrow(before, after)}"
        case ("ports", int()):
            return _one_sided("port", _published(before), _published(after))
        case ("volumes", int()) if sources := _sources(before, after):
            return f"mount {_arrow(*sources)}"
        case ("volumes", int()):
            return _one_sided("mount", _mounted(before), _mounted(after))
        case ("volumes", int(), "source"):
            return f"mount {_arrow(before, after)}"
        case ("volumes", int(), "read_only"):
            return "a mount becomes " + ("read-only" if after is True else "writable")
        case ("deploy", "resources", "reservations", "devices", *_):
            return _one_sided("gpus", _gpus(before), _gpus(after))
        case ("deploy", "resources", "limits", str(resource)):
            return _one_sided(resource, before, after)
        case ("depends_on", *named) if ABSENT in (before, after):
            return _one_sided("depends_on", _names(named, before), _names(named, after))
        case ("networks", _, "aliases") if names := _swapped(before, after):
            return f"alias {_arrow(*names)}"
        case ("labels", "composegen.modelfiles"):
            return "a Modelfile changes"
        case ("labels", "composegen.static"):
            return "Traefik's static file changes"
        case ("labels", "composegen.entrypoint"):
            return _one_sided("entry point", before, after)
        case ("labels", "composegen.resolver"):
            return _one_sided("certificate resolver", before, after)
        case ("environment", str(variable)):
            return _one_sided(variable, before, after)
        case ("command",) if (old := commands.models_of(before)) != (new := commands.models_of(after)):
            return _listed("models", old, new)
        case ("command",) if said := commands.words(before, after):
            return said
    if isinstance(before, list) and isinstance(after, list):
        return _listed(name, before, after)
    return _one_sided(name, before, after)


def follows(difference: Difference, others: Sequence[Difference]) -> bool:
    """Whether a difference of Traefik's port only repeats what that of the published port says."""
    sides = (difference.before, difference.after)
    published = [one for one in others if one.path[:1] == ("ports",) and one.path[-1:] == ("published",)]
    match difference.path:
        case ("ports", int(), "target"):
            return any((str(one.before), str(one.after)) == tuple(map(str, sides)) for one in published)
        case ("labels", "composegen.entrypoint"):
            (name, _, old), (same, _, new) = (str(side).rpartition(":") for side in sides)
            return name == same and any((str(one.before), str(one.after)) == (old, new) for one in published)
        case ("entrypoint",):  # the shell of a script
            return commands.SHELL in sides and any(one.path == ("command",) for one in others)
    return False


def created(service: Mapping[str, Any]) -> str:
    """What stands out of a service that is new."""
    ports = [str(port["published"]) for port in normal.service(service, "").get("ports", ()) if _has_port(port)]
    parts = [f"port {', '.join(ports)}"] if ports else []
    gpus = _gpus(_devices(service))
    parts += [f"gpu {gpus}"] if gpus not in (None, ABSENT) else []
    return ", ".join(parts) or f"image {service.get('image', '')}".rstrip()


def in_words(names: Sequence[str]) -> str:
    """`ollama-1 to 3, ollama-init`: rows of numbers as one; of many, the first two and how many more."""
    rows: list[list[str]] = []
    for name in names:
        if rows and _follows(rows[-1][-1], name):
            rows[-1].append(name)
        else:
            rows.append([name])
    said = [row[0] if len(row) == 1 else f"{row[0]} to {row[-1].rpartition('-')[2]}" for row in rows]
    left = sum(map(len, rows[2:]))
    if left == 1:
        return ", ".join(said)
    return ", ".join(said[:2]) + (f" and {left} more" if left else "")


def _follows(first: str, second: str) -> bool:
    """Whether two names are the same but for a number that is the next one."""
    (name, _, number), (same, _, other) = (one.rpartition("-") for one in (first, second))
    return name == same and number.isdecimal() and other.isdecimal() and int(other) == int(number) + 1


def value(one: object) -> str:
    """A value on one line, cut where it is long."""
    match one:
        case None:
            text = "nothing"
        case bool():
            text = str(one).lower()
        case str():
            text = _REQUIRED.sub(r"${\1}", one) if one.isprintable() and one else repr(one)
        case list():
            text = f"[{', '.join(map(value, one))}]"
        case dict():
            text = "{" + ", ".join(f"{key}: {value(item)}" for key, item in one.items()) + "}"
        case _:
            text = str(getattr(one, "value", one))
    return text if len(text) <= commands.LONGEST else f"{text[: commands.LONGEST - 1]}…"


def _one_sided(name: str, before: object, after: object) -> str:
    """With an arrow, or `+` or `-` where one side has nothing."""
    if before is ABSENT:
        return f"+ {name} {value(after)}"
    if after is ABSENT:
        return f"- {name} {value(before)}"
    return f"{name} {_arrow(before, after)}"


def _arrow(before: object, after: object) -> str:
    if before is HIDDEN and after is HIDDEN:
        return f"changed {value(HIDDEN)}"
    return value(before) + _ARROW + value(after)


def _tags(before: str, after: str) -> tuple[str, str]:
    """The tags of two images, when nothing else differs."""
    old, new = before.rpartition(":"), after.rpartition(":")
    same = bool(old[0]) and old[0] == new[0] and not {"/", "@"} & {*old[2], *new[2]}
    return (old[2], new[2]) if same else (before, after)


def _published(port: Any) -> object:
    if not isinstance(port, Mapping):
        return port
    return f"{port.get('published', '')}:{port.get('target', '')}".strip(":")


def _has_port(port: Any) -> bool:
    return isinstance(port, Mapping) and "published" in port


def _mounted(mount: Any) -> object:
    if not isinstance(mount, Mapping):
        return mount
    access = " (read-only)" if mount.get("read_only") else ""
    return f"{mount.get('source', '')} at {mount.get('target', '')}{access}"


def _sources(before: Any, after: Any) -> tuple[str, ...]:
    """What two mounts bring to the same place, both or neither for reading only; nothing where more differs."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return ()
    if any(before.get(key) != after.get(key) for key in ("target", "read_only")):
        return ()
    kinds = ("volume " if one.get("type") == "volume" else "" for one in (before, after))
    return tuple(f"{kind}{one.get('source', '')}" for kind, one in zip(kinds, (before, after), strict=True))


def _devices(service: Mapping[str, Any]) -> object:
    found: Any = service.get("deploy")
    for key in ("resources", "reservations", "devices"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return ABSENT if found is None else found


def _gpus(devices: Any) -> object:
    """The ids of reserved GPUs, or how many."""
    if isinstance(devices, Mapping):
        return _gpus([devices])
    if isinstance(devices, list) and all(isinstance(one, str) for one in devices):
        return ", ".join(devices)
    if not isinstance(devices, list) or not all(isinstance(one, Mapping) for one in devices):
        return devices
    ids = [str(one) for entry in devices for one in entry.get("device_ids", (entry.get("count", "all"),))]
    return ", ".join(ids)


def _names(named: Sequence[object], side: object) -> object:
    """The services that one waits for."""
    if side is ABSENT:
        return ABSENT
    return ", ".join(map(str, named or (side if isinstance(side, Mapping | list) else (side,))))


def _swapped(before: object, after: object) -> tuple[object, ...]:
    """The one entry that took the place of another one; nothing where more differs."""
    if not isinstance(before, list) or not isinstance(after, list) or not len(before) == len(after) == 1:
        return ()
    return before[0], after[0]


def _listed(name: str, before: Sequence[Any], after: Sequence[Any]) -> str:
    """What a list gained and lost."""
    gone = [f"-{value(one)}" for one in before if one not in after]
    new = [f"+{value(one)}" for one in after if one not in before]
    return f"{name} {' '.join([*gone, *new][:4])}" if gone or new else f"{name} in another order"
