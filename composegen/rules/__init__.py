"""Rules: one file each, found by being in this folder; `check` runs them all over a finished plan.

A rule speaks in key paths, never in lines, and says nothing that another stage has said. Its module docstring is its
page, `BAD` and `GOOD` are its tests: `BAD` yields its code, and no other, on the lines marked `# expect: CODE`, `GOOD`
yields nothing. `FILES` are Modelfiles that these topologies name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from msgspec import Struct, field

from composegen.findings import Basis, Finding, Findings, Location, Part, Severity, Span
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.registry import collect


class Rule(Struct, frozen=True, kw_only=True):
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
    essential: bool = False
    """Whether the files would be of no use where it finds something, so that no comment can allow it."""
    milder: Severity | None = None
    """The severity of some of its findings, where `severity` is only that of the gravest; its page says of which."""
    basis: Basis = Basis.WHOLE
    """From what its findings follow, unless one says otherwise; so they can be told while other things are wrong."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files beside the topologies of the examples, by path."""

    @property
    def summary(self) -> str:
        """First line of the page."""
        return self.doc.strip().splitlines()[0]

    def finding(  # noqa: PLR0913 - a finding has this many sides
        self,
        message: str,
        *,
        at: KeyPath | Location,
        part: Part = "value",
        related: Iterable[Location] = (),
        expected: str = "",
        hint: str = "",
        severity: Severity | None = None,
        basis: Basis | None = None,
    ) -> Finding:
        """A finding of this rule, `at` a node of the topology or in another file.

        `severity` and `basis` only where they vary.
        """
        return Finding(
            code=self.code,
            slug=self.slug,
            severity=severity or self.severity,
            message=message,
            where=at if isinstance(at, Location) else Location(path=at, part=part),
            related=tuple(related),
            expected=expected,
            hint=hint,
            sensitive=self.sensitive,
            basis=basis or self.basis,
        )


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    found: tuple[Rule, ...] = collect(sys.modules[__name__], "RULE")
    return tuple(sorted(found, key=lambda rule: rule.code))


def check(
    plan: Plan, locate: Callable[[Location], Span], judge: Callable[[Finding], Finding | None] = lambda found: found
) -> Findings:
    """What the rules have to say about a plan, by rule; what would be said twice of one place is said once.

    Several services take from `defaults` what is written once; `locate` tells where that is. `judge` says what is left
    of each finding: all, less, or nothing.
    """
    said: dict[tuple[str, Severity, str, str | None, Span], Finding] = {}
    for rule in rules():
        for finding in filter(None, map(judge, rule.check(plan))):
            place = (finding.where.file, locate(finding.where))
            said.setdefault((finding.code, finding.severity, finding.message, *place), finding)
    return tuple(said.values())
