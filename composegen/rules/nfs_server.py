"""An nfs store does not say which machine holds it, or names a writer that does not run.

## What happens

An nfs store is exported either by a host of this file (`server:`), for which composegen then writes the exports, or by
a machine that is set up by somebody else (`external:`, a NAS). With neither the clients have nothing to mount; with
both they have a choice. A `writer:` on which no instance runs never writes, and the store stays empty.

## What to do

State one of `server:` and `external:`. Name as `writer:` a host on which a service runs that keeps its models in this
store.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._stores import stated_writer, used, writing
from composegen.topology import NfsStore, Service, Topology

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores:
  models: {kind: nfs, path: /srv/models}  # expect: CG303
services:
  chat:
    store: models
    hosts: {box: 1}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores:
  models: {kind: nfs, server: box, path: /srv/models}
services:
  chat:
    store: models
    hosts: {box: 1}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each nfs store without a machine or with two, and each writer's host without an instance."""
    for store in plan.topology.stores.values():
        if isinstance(store, NfsStore):
            yield from _machine(store)
    yield from _writers(plan.topology)


def _machine(store: NfsStore) -> Iterator[Finding]:
    if store.server and store.external:
        yield RULE.finding(
            f"store `{store.name}` is exported both by host `{store.server}` and by `{store.external}`",
            at=store.at("external"),
            part="key",
            related=[Location(path=store.at("server"), part="key", label="and here")],
            expected="either `server` or `external`",
            basis=Basis.ENTRIES,
        )
    elif not store.server and not store.external:
        yield RULE.finding(
            f"store `{store.name}` does not say which machine exports it",
            at=store.origin,
            part="key",
            expected="`server: HOST`, a host of this file, or `external: ADDRESS`, a NAS",
            basis=Basis.ENTRIES,
        )


def _writers(topology: Topology) -> Iterator[Finding]:
    for store, users in used(topology):
        if not isinstance(store, NfsStore):
            continue
        writers = writing(users)
        if store.writer and writers and not any(store.writer in service.hosts for service in writers):
            hosts = ", ".join(dict.fromkeys(host for service in writers for host in service.hosts))
            names = " or ".join(f"`{service.name}`" for service in writers)
            message = f"no instance of {names} runs on host `{store.writer}`, which should write store `{store.name}`"
            yield RULE.finding(message, at=store.at("writer"), expected=f"one of: {hosts}")
        yield from (_absent(store, service) for service in writers if _is_absent(service))


def _is_absent(service: Service) -> bool:
    host = stated_writer(service)
    return host is not None and host not in service.hosts


def _absent(store: NfsStore, service: Service) -> Finding:
    return RULE.finding(
        f"service `{service.name}` does not run on host `{service.writer}`, where it should write store `{store.name}`",
        at=service.at("writer"),
        expected=f"one of: {', '.join(service.hosts)}",
    )


RULE = Rule(
    code="CG303",
    slug="nfs-server",
    severity=Severity.ERROR,
    essential=True,
    check=check,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
