"""A plan from the text of a topology, for tests of what comes after the input stages."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from composegen import build, document, references, resolve
from composegen.plan import Plan


def plan_of(text: str, files: Mapping[str, bytes] | None = None) -> Plan:
    """Parse, build and resolve; the text must be a valid topology without `variables:`."""
    parsed, findings = document.parse("topology.yaml", dedent(text).encode())
    assert parsed is not None, findings
    assert not findings
    topology = build.build(parsed)
    assert not references.check(topology)
    return resolve.resolve(topology, files or {})


BEHIND_A_GATEWAY = """\
name: demo
hosts:
  gate: {{address: 10.0.0.1}}
  box: {{{box}}}
services:
  chat: {{hosts: {{box: {{instances: 3, port: 11500}}, gate: 1}}{chat}}}
  other: {{hosts: {{box: {{port: 11600}}}}}}
gateway: {{host: gate, routes: [{{service: chat}}]{gateway}}}
{more}
"""


def behind_a_gateway(box: str = "address: 10.0.0.2", chat: str = "", gateway: str = "", more: str = "") -> Plan:
    """`chat` behind a gateway, `other` not; the arguments are YAML to add."""
    return plan_of(BEHIND_A_GATEWAY.format(box=box, chat=chat, gateway=gateway, more=more))
