"""OLLAMA_HOST leads somewhere else than it seems to.

## What happens

`OLLAMA_HOST` is where the server listens and where the client calls, and its port has a catch: `ollama` alone means
port 11434, but `http://ollama` means port 80 and `https://ollama` port 443, as in a browser. A client with
`http://ollama` fails with `could not connect`, although the server is up. A port that is no number is replaced by
these defaults, silently.

For a service, the value is also the address on which Ollama listens inside its container. On `127.0.0.1`, or when
the value is empty, nothing outside that container reaches it: not the published port, not the gateway, not
model-init. Nor can it be a secret there: the port would be known only at the start, and everything else is written for
one that is known now.

## What to do

Write the port: `http://ollama-1:11434`; write `:80` where 80 is meant. For a service, leave `OLLAMA_HOST` out
(composegen sets it), or write `0.0.0.0:PORT`. An app that `needs` a service gets the right value without stating
any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from composegen.findings import Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._values import Value, of_apps, of_services
from composegen.suggestion import cut
from composegen.topology import Secret, Service

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    environment: {OLLAMA_HOST: "127.0.0.1:11434"}  # expect: CG705
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      environment:
        - OLLAMA_HOST=http://chat-1  # expect: CG705
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    environment: {OLLAMA_HOST: "0.0.0.0:11434"}
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      environment:
        - OLLAMA_HOST=http://chat-1:11434
"""

_ADDRESS = re.compile(r"(?:(?P<scheme>[A-Za-z]+)://)?(?P<host>\[[^\]]*\]|[^:/]*)(?::(?P<port>[^/]*))?(?:/.*)?")
_DEFAULT = {"http": "80", "https": "443"}
_PORT = re.compile(r"[0-9]{1,5}")


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per value with a wrong port, or with an address that nobody reaches."""
    for value in (*of_services(plan), *of_apps(plan)):
        fault = _fault(plan, value) if value.name == "OLLAMA_HOST" else None
        if fault is not None:
            yield RULE.finding(
                f"`OLLAMA_HOST` of {value.whose} is `{cut(value.text)}`: {fault}",
                at=value.at,
                expected="0.0.0.0:PORT" if isinstance(value.owner, Service) else "an address with its port",
            )
    for service in plan.topology.services.values():
        if isinstance(service.environment.get("OLLAMA_HOST"), Secret):
            yield _secret(service)


def _secret(service: Service) -> Finding:
    return RULE.finding(
        f"`OLLAMA_HOST` of service `{service.name}` is a secret, so nothing knows the port on which it listens",
        at=service.at("environment", "OLLAMA_HOST"),
        expected="0.0.0.0:PORT, or no `OLLAMA_HOST`",
    )


def _fault(plan: Plan, value: Value) -> str | None:
    found = _ADDRESS.fullmatch(value.text.strip(" \t\"'"))
    if found is None:
        return None
    scheme, host, port = (found["scheme"] or "").lower(), found["host"].strip("[]"), found["port"]
    default = _DEFAULT.get(scheme, "11434")
    if isinstance(value.owner, Service) and (_is_loopback(host) or not (host or port)):
        return "nothing outside its container reaches it there"
    if port is not None and not _is_port(port):
        return f"`{port}` is no port, so Ollama takes {default}"
    if port is None and (scheme == "http" or (scheme == "https" and _is_gateway_elsewhere(plan, host))):
        return f"without a port, `{scheme}://` means {default}"
    return None


def _is_port(text: str) -> bool:
    return _PORT.fullmatch(text) is not None and int(text) in range(65536)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_gateway_elsewhere(plan: Plan, host: str) -> bool:
    """Whether this is the gateway, and the gateway listens on another port than that of https."""
    gateway = plan.gateway
    if gateway is None or str(gateway.spec.entrypoint.port) == _DEFAULT["https"]:
        return False
    return host.lower() in {name.lower() for name in (gateway.spec.hostname, gateway.host.address, "traefik") if name}


RULE = Rule(
    code="CG705",
    slug="ollama-host-port",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
