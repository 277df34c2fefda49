"""Rules: one file each, found by being in this folder; `check` runs them all over a finished plan.

A rule speaks in key paths, never in lines, and says nothing that another stage has said. Its module docstring is its
page, `BAD` and `GOOD` are its tests: `BAD` yields its code, and no other, on the lines marked `# expect: CODE`, `GOOD`
yields nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from composegen.findings import Finding, Findings, Location, Part, Severity
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.registry import collect


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. The slug is read well after "allow"; code ranges are listed in `docs/reference/rules/README.md`."""

    code: str
    slug: str
    severity: Severity
    check: Callable[[Plan], Iterator[Finding]]
    doc: str
    bad: str
    good: str
    sensitive: bool = False
    """Whether its findings are about values that no report may show."""

    @property
    def summary(self) -> str:
        """First line of the page."""
        return self.doc.strip().splitlines()[0]

    def finding(
        self,
        message: str,
        *,
        at: KeyPath,
        part: Part = "value",
        related: Iterable[Location] = (),
        expected: str = "",
        hint: str = "",
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this rule; `severity` only where the rule's page says that it varies."""
        return Finding(
            code=self.code,
            slug=self.slug,
            severity=severity or self.severity,
            message=message,
            where=Location(path=at, part=part),
            related=tuple(related),
            expected=expected,
            hint=hint,
            sensitive=self.sensitive,
        )


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    found: tuple[Rule, ...] = collect(sys.modules[__name__], "RULE")
    return tuple(sorted(found, key=lambda rule: rule.code))


def check(plan: Plan) -> Findings:
    """What the rules have to say about a plan, by rule."""
    return tuple(finding for rule in rules() for finding in rule.check(plan))
