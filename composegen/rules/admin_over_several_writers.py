"""The gateway would have to send one change of models to several stores.

## What happens

A call that changes models goes to the writer of the store. A `directory` or `volume` store is local: each host of
the service has a copy and a writer of its own. A pull through the gateway would reach one of them, and the next
request for that model might be answered by a host that has never heard of it. Creating a model takes several calls,
which would end on different hosts.

## What to do

Keep the models in an `nfs` store, which has one writer; or place the service on one host; or leave `admin` out and
list the models in the topology, where each host's model-init brings them.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Finding, Location, Severity
from composegen.plan import Plan, RoutePlan
from composegen.rules import Rule

BAD = """\
name: demo
hosts:
  left: {address: 10.0.0.1}
  right: {address: 10.0.0.2}
services:
  chat: {hosts: {left: 1, right: 1}}
gateway:
  host: left
  tls: {certificate: secrets/llm.crt, key: secrets/llm.key}
  admin: {users: secrets/traefik.users}  # expect: CG404
"""
GOOD = """\
name: demo
hosts:
  left: {address: 10.0.0.1}
  right: {address: 10.0.0.2}
stores:
  models: {kind: nfs, server: left, path: /srv/models}
services:
  chat: {store: models, hosts: {left: 1, right: 1}}
gateway:
  host: left
  tls: {certificate: secrets/llm.crt, key: secrets/llm.key}
  admin: {users: secrets/traefik.users}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per routed service whose models have several writers."""
    if plan.gateway is not None and plan.gateway.spec.admin is not None:
        for route in plan.gateway.routes:
            yield from _of_route(plan, route)


def _of_route(plan: Plan, route: RoutePlan) -> Iterator[Finding]:
    admin = plan.topology.gateway.admin if plan.topology.gateway else None
    store = next((use for use in plan.stores if route.service in use.services), None)
    if admin is None or store is None or len(store.writers) <= 1:
        return
    hosts = " and ".join(f"`{host}`" for host in store.writers)
    yield RULE.finding(
        f"`admin` over several writers: the models of service `{route.service.name}` are written on {hosts}",
        at=admin.origin,
        part="key",
        expected="one writer: an nfs store, or a service on one host",
        related=[
            Location(path=writer.placement.origin, part="key", label="written here")
            for writer in store.writers.values()
        ],
    )


RULE = Rule(
    code="CG404",
    slug="admin-over-several-writers",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
