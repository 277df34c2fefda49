"""Models shall move out of a store that this set-up itself uses.

## What happens

`migrate-models.sh` copies the models of old volumes and folders into the store, and says at the end how to remove the
old ones. What is listed here is no old one: the folder or the volume is a store of this very set-up, or holds the state
of one of its instances. There is nothing to move, and removing it afterwards would take the models away.

The name of a volume stands for it with and without the name of the Compose project: `models` and `demo_models` are one
volume for the project `demo`, because Compose looks for its own volume first.

## What to do

Take it out of `migrate_from`. Where an old volume by chance has the name of a new one, name its folder instead
(`docker volume inspect --format '{{.Mountpoint}}' NAME`), or give the store another name.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.keypath import KeyPath
from composegen.plan import HostPlan, Plan
from composegen.rules import Rule
from composegen.rules._stores import stores_in
from composegen.suggestion import cut
from composegen.topology import DirectoryStore, NfsStore, Service

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores:
  models: {kind: directory, path: /srv/ollama/models}
services:
  chat:
    store: models
    hosts: {box: 1}
    migrate_from:
      - /srv/ollama  # expect: CG307
      - ollama_data_1
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores:
  models: {kind: directory, path: /srv/ollama/models}
services:
  chat:
    store: models
    hosts: {box: 1}
    migrate_from:
      - /usr/share/ollama
      - ollama_data_1
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each source that is in use on a host where the models would be copied."""
    for service in plan.topology.services.values():
        hosts = [host for host in plan.hosts if _is_target(plan, host, service)]
        for number, source in enumerate(service.migrate_from):
            used = next(filter(None, (_use(plan, host, source) for host in hosts)), None)
            if used is not None:
                yield _finding(service, number, *used)


def _is_target(plan: Plan, host: HostPlan, service: Service) -> bool:
    return any(service in plan.store_of(one.writer).services for one in host.migrations)


def _use(plan: Plan, host: HostPlan, source: str) -> tuple[str, KeyPath] | None:
    """What the source is on this host, and what of the topology it comes from; None for an old one."""
    if not source.startswith("/"):
        name = source.removeprefix(f"{plan.topology.name}_")
        found = (one.origin for one in host.volumes if one.name == name)
        return next(((f"the volume `{name}` of this set-up", origin) for origin in found), None)
    folders = _folders(plan, host)
    return next(((f"store `{name}`", ("stores", name)) for name, path in folders if path in stores_in(source)), None)


def _folders(plan: Plan, host: HostPlan) -> Iterator[tuple[str, str]]:
    """Name and folder of every store that lies or is mounted on the host."""
    for use in plan.stores:
        if not any(host.name in service.hosts for service in use.services):
            continue
        match use.spec:
            case DirectoryStore(path=path):
                yield use.name, path
            case NfsStore(server=server, path=path) if server == host.name:
                yield use.name, path
            case NfsStore(mount="fstab") as store:
                yield use.name, store.mountpoint or store.path


def _finding(service: Service, number: int, used: str, origin: KeyPath) -> Finding:
    return RULE.finding(
        f"`{cut(service.migrate_from[number])}` is no old store of service `{service.name}`, it is {used}",
        at=service.at("migrate_from", number),
        expected="a volume or folder of an older set-up",
        related=[Location(path=origin, part="key", label="it comes from here")],
    )


RULE = Rule(
    code="CG307",
    slug="migrate-from-itself",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
    basis=Basis.NAMED,
)
