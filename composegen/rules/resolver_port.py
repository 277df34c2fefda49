"""A certificate resolver answers on a port that no certificate authority asks.

## What happens

With `run: true` composegen sets the resolver up for ACME's TLS challenge (TLS-ALPN-01): the certificate authority opens
a connection to port 443 of `gateway.hostname`, and Traefik has to answer it. The HTTP challenge would need port 80. An
entry point on another port is never asked: Traefik gets no certificate, serves one of its own making, and clients
refuse it.

## What to do

Give the entry point port 443. If a router or firewall in front passes its port 443 on to this port, all is well and
the warning can be left standing. Where the host is not reached from outside at all, state `certificate` and `key`, or
let a Traefik of your own (`run: false`) use the DNS challenge, which needs no port.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.keypath import KeyPath
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
  hostname: llm.example
  entrypoint: {port: 8443}  # expect: CG409
  tls: {resolver: letsencrypt}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
gateway:
  host: box
  hostname: llm.example
  entrypoint: {port: 443}
  tls: {resolver: letsencrypt}
"""
ASKED = 443
"""The port of the TLS challenge (RFC 8737, section 3)."""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for a resolver of a Traefik that composegen runs, behind any other port."""
    gateway = plan.topology.gateway
    if gateway is None or not gateway.traefik.run or gateway.tls is None or gateway.tls.resolver is None:
        return
    port = gateway.entrypoint.port
    if port != ASKED:
        yield RULE.finding(
            f"resolver `{gateway.tls.resolver}` gets no certificate on port {port}: the authority asks port {ASKED}",
            at=_place(gateway, gateway.tls),
            expected=f"port {ASKED}, or something in front that passes its port {ASKED} on to this one",
            hint=f"entrypoint: {{port: {ASKED}}}",
            related=[Location(path=gateway.tls.at("resolver"), label="the resolver")] * bool(gateway.entrypoint.origin),
        )


def _place(gateway: Gateway, tls: Tls) -> KeyPath:
    """The port; where nothing is said of the entry point, the resolver."""
    return gateway.entrypoint.at("port") if gateway.entrypoint.origin else tls.at("resolver")


RULE = Rule(
    code="CG409",
    slug="resolver-port",
    severity=Severity.WARNING,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
