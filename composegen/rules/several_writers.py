"""A store has several writers.

## What happens

Ollama has no lock that reaches beyond its own process. Two servers that pull into one store write the same `-partial`
files and fail each other; a delete through one removes blobs that the other has just linked to; one prunes while the
other downloads.

## What to do

Let one service write the store and all others on it say `writer: none`: the writer's model-init brings the models of
all of them. Local stores (`directory`, `volume`) have one writer on each host, an nfs store has one in all. Where both
the store and its service name a `writer:` host, it must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._stores import claim, stated_writer, used, writing
from composegen.topology import NfsStore, Service, Store

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores: {models: {kind: volume}}
services:
  chat:
    store: models
    hosts: {box: 1}
  code:
    store: models  # expect: CG302
    hosts: {box: {port: 11500}}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores: {models: {kind: volume}}
services:
  chat:
    store: models
    hosts: {box: 1}
  code:
    store: models
    writer: none
    hosts: {box: {port: 11500}}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each service that writes where an earlier one does, and each that names another host than its store."""
    for store, users in used(plan.topology):
        writers = writing(users)
        for index, service in enumerate(writers):
            yield from _again(store, service, writers[:index])
            if isinstance(store, NfsStore):
                yield from _elsewhere(store, service)


def _again(store: Store, service: Service, earlier: tuple[Service, ...]) -> Iterator[Finding]:
    others = [other for other in earlier if isinstance(store, NfsStore) or set(other.hosts) & set(service.hosts)]
    if not others:
        return
    hosts = [host for host in service.hosts if any(host in other.hosts for other in others)]
    where = "" if isinstance(store, NfsStore) else f" on host {', '.join(f'`{host}`' for host in hosts)}"
    names = " and ".join(f"`{other.name}`" for other in others)
    yield RULE.finding(
        f"store `{store.name}` is written by service `{service.name}` and by {names}{where}",
        at=claim(service),
        related=[Location(path=claim(other), label="also writes it") for other in others],
        expected="`writer: none` in all of these services but one",
    )


def _elsewhere(store: NfsStore, service: Service) -> Iterator[Finding]:
    host = stated_writer(service)
    if host and store.writer and host != store.writer:
        yield RULE.finding(
            f"service `{service.name}` writes store `{store.name}` on host `{host}`, the store says `{store.writer}`",
            at=service.at("writer"),
            related=[Location(path=store.at("writer"), label="another host here")],
            expected="one `writer`, in one of the two places",
        )


RULE = Rule(
    code="CG302",
    slug="several-writers",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.NAMED,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
