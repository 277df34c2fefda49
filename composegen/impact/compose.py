"""What `docker compose up -d --remove-orphans` does to the services of one host, by the Compose file before and after.

The rules are those of docker/compose: a container is made anew when the hash of its service changes
(`pkg/compose/hash.go`), when a volume or network that it uses is made anew, or when it shares a namespace or volumes
with a container that is made anew (`pkg/compose/reconcile.go`, before 5.2 `convergence.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from composegen.impact import normal
from composegen.impact.differences import differences
from composegen.impact.model import Difference, Effect
from composegen.impact.stack import Stack, changed_definitions, containers, is_run, volumes_of
from composegen.versions import at_least

UNSEEN = "Compose does not see"
"""How the reason begins for what takes effect only when somebody makes the container anew."""

LOST = "loses the network of"
"""How the reason begins for what must be started again by hand."""

TAKEN_DOWN = "everything on the host is taken down first"

_ASKED = ", if Compose is told yes"
"""What is in a volume is lost with it, so Compose asks, and does nothing where nobody answers."""

_KEEPS_CONTAINERS = "5.2"
"""The first Compose that makes a network anew without making its containers anew: it stops and starts them."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What happens to one service, why in words ("" where the differences say it), and where its definition differs."""

    effect: Effect
    why: str = ""
    volume: str = ""
    """The volume that is defined otherwise, where that is why."""
    differences: tuple[Difference, ...] = ()


def verdicts(before: Stack, after: Stack, version: str) -> Mapping[str, Verdict]:
    """What happens to each service that is touched; `version` is that of Compose on the host.

    Services that never run (of scale 0) are only spoken of where nothing else is.
    """
    moved = bool(before.services) and before.name != after.name
    found: dict[str, Verdict] = {}
    for name in dict.fromkeys((*after.services, *before.services)):
        verdict = _verdict(before.services.get(name), after.services.get(name), before, after, moved=moved)
        if verdict is not None:
            found[name] = verdict
    if not moved:
        _by_definitions(before, after, version, found)
    _by_sharing(before, after, found)
    if not moved:
        _by_content(before, after, found)
        _by_lost_networks(before, after, found)
    idle = {name for name in found if not is_run(before.services.get(name)) and not is_run(after.services.get(name))}
    return found if len(idle) == len(found) else {name: one for name, one in found.items() if name not in idle}


def taken_down(before: Stack, after: Stack, found: Mapping[str, Verdict]) -> Mapping[str, Verdict]:
    """The same where everything on the host must be taken down before: whatever comes back is new."""
    verdicts = dict(found)
    for name in _surviving(before, after):
        _touch(verdicts, name, Effect.RECREATE, TAKEN_DOWN)
    return verdicts


def _verdict(
    old: dict[str, Any] | None, new: dict[str, Any] | None, before: Stack, after: Stack, *, moved: bool
) -> Verdict | None:
    """What follows from the definition of the service itself; None where nothing of it differs."""
    match is_run(old), is_run(new):
        case False, False:
            return Verdict(effect=Effect.NONE, why="it does not run") if old != new else None
        case False, True:
            return Verdict(effect=Effect.CREATE)
        case True, False:
            kept = new is not None and new.get("profiles")
            return Verdict(effect=Effect.NONE, why="its profile keeps `up` away") if kept else _GONE
    return _of_both(old or {}, new or {}, before, after, moved=moved)


_GONE = Verdict(effect=Effect.REMOVE)


def _of_both(old: dict[str, Any], new: dict[str, Any], before: Stack, after: Stack, *, moved: bool) -> Verdict | None:
    """The same, for one that runs before and after."""
    found = differences(old, new)
    if moved:
        return Verdict(effect=Effect.RECREATE, why=f"project {before.name} -> {after.name}", differences=found)
    if normal.service(old, _directory(before, after)) != normal.service(new, _directory(after, before)):
        return Verdict(effect=Effect.RECREATE, why="" if found else _elsewhere(before, after), differences=found)
    if (more := containers(new) - containers(old)) != 0:
        return Verdict(effect=Effect.CREATE if more > 0 else Effect.REMOVE, differences=found)
    return Verdict(effect=Effect.NONE, differences=found) if found else None


def _directory(own: Stack, other: Stack) -> str:
    """Where a file is; where it does not say, it has not moved."""
    return own.directory or other.directory


def _elsewhere(before: Stack, after: Stack) -> str:
    return f"folder {before.directory} -> {after.directory}"


def _by_definitions(before: Stack, after: Stack, version: str, found: dict[str, Verdict]) -> None:
    """Who uses a volume or network that is made anew."""
    for volume in changed_definitions(before.volumes, after.volumes):
        told = normal.is_nfs(before.volumes[volume]) and normal.is_nfs(after.volumes[volume])
        asked = "" if told else _ASKED
        for name in _surviving(before, after):
            if volume in volumes_of(after.services[name]):
                _touch(found, name, Effect.RECREATE, f"volume {volume} is made anew{asked}", volume)
    effect = Effect.RESTART if at_least(version, _KEEPS_CONTAINERS) else Effect.RECREATE
    for network in changed_definitions(before.networks, after.networks):
        for name in _surviving(before, after):
            if network in normal.networks(after.services[name]):
                _touch(found, name, effect, f"network {network} is made anew")


def _by_content(before: Stack, after: Stack, found: dict[str, Verdict]) -> None:
    """Who uses a secret or config that is defined otherwise: no hash holds that, so `up` leaves the container alone."""
    for kind, old, new in (("secret", before.secrets, after.secrets), ("config", before.configs, after.configs)):
        for one in (name for name in old if name in new and old[name] != new[name]):
            for name in _surviving(before, after):
                if one in normal.sources(after.services[name].get(f"{kind}s")):
                    _touch(found, name, Effect.RECREATE, f"{UNSEEN} that {kind} {one} is another one")


def _by_sharing(before: Stack, after: Stack, found: dict[str, Verdict]) -> None:
    """Who shares something with a container that is made anew, until nobody comes on top; who wants to be restarted."""
    while True:
        anew = {name for name, verdict in found.items() if verdict.effect is Effect.RECREATE}
        followers = [
            (name, min(shared))
            for name in _surviving(before, after)
            if name not in anew and (shared := _shares(after.services[name]) & anew)
        ]
        if not followers:
            break
        for name, other in followers:
            _touch(found, name, Effect.RECREATE, f"shares with {other}")
    for name in _surviving(before, after):
        if waiting := sorted(_restarts_with(after.services[name]) & anew):
            _touch(found, name, Effect.RESTART, f"restarts with {waiting[0]}")


def _by_lost_networks(before: Stack, after: Stack, found: dict[str, Verdict]) -> None:
    """Who shares the network of a container that only starts again: that gets another one, and nobody is told."""
    again = {name for name, verdict in found.items() if verdict.effect is Effect.RESTART}
    for name in _surviving(before, after):
        kind, _, other = str(after.services[name].get("network_mode", "")).partition(":")
        if kind == "service" and other in again:
            _touch(found, name, Effect.RESTART, f"{LOST} {other}, which starts again")


def _surviving(before: Stack, after: Stack) -> Iterator[str]:
    return (name for name, one in after.services.items() if is_run(one) and is_run(before.services.get(name)))


def _touch(found: dict[str, Verdict], name: str, effect: Effect, why: str, volume: str = "") -> None:
    """Say so, unless something as grave is said already."""
    known = found.get(name)
    graver = known is not None and known.effect is not Effect.RECREATE and effect is Effect.RECREATE
    if known is None or known.effect is Effect.NONE or graver:
        told = known.differences if known else ()
        found[name] = Verdict(effect=effect, why=why, volume=volume, differences=told)


def _shares(service: Mapping[str, Any]) -> set[str]:
    """The services whose namespaces or volumes it uses."""
    modes = (str(service.get(key, "")) for key in ("network_mode", "ipc", "pid"))
    namespaces = {mode.removeprefix("service:") for mode in modes if mode.startswith("service:")}
    sources = (str(entry) for entry in service.get("volumes_from") or ())
    return namespaces | {source.partition(":")[0] for source in sources if not source.startswith("container:")}


def _restarts_with(service: Mapping[str, Any]) -> set[str]:
    """The services at whose replacement it asks to be restarted."""
    needed = service.get("depends_on")
    if not isinstance(needed, Mapping):
        return set()
    return {name for name, how in needed.items() if isinstance(how, Mapping) and how.get("restart") is True}
