"""The severities that a topology chooses for rules, under `rules:`.

Warnings and notes may be raised, lowered or switched off. Errors stay errors: what they find does not work, so each
place is allowed by itself, with a reason (`suppressions`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from composegen import rules
from composegen.findings import Basis, Finding, Findings, Location, Severity
from composegen.limits import first
from composegen.suggestion import cut, did_you_mean

if TYPE_CHECKING:
    from composegen.topology import Topology

OFF = "off"


def check(topology: Topology) -> Findings:
    """A finding for each name that is no rule, and for each error that is to be less than one."""
    return first(_faults(topology))


def _faults(topology: Topology) -> Iterator[Finding]:
    known = {rule.slug: rule for rule in rules.rules()}
    for slug, word in topology.rules.items():
        rule = known.get(slug)
        if rule is None:
            yield _unknown(slug, topology)
        elif rule.severity is Severity.ERROR and word != Severity.ERROR.label:
            yield _lowered(slug, word, topology)


def apply(topology: Topology, findings: Findings) -> Findings:
    """The findings of rules with the severities that the topology chooses."""
    if not topology.rules:
        return findings
    return tuple(judged for finding in findings if (judged := _judged(finding, topology.rules.get(finding.slug))))


def _judged(finding: Finding, word: str | None) -> Finding | None:
    """One finding; None when its rule is off. A rule may find errors beside its warnings; they stay."""
    if word is None or finding.severity is Severity.ERROR:
        return finding
    return None if word == OFF else replace(finding, severity=Severity[word.upper()])


def _unknown(slug: str, topology: Topology) -> Finding:
    by_code = {rule.code: rule.slug for rule in rules.rules()}
    near = f"did you mean `{by_code[slug]}`?" if slug in by_code else did_you_mean(slug, by_code.values())
    return Finding(
        code="CG108",
        slug="unknown-rule",
        severity=Severity.ERROR,
        message=f"`{cut(slug)}` is the name of no rule",
        where=Location(path=topology.at("rules", slug), part="key"),
        expected="name of a rule, from CG2xx to CG8xx",
        hint=near,
        basis=Basis.PLACES,
    )


def _lowered(slug: str, word: str, topology: Topology) -> Finding:
    return Finding(
        code="CG109",
        slug="error-lowered",
        severity=Severity.ERROR,
        message=f"`{slug}` finds what does not work, so it cannot be `{word}` everywhere",
        where=Location(path=topology.at("rules", slug)),
        expected="`error`",
        hint=f"allow one place, on its line: `# composegen: allow[{slug}] reason`",
        basis=Basis.PLACES,
    )
