"""The gateway lets somebody change models and does not ask who it is.

## What happens

`admin` routes the calls that pull, create, copy, push and delete models to the writer of the store. Ollama itself
knows no passwords, so without `users` everybody who reaches the gateway could delete every model, or fill the disk
with new ones. `allow` alone is no protection: whoever sits behind an allowed address (a shared proxy, another
container) is let in.

## What to do

State `users`: the path of an htpasswd file in the gateway host's own folder. `htpasswd -B -c secrets/traefik.users
NAME` makes one. composegen neither reads nor writes it. Or leave `admin` out: then nobody changes models through
the gateway, and model-init still brings those that the topology lists.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  tls: {certificate: secrets/llm.crt, key: secrets/llm.key}
  admin: {allow: [10.0.0.0/24]}  # expect: CG402
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  tls: {certificate: secrets/llm.crt, key: secrets/llm.key}
  admin: {allow: [10.0.0.0/24], users: secrets/traefik.users}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for an `admin` that asks nobody for a password."""
    gateway = plan.topology.gateway
    if gateway is not None and gateway.admin is not None and gateway.admin.users is None:
        yield RULE.finding(
            "`admin` has no `users`: everybody who reaches the gateway could delete every model",
            at=gateway.admin.origin,
            part="key",
            expected="`users`, the path of an htpasswd file",
            hint="users: secrets/traefik.users",
        )


RULE = Rule(
    code="CG402",
    slug="admin-without-users",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
