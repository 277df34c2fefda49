"""What containers mount at the same place from somewhere else than before: the data stays where it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from composegen.findings import Location
from composegen.impact.causes import container, of_mount
from composegen.impact.changed import Changed
from composegen.impact.hostfiles import FSTAB, mount_points
from composegen.impact.model import Risk
from composegen.impact.moves import addresses_before, of_services
from composegen.impact.normal import is_nfs, is_own_file, mounts
from composegen.impact.stack import Stack, is_run
from composegen.impact.wording import in_words
from composegen.plan import STORE
from composegen.topology import App, Service

_ONE_SHOT = re.compile(r".*-(init|wait)")


class Move(Struct, frozen=True, kw_only=True):
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


def machines(hosts: Iterable[Changed]) -> Mapping[str, str]:
    """The address of each host now by what it was before; those that are known."""
    known = ((addresses_before(host), host.plan.spec.address) for host in hosts if host.plan is not None)
    return {old: new for before, new in known for old in before}


def moves(host: Changed, machines: Mapping[str, str]) -> Sequence[Move]:
    """What services mount at the same place in the container from somewhere else than the same place of a machine."""
    found: dict[tuple[str, str, str], list[str]] = {}
    pair = host.files.get(FSTAB)
    mounted = mount_points(pair.before if pair else None), mount_points(pair.after if pair else None)
    called = {one.after: one.before for one in of_services(host)}
    for name, service in host.after.services.items():
        old = host.before.services.get(called.get(name, name))
        if old is None or not is_run(service):
            continue
        sources = _sources(host.before, old, mounted[0])
        for target, source in _sources(host.after, service, mounted[1]).items():
            if name in called and source == f"volume {host.after.volume(f'{name}-state')}":
                continue  # there is nothing but a key in it
            if target in sources and _now(sources[target], machines) != source and not is_own_file(source):
                found.setdefault((sources[target], source, target), []).append(name)
    return [
        Move(host=host, source=old, other=new, target=target, names=tuple(names), reads=_reads(host, names, target))
        for (old, new, target), names in found.items()
    ]


def risk(move: Move) -> Risk:
    """What is to be said of it, with what brings the data along, where anything does."""
    models = move.target == STORE
    names = [name for name in move.names if not (models and _ONE_SHOT.fullmatch(name))] or move.names
    what = f"the models of {in_words(names)} stay" if models else f"{move.target} of {in_words(names)} stays"
    message = f"{what} in {move.source}; {move.other} is used instead, whatever it holds{_brought(move)}"
    return Risk(host=move.host.name, message=message, cause=of_mount(move.host, move.names[0], move.target))


def carried(hosts: Sequence[Changed]) -> Iterator[tuple[str, str, Risk]]:
    """Apps that run on another host now: which host keeps what they wrote, where, and what is to be said of it."""
    gone = {name: one for one in hosts for name in one.before.services if name not in one.after.services}
    for new in hosts if gone else ():
        for name in (name for name in new.after.services if name in gone and name not in new.before.services):
            planned, old = container(new, name), gone[name]
            if planned is None or not isinstance(planned.spec, App):
                continue
            left, there = _written(old.before, name), _written(new.after, name)
            for target in (target for target in left if target in there):
                message = (
                    f"what {name} has in {target} stays on {old.name}, in {left[target]}; on {new.name} it begins with "
                    f"what {there[target]} holds there"
                )
                risk = Risk(host=new.name, message=message, cause=Location(path=planned.spec.at("host")))
                yield old.name, left[target], risk


def _written(stack: Stack, name: str) -> dict[str, str]:
    """Where a service writes on its own machine, by the place in the container."""
    service = stack.services[name]
    read = {one.get("target") for one in mounts(service.get("volumes")) if one.get("read_only")}
    found = _sources(stack, service, {}).items()
    return {target: source for target, source in found if target not in read and _is_local(source)}


def _is_local(source: str) -> bool:
    """Whether it is a volume or a folder of the machine, none that comes with the files or over the network."""
    return source.startswith(("volume ", "/")) and not source.endswith(".sock")


def _brought(move: Move) -> str:
    """What brings the models along, where anything does."""
    old = move.source.removeprefix("volume ")
    if move.target != STORE or move.reads or (old == move.source and not old.startswith("/")):
        return ""
    planned = container(move.host, move.names[0])
    spec = planned.spec if planned else None
    if isinstance(spec, Service) and {old, old.partition("_")[2]} & {*spec.migrate_from}:
        return "; bring them with migrate-models.sh"
    return f"; migrate-models.sh brings them, with `migrate_from: [{old}]` in the topology"


def _now(source: str, machines: Mapping[str, str]) -> str:
    """What a source is called now, where its server has another address."""
    server, colon, folder = source.partition(":/")
    plain = server.strip("[]")
    return f"{_server(machines[plain])}{colon}{folder}" if plain in machines else source


def _reads(host: Changed, names: Sequence[str], target: str) -> bool:
    found = [one for name in names for one in mounts(host.after.services[name].get("volumes"))]
    return all(one.get("read_only") for one in found if one.get("target") == target)


def _sources(stack: Stack, service: Mapping[str, Any], fstab: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Where what a service mounts really is, in words, by the place in the container."""
    found = {}
    for mount in mounts(service.get("volumes")):
        source = str(mount.get("source", ""))
        if mount.get("type") == "volume" and source:
            source = _export(stack.volumes.get(source)) or f"volume {stack.volume(source)}"
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
    return f"{_server(address.removeprefix('addr='))}{options.get('device', '')}"


def _server(address: str) -> str:
    return f"[{address}]" if ":" in address else address
