"""Two stores lie in one folder of a machine.

## What happens

composegen keeps one writer per store. Two stores in one folder have two, which do not know of each other: downloads
collide, and a delete through one takes blobs that the other needs. Where one is a mount, it hides what the other has
written below it.

## What to do

Give each store its own `path`; an nfs store may appear on its clients elsewhere with `mountpoint`. Where the same
models are meant, declare one store, let several services name it, and let all but one of them say `writer: none`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from composegen.findings import Finding, Location, Severity
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import DirectoryStore, NfsStore, Store, Topology

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores:
  chat: {kind: directory, path: /srv/models}
  code: {kind: directory, path: /srv/models}  # expect: CG306
services:
  chat:
    store: chat
    hosts: {box: 1}
  code:
    store: code
    hosts: {box: {port: 11500}}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores:
  chat: {kind: directory, path: /srv/models/chat}
  code: {kind: directory, path: /srv/models/code}
services:
  chat:
    store: chat
    hosts: {box: 1}
  code:
    store: code
    hosts: {box: {port: 11500}}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each pair of stores, however many hosts they meet on."""
    holders: dict[tuple[str, str], tuple[Store, KeyPath]] = {}
    reported: set[tuple[str, str]] = set()
    for store in plan.topology.stores.values():
        for machine, folder, at in _folders(plan.topology, store):
            first, first_at = holders.setdefault((machine, posixpath.normpath(folder)), (store, at))
            if first.name != store.name and (first.name, store.name) not in reported:
                reported.add((first.name, store.name))
                yield RULE.finding(
                    f"stores `{first.name}` and `{store.name}` both lie at `{folder}` on {machine}",
                    at=at,
                    related=[Location(path=first_at, label=f"store `{first.name}` is there, too")],
                    expected="a folder of its own",
                )


def _folders(topology: Topology, store: Store) -> Iterator[tuple[str, str, KeyPath]]:
    """Machine, folder and key of every place where a store lies."""
    hosts = {
        host: None for service in topology.services.values() if service.store == store.name for host in service.hosts
    }
    match store:
        case DirectoryStore():
            yield from ((f"host `{host}`", store.path, store.at("path")) for host in hosts)
        case NfsStore():
            holder = f"host `{store.server}`" if store.server else f"`{store.external}`"
            yield holder, store.path, store.at("path")
            if store.mount == "fstab":
                folder, key = store.mountpoint or store.path, "mountpoint" if store.mountpoint else "path"
                yield from ((f"host `{host}`", folder, store.at(key)) for host in hosts if host != store.server)


RULE = Rule(
    code="CG306",
    slug="store-path-conflict",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
