"""A store has no writer.

## What happens

Models come into a store through one instance that mounts it read-write. Without one nothing prepares the folder,
nothing pulls models, and the readers do not even start: Ollama exits when `blobs/` and `manifests/` are missing on a
read-only mount.

## What to do

Let exactly one service on the store write: take `writer: none` out of it. For an nfs store the writer is instance 1 on
the `server:` host; where none runs there, or with `external:`, name a host with `writer: HOST` under the store.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._stores import stated_writer, used, writing
from composegen.topology import NfsStore, Service, Store

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}, spare: {address: 10.0.0.2}}
stores:
  models: {kind: nfs, server: spare, path: /srv/models}  # expect: CG301
services:
  chat:
    store: models
    hosts: {box: 1}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}, spare: {address: 10.0.0.2}}
stores:
  models: {kind: nfs, server: spare, path: /srv/models, writer: box}
services:
  chat:
    store: models
    hosts: {box: 1}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each store that is used and that nobody writes."""
    for store, users in used(plan.topology):
        writers = writing(users)
        if not writers:
            yield _all_read(store, users)
        elif isinstance(store, NfsStore) and not (store.writer or any(map(stated_writer, writers))):
            yield from _undecided(store, writers)


def _all_read(store: Store, users: tuple[Service, ...]) -> Finding:
    first, *others = users
    return RULE.finding(
        f"store `{store.name}` has no writer: every service on it says `writer: none`",
        at=first.at("writer"),
        expected="one service that writes it, without `writer: none`",
        related=[Location(path=other.at("writer"), label="only reads, too") for other in others],
    )


def _undecided(store: NfsStore, writers: tuple[Service, ...]) -> Iterator[Finding]:
    """With both or neither of `server` and `external` another rule asks for one of them first."""
    if bool(store.server) == bool(store.external):
        return
    hosts = ", ".join(dict.fromkeys(host for service in writers for host in service.hosts))
    expected = f"`writer: HOST`, the host whose instance 1 writes it; one of: {hosts}"
    if store.external:
        message = f"store `{store.name}` is on the NAS `{store.external}`, and nothing says which host writes it"
        yield RULE.finding(message, at=store.at("external"), expected=expected)
    elif not any(store.server in service.hosts for service in writers):
        names = " or ".join(f"`{service.name}`" for service in writers)
        message = f"store `{store.name}` has no writer: no instance of {names} runs on its server `{store.server}`"
        yield RULE.finding(message, at=store.at("server"), expected=expected)


RULE = Rule(code="CG301", slug="no-writer", severity=Severity.ERROR, check=check, doc=__doc__ or "", bad=BAD, good=GOOD)
