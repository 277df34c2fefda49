"""Passwords of those who may change models travel unencrypted.

## What happens

The gateway asks for a name and a password (HTTP basic authentication). Over plain http both go over the network
with every call, readable by every machine on the way; whoever reads them can delete every model. This is a warning,
since a network may be trusted, or an encrypted tunnel may end before the gateway.

## What to do

State `tls`, with `certificate` and `key`, or with the `resolver` that gets them.
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
  admin: {users: secrets/traefik.users}  # expect: CG403
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  admin: {users: secrets/traefik.users}
  tls: {certificate: secrets/llm.crt, key: secrets/llm.key}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for an `admin` whose passwords can be read on the way."""
    gateway = plan.topology.gateway
    if gateway is not None and gateway.admin is not None and gateway.admin.users and gateway.tls is None:
        yield RULE.finding(
            "`admin` without `tls`: its passwords travel unencrypted",
            at=gateway.admin.origin,
            part="key",
            expected="`tls` in `gateway`, with `certificate` and `key`, or with a `resolver`",
        )


RULE = Rule(
    code="CG403",
    slug="admin-without-tls",
    severity=Severity.WARNING,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
