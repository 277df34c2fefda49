"""`tls` does not say where the certificate comes from, or says it twice.

## What happens

Traefik needs a certificate and its private key, or a resolver that gets both for a host name. With half a pair, or
with a resolver and no host name to ask for, it serves a certificate of its own making, which every client refuses.

## What to do

State `certificate` and `key` together, or `resolver` alone. A resolver needs `gateway.hostname`. With `run: true`
composegen sets the resolver up for ACME's TLS challenge, for which the certificate authority calls port 443 of that
host name: let the entry point have port 443, or have a router pass 443 on to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import Gateway, Tls

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  tls: {certificate: secrets/llm.crt}  # expect: CG406
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  tls: {certificate: secrets/llm.crt, key: secrets/llm.key}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for a `tls` from which no certificate follows."""
    gateway = plan.topology.gateway
    if gateway is None or gateway.tls is None:
        return
    fault = _fault(gateway, gateway.tls)
    if fault is not None:
        yield RULE.finding(
            f"`tls` {fault}",
            at=gateway.tls.origin,
            part="key",
            expected="`certificate` and `key`, or `resolver` with a `hostname` of the gateway",
        )


def _fault(gateway: Gateway, tls: Tls) -> str | None:
    match (tls.certificate, tls.key, tls.resolver):
        case (None, None, None):
            return "names no certificate"
        case (None, None, str()):
            return (
                None if gateway.hostname else "has a resolver, and the gateway no `hostname` to get a certificate for"
            )
        case (_, _, str()):
            return "has a resolver and files: one of them would be ignored"
        case (str(), None, None):
            return "has a certificate without its key"
        case (None, str(), None):
            return "has a key without its certificate"
        case _:
            return None


RULE = Rule(
    code="CG406",
    slug="tls-incomplete",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
