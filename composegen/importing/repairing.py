"""A drafted topology is compiled as any other; what has errors is taken out again and told, until none is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from composegen import pipeline
from composegen.findings import Finding, Findings, Severity
from composegen.keypath import show
from composegen.pipeline import Compiled, Source, World

if TYPE_CHECKING:
    from composegen.importing.draft import Draft
    from composegen.importing.notes import Account
    from composegen.keypath import KeyPath

FILE = "topology.yaml"
_ROUNDS = 100
_SECTION = 3
"""How deep the keys of `compose:` of a service are."""


class Repaired(Struct, frozen=True, kw_only=True):
    """The text that compiles; where nothing could be done, the findings that stand in the way."""

    text: str
    compiled: Compiled
    obstacles: Findings = ()


def repaired(draft: Draft, head: str, world: World, account: Account) -> Repaired:
    """The text of a draft without what would be an error."""
    for _ in range(_ROUNDS):
        result = _compiled(draft, head, world)
        if not result.obstacles or not _taken_out(draft, result.obstacles, account):
            return result
    return _compiled(draft, head, world)


def _compiled(draft: Draft, head: str, world: World) -> Repaired:
    text = draft.text(head)
    compiled = pipeline.compile(Source(name=FILE, data=text.encode()), world)
    errors = tuple(finding for finding in compiled.findings if finding.severity is Severity.ERROR)
    return Repaired(text=text, compiled=compiled, obstacles=errors)


def _taken_out(draft: Draft, errors: Findings, account: Account) -> bool:
    """Take out what the errors are about; whether anything was."""
    removed: set[KeyPath] = set()
    for finding in errors:
        path = _removable(draft.data, finding.where.path)
        if path is None or any(path[: len(other)] == other or other[: len(path)] == path for other in removed):
            continue
        _tell(draft, path, finding, account)
        removed.add(path)
    for path in sorted(removed, key=lambda path: [str(part).zfill(6) for part in path], reverse=True):
        draft.remove(path)
    return bool(removed)


def _tell(draft: Draft, path: KeyPath, finding: Finding, account: Account) -> None:
    place = draft.place(path)
    if place is not None and path[:1] == ("services",) and path[2:3] == ("compose",) and len(path) == _SECTION + 1:
        place = account.retracted(place, str(path[_SECTION])) or place
    account.left(place, f"`{show(path)}`", f"{finding.message}" + (f"; {finding.hint}" if finding.hint else ""))


def _removable(data: Any, path: KeyPath) -> KeyPath | None:
    """The smallest part around a path without which the rest still makes sense; None where there is none."""
    for length in range(len(path), 1, -1):
        part = path[:length]
        if _exists(data, part) and _is_optional(part):
            return part
    if path[:1] == ("gateway",) and "gateway" in data:
        return ("gateway",)
    match path:
        case ("services", _, "hosts", host, *_) if _exists(data, ("hosts", host, "gpus")):
            # Who gets which GPU cannot be told: that none is promised is what can be said without an error.
            return ("hosts", host, "gpus")
    return None


def _exists(data: Any, path: KeyPath) -> bool:
    for key in path:
        inside = isinstance(data, list) and isinstance(key, int) and 0 <= key < len(data)
        if not inside and not (isinstance(data, dict) and key in data):
            return False
        data = data[key]
    return True


_LISTS = frozenset(
    {"ports", "volumes", "networks", "environment", "labels", "links", "devices", "extra_hosts", "env_file"}
)
_OPTIONAL = (
    ("apps", "*"),
    ("apps", "*", "needs", "*"),
    ("apps", "*", "volumes", "*"),
    ("apps", "*", "networks", "*"),
    ("apps", "*", "compose", "*"),
    ("services", "*", "image"),
    ("services", "*", "memory"),
    ("services", "*", "environment", "*"),
    ("services", "*", "models", "*"),
    ("services", "*", "migrate_from", "*"),
    ("services", "*", "compose", "*"),
    ("services", "*", "hosts", "*", "port"),
    ("services", "*", "hosts", "*", "gpus"),
    ("services", "*", "hosts", "*", "weight"),
    ("services", "*", "hosts", "*", "shared"),
    ("gateway", "tls"),
    ("gateway", "hostname"),
    ("gateway", "entrypoint"),
    ("gateway", "routes"),
    ("hosts", "*", "bind"),
    ("hosts", "*", "gpus"),
)
"""Parts without which the rest still makes sense; `*` is any name or index."""
_NEEDED = frozenset({"image", "build"})
"""Without these an app makes no sense."""


def _is_optional(path: KeyPath) -> bool:
    """Whether this part can be left out."""
    match path:
        case ("apps", _, "compose", key) if key in _NEEDED:
            return False
        case ("apps" | "services", _, "compose", key, _) if key in _LISTS:
            return True
    return any(len(path) == len(form) and all(map(_fits, path, form)) for form in _OPTIONAL)


def _fits(part: str | int, form: str) -> bool:
    return form in ("*", part)
