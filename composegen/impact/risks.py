"""Data that a change leaves behind, empties or puts in danger."""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from composegen.findings import Location
from composegen.impact.causes import container, of_name
from composegen.impact.changed import Changed
from composegen.impact.compose import FILE, Stack, changed_definitions, is_run, volumes_of
from composegen.impact.hostfiles import FSTAB, mount_points
from composegen.impact.hosts import is_renamed
from composegen.impact.model import Risk
from composegen.impact.normal import is_nfs, mounts
from composegen.impact.wording import in_words, models_of
from composegen.topology import Service


@dataclass(frozen=True, kw_only=True)
class _Move:
    """What containers of a host mount at one place from somewhere else than before."""

    host: Changed
    source: str
    other: str
    target: str
    names: tuple[str, ...]
    reads: bool
    """Whether none of them writes there."""

    @property
    def folders(self) -> tuple[str, str]:
        """Both places without the server that exports them."""
        return self.source.rpartition(":")[2], self.other.rpartition(":")[2]


def risks(hosts: Iterable[Changed]) -> Iterator[Risk]:
    """What must be said of the data on the hosts. What a writer leaves behind is not said of its readers again."""
    hosts = list(hosts)
    found = [(host, _moves(host) if _stays(host) else ()) for host in hosts if host.before.services]
    written = {move.folders for _, moves in found for move in moves if not move.reads}
    for host, moves in found:
        if is_renamed(host):
            yield from _new_project(host)
        yield from (_moved(move) for move in moves if not move.reads or move.folders not in written)
        if _stays(host):
            yield from _remade(host)
            yield from _orphaned(host, {move.source for move in moves})
        yield from _new_folder(host)
        yield from _unlisted(host)
    for host in hosts:
        yield from _awaited(host)


def _stays(host: Changed) -> bool:
    """Whether its volumes are those of the same project afterwards, or there is nothing afterwards."""
    return not is_renamed(host)


def _new_project(host: Changed) -> Iterator[Risk]:
    before, after = host.before, host.after
    own = [name for name in after.volumes if name in before.volumes and not is_nfs(after.volumes[name])]
    if own := [name for name in own if not _is_state(before, name)]:
        old, new = (_listed(f"{stack.name}_{name}" for name in own) for stack in (before, after))
        yield Risk(
            host=host.name,
            message=f"the project is called {after.name} now, so Compose makes empty volumes {new}; "
            f"the data stays in {old}; migrate-models.sh brings models, with `migrate_from: [{old}]` in the topology",
            cause=Location(path=("name",)) if host.plan else None,
        )


def _moves(host: Changed) -> Sequence[_Move]:
    """What services mount at the same place in the container from somewhere else."""
    found: dict[tuple[str, str, str], list[str]] = {}
    pair = host.files.get(FSTAB)
    mounted = mount_points(pair.before if pair else None), mount_points(pair.after if pair else None)
    for name, service in host.after.services.items():
        old = host.before.services.get(name)
        if old is None or not is_run(service):
            continue
        sources = _sources(host.before, old, mounted[0])
        for target, source in _sources(host.after, service, mounted[1]).items():
            if target in sources and sources[target] != source and not _is_own_file(source):
                found.setdefault((sources[target], source, target), []).append(name)
    return [
        _Move(host=host, source=old, other=new, target=target, names=tuple(names), reads=_reads(host, names, target))
        for (old, new, target), names in found.items()
    ]


def _moved(move: _Move) -> Risk:
    models = move.target == _MODELS
    names = [name for name in move.names if not (models and _ONE_SHOT.fullmatch(name))] or move.names
    what = f"the models of {in_words(names)} stay" if models else f"{move.target} of {in_words(names)} stays"
    message = f"{what} in {move.source}; {move.other} is used instead, whatever it holds{_brought(move)}"
    return Risk(host=move.host.name, message=message, cause=_store(move.host, move.names, move.target))


_MODELS = "/models"
_ONE_SHOT = re.compile(r".*-(init|wait)")


def _brought(move: _Move) -> str:
    """What brings the models along, where anything does."""
    old = move.source.removeprefix("volume ")
    if move.target != _MODELS or move.reads or (old == move.source and not old.startswith("/")):
        return ""
    planned = container(move.host, move.names[0])
    spec = planned.spec if planned else None
    if isinstance(spec, Service) and {old, old.partition("_")[2]} & {*spec.migrate_from}:
        return "; bring them with migrate-models.sh"
    return f"; migrate-models.sh brings them, with `migrate_from: [{old}]` in the topology"


def _reads(host: Changed, names: Sequence[str], target: str) -> bool:
    found = [one for name in names for one in mounts(host.after.services[name].get("volumes"))]
    return all(one.get("read_only") for one in found if one.get("target") == target)


def _sources(stack: Stack, service: Mapping[str, Any], fstab: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Where what a service mounts really is, in words, by the place in the container."""
    found = {}
    for mount in mounts(service.get("volumes")):
        source = str(mount.get("source", ""))
        if mount.get("type") == "volume" and source:
            source = _export(stack.volumes.get(source)) or f"volume {stack.name}_{source}"
        elif source in fstab:
            source = fstab[source][0]
        found[str(mount.get("target", ""))] = source
    return found


def _export(volume: Any) -> str:
    """What a volume mounts over NFS, as fstab writes it; "" when it is a plain one."""
    if not is_nfs(volume):
        return ""
    options = volume["driver_opts"]
    address = next((one for one in str(options.get("o", "")).split(",") if one.startswith("addr=")), "")
    server = address.removeprefix("addr=")
    return f"{f'[{server}]' if ':' in server else server}{options.get('device', '')}"


def _is_own_file(source: str) -> bool:
    return source.startswith("./")


def _store(host: Changed, names: Sequence[str], target: str) -> Location | None:
    planned = container(host, names[0])
    if planned is None:
        return None
    mounted = next((mount.origin for mount in planned.mounts if mount.target == target), ())
    return Location(path=mounted or planned.origin, part="key")


def _remade(host: Changed) -> Iterator[Risk]:
    """Volumes whose options change: Compose offers to make them anew, which loses what is in them."""
    before, after = host.before, host.after
    for name in changed_definitions(before.volumes, after.volumes):
        if is_nfs(before.volumes[name]) and is_nfs(after.volumes[name]):
            continue
        origin = next((one.origin for one in host.plan.volumes if one.name == name), ()) if host.plan else ()
        yield Risk(
            host=host.name,
            message=f"volume {after.name}_{name} gets other options: `docker compose up` asks whether to make it anew, "
            "and with yes everything in it is lost; with no, or without a terminal, it stays as it is",
            cause=Location(path=origin) if origin else None,
        )


def _orphaned(host: Changed, told: Container[str]) -> Iterator[Risk]:
    """Volumes that nothing mounts any more, but for those of which that is `told`. Compose never removes one."""
    before = host.before
    used, was_used = _used(host.after), _used(before)
    left = [name for name in before.volumes if name in was_used - used and not is_nfs(before.volumes[name])]
    left = [name for name in left if f"volume {before.name}_{name}" not in told]
    for grave in (True, False):
        names = [f"{before.name}_{name}" for name in left if _is_state(before, name) is not grave]
        if names:
            what = "volumes that nothing uses any more" if grave else "unused volumes without models"
            command = f"docker volume rm {' '.join(map(shlex.quote, names))}"
            message = f"{what} stay until somebody runs: {command}"
            yield Risk(host=host.name, message=message, command=command, grave=grave)


def _unlisted(host: Changed) -> Iterator[Risk]:
    """Models that are no longer listed: nothing removes them."""
    before, after = host.before.services, host.after.services
    listed = {name for one in after.values() for name in models_of(one.get("command"))}
    for init in host.plan.inits if host.plan else ():
        name, folder = init.instance.name, shlex.quote(host.directory)
        if left := [one for one in models_of(before.get(init.container.name, {}).get("command")) if one not in listed]:
            command = f"cd {folder} && docker compose exec {name} ollama rm {shlex.join(left)}"
            message = f"{_listed(left)} stay{'s' * (len(left) == 1)} in the store until somebody runs: {command}"
            yield Risk(host=host.name, message=message, command=command, grave=False)


def _awaited(host: Changed) -> Iterator[Risk]:
    """Variables and files of the user's that are needed from now on: without them nothing starts, or not as meant."""
    left = _variables(host, after=True) - _variables(host, after=False)
    if left and host.directory == host.old_directory:
        message = f"{_listed(sorted(left))} must be set in {host.directory}/.env before `docker compose up`"
        yield Risk(host=host.name, message=message, grave=False)
    found: dict[str, dict[str, str]] = {}
    for name, service in host.after.services.items() if host.directory == host.old_directory else ():
        old = host.before.services.get(name, {}).get("volumes")
        if old == service.get("volumes"):
            continue
        known = {str(one.get("source")) for one in mounts(old)}
        for mount in mounts(service.get("volumes")) if is_run(service) else ():
            source = str(mount.get("source", ""))
            if _is_own_file(source) and source not in known and not _is_written(host, source.removeprefix("./")):
                found.setdefault(name, {})[source.removeprefix("./")] = str(mount.get("target"))
    for name, files in found.items():
        message = f"{_listed(files)} must be in {host.directory} before {name} starts: composegen writes no such file"
        yield Risk(host=host.name, message=message, cause=_store(host, [name], next(iter(files.values()))), grave=False)


def _variables(host: Changed, *, after: bool) -> frozenset[str]:
    """The variables without which Compose refuses its file."""
    pair = host.files.get(FILE)
    entry = None if pair is None else pair.after if after else pair.before
    return frozenset(name.decode() for name in _REQUIRED.findall(entry.data)) if entry else frozenset()


_REQUIRED = re.compile(rb"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*):?\?")


def _is_written(host: Changed, path: str) -> bool:
    folder = f"{path.rstrip('/')}/"
    return any(
        pair.after is not None and (file == path or file.startswith(folder) or path in ("", "."))
        for file, pair in host.files.items()
    )


def _used(stack: Stack) -> frozenset[str]:
    return frozenset(volume for service in stack.services.values() for volume in volumes_of(service))


def _is_state(stack: Stack, volume: str) -> bool:
    """Whether it is the home of an instance, in which there is nothing but its key."""
    return volume.endswith("-state") and volume.removesuffix("-state") in stack.services


def _new_folder(host: Changed) -> Iterator[Risk]:
    old, new, named = host.old_directory, host.directory, of_name(host)
    if host.after.services and old != new and host.before.services:
        yield Risk(
            host=host.name,
            message=f"the folder is {new} now: bring `.env`, secrets and a compose.override.yaml there from {old}",
            grave=False,
            cause=named.at if named else Location(path=host.plan.spec.at("directory")) if host.plan else None,
        )


def _listed(names: Any) -> str:
    return ", ".join(names)
