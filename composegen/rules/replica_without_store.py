"""A service only reads, and on some host there is nothing that it could read.

## What happens

`writer: none` mounts the store read-only and leaves it to another service to fill it. `directory` and `volume` stores
are local: every host has its own. Where no other service writes it on that host, it stays empty, and Ollama exits
because `blobs/` and `manifests/` are missing. The same holds for a service without `store:`, whose volume is its own.

## What to do

Take `writer: none` (or `writer: HOST`) out, so that instance 1 on each host writes; or run the writing service on that
host, too; or share one copy over the network with a store of `kind: nfs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._stores import is_nfs, stated_writer, used, writing
from composegen.topology import NfsStore, Service, Topology

BAD = """\
name: demo
hosts: {one: {address: 10.0.0.1}, two: {address: 10.0.0.2}}
stores: {models: {kind: volume}}
services:
  chat:
    store: models
    hosts: {one: 1}
  replica:
    store: models
    writer: none
    hosts:
      two: 1  # expect: CG305
"""
GOOD = """\
name: demo
hosts: {one: {address: 10.0.0.1}, two: {address: 10.0.0.2}}
stores: {models: {kind: nfs, server: one, path: /srv/models}}
services:
  chat:
    store: models
    hosts: {one: 1}
  replica:
    store: models
    writer: none
    hosts:
      two: 1
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Readers without a store, on hosts where nobody writes it, and a single writer for stores that each host has."""
    for service in plan.topology.services.values():
        if service.store is None and service.writer == "none":
            yield RULE.finding(
                f"service `{service.name}` only reads, but names no store that another service writes",
                at=service.at("writer"),
                expected="`store:` with the name of a store, or no `writer: none`",
                basis=Basis.ENTRIES,
            )
        elif not is_nfs(plan.topology, service):
            yield from _one_host(service)
    yield from _empty(plan.topology)


def _one_host(service: Service) -> Iterator[Finding]:
    writer = stated_writer(service)
    if writer is None or set(service.hosts) <= {writer}:
        return
    others = ", ".join(f"`{host}`" for host in service.hosts if host != writer)
    yield RULE.finding(
        f"service `{service.name}` has a store on each host: what host `{writer}` writes never reaches {others}",
        at=service.at("writer"),
        expected="no `writer` (every host has its own), or a store of `kind: nfs`",
        basis=Basis.NAMED,
    )


def _empty(topology: Topology) -> Iterator[Finding]:
    for store, users in used(topology):
        writers = writing(users)
        if isinstance(store, NfsStore) or not writers:
            continue
        filled = {host for service in writers for host in service.hosts}
        for service in users:
            for host in service.hosts if service.writer == "none" else ():
                if host not in filled:
                    yield RULE.finding(
                        f"service `{service.name}` only reads store `{store.name}`, which nobody writes on `{host}`",
                        at=service.hosts[host].origin,
                        part="key",
                        related=[Location(path=service.at("writer"), label="only reads")],
                        expected=f"a host on which the store is written: {', '.join(sorted(filled))}",
                    )


RULE = Rule(
    code="CG305",
    slug="replica-without-store",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
