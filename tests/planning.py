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
