"""What one rule says of a topology, for tests of rules beyond their own examples."""

from __future__ import annotations

from composegen import rules
from composegen.findings import Finding
from composegen.keypath import show
from tests.planning import plan_of


def said(code: str, text: str) -> list[Finding]:
    """The findings of the rule of that code, in its order."""
    rule = next(rule for rule in rules.rules() if rule.code == code)
    return list(rule.check(plan_of(text)))


def places(code: str, text: str) -> list[str]:
    """Where the rule complains, as people write key paths."""
    return [show(finding.where.path) for finding in said(code, text)]


def related(finding: Finding) -> list[str]:
    """The other places that a finding points at."""
    return [show(location.path) for location in finding.related]
