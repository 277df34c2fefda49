"""Data that a change leaves behind, empties or puts in danger, and what it needs of the user's to be there."""

from __future__ import annotations

import shlex
from collections.abc import Container, Iterable, Iterator

from composegen.findings import Location
from composegen.impact import awaited, relocation
from composegen.impact.changed import Changed
from composegen.impact.commands import models_of
from composegen.impact.hosts import is_renamed
from composegen.impact.model import Risk
from composegen.impact.normal import is_nfs
from composegen.impact.stack import Stack, changed_definitions, volumes_of


def risks(hosts: Iterable[Changed]) -> Iterator[Risk]:
    """What must be said of the data on the hosts. What a writer leaves behind is not said of its readers again."""
    hosts = list(hosts)
    machines, ran = relocation.machines(hosts), [host for host in hosts if host.before.services]
    # The volumes of a project that is called otherwise are other ones, whatever they are mounted from.
    found = [(host, () if is_renamed(host) else relocation.moves(host, machines)) for host in ran]
    carried = tuple(relocation.carried(hosts))
    yield from (risk for _, _, risk in carried)
    written = {move.folders for _, moves in found for move in moves if not move.reads}
    for host, moves in found:
        yield from (relocation.risk(move) for move in moves if not move.reads or move.folders not in written)
        if is_renamed(host):
            yield from _new_project(host)
        else:
            yield from _remade(host)
            taken = {source for name, source, _ in carried if name == host.name}
            yield from _orphaned(host, taken | {move.source for move in moves})
        yield from _unlisted(host)
    for host in hosts:
        yield from awaited.risks(host)


def _new_project(host: Changed) -> Iterator[Risk]:
    before, after = host.before, host.after
    own = [name for name in after.volumes if name in before.volumes and not is_nfs(after.volumes[name])]
    own = [name for name in own if before.volume(name) != after.volume(name) and not after.is_external(name)]
    if own := [name for name in own if not _is_state(before, name)]:
        old, new = (", ".join(map(stack.volume, own)) for stack in (before, after))
        yield Risk(
            host=host.name,
            message=f"the project is called {after.name} now, so Compose makes empty volumes {new}; "
            f"the data stays in {old}; migrate-models.sh brings models, with `migrate_from: [{old}]` in the topology",
            cause=Location(path=("name",)) if host.plan else None,
        )


def _remade(host: Changed) -> Iterator[Risk]:
    """Volumes whose options change: Compose offers to make them anew, which loses what is in them."""
    before, after = host.before, host.after
    for name in changed_definitions(before.volumes, after.volumes):
        if is_nfs(before.volumes[name]) and is_nfs(after.volumes[name]):
            continue
        if before.volume(name) != after.volume(name) or after.is_external(name):
            continue
        origin = next((one.origin for one in host.plan.volumes if one.name == name), ()) if host.plan else ()
        yield Risk(
            host=host.name,
            message=f"volume {after.volume(name)} gets other options: `docker compose up` asks whether to make it "
            "anew, and with yes everything in it is lost; with no, or without a terminal, it stays as it is",
            cause=Location(path=origin) if origin else None,
        )


def _orphaned(host: Changed, told: Container[str]) -> Iterator[Risk]:
    """Volumes that nothing mounts any more, but for those of which that is `told`. Compose never removes one."""
    before = host.before
    used, was_used = _used(host.after), _used(before)
    left = [name for name in before.volumes if name in was_used - used and not is_nfs(before.volumes[name])]
    left = [name for name in left if not before.is_external(name) and f"volume {before.volume(name)}" not in told]
    for grave in (True, False):
        names = [before.volume(name) for name in left if _is_state(before, name) is not grave]
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
            message = f"{', '.join(left)} stay{'s' * (len(left) == 1)} in the store until somebody runs: {command}"
            yield Risk(host=host.name, message=message, command=command, grave=False)


def _used(stack: Stack) -> frozenset[str]:
    return frozenset(volume for service in stack.services.values() for volume in volumes_of(service))


def _is_state(stack: Stack, volume: str) -> bool:
    """Whether it is the home of an instance, in which there is nothing but its key."""
    return volume.endswith("-state") and volume.removesuffix("-state") in stack.services
