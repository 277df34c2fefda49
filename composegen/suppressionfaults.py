"""What can be wrong with a comment that is to allow something, in words; who finds it is `suppressions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from composegen import rules
from composegen.findings import Finding, Location, Severity, Span
from composegen.input_pages import INPUT_PAGES
from composegen.output_pages import OUTPUT_PAGES
from composegen.suggestion import cut, did_you_mean

if TYPE_CHECKING:
    from composegen.suppressions import Suppression

_FORM = "`# composegen: allow[slug] reason`"


def malformed(message: str, span: Span) -> Finding:
    """It is meant as a suppression, and is none."""
    return Finding(
        code="CG021",
        slug="suppression-syntax",
        severity=Severity.WARNING,
        message=message,
        where=Location(span=span),
        expected=_FORM,
    )


def unknown(name: str, span: Span) -> Finding:
    """What it names is no rule."""
    page = next((page for page in (*INPUT_PAGES, *OUTPUT_PAGES) if name in (page.slug, page.code)), None)
    if page is not None:
        return not_allowable(f"`{name}` cannot be allowed: it is not found by a rule", span)
    near = did_you_mean(name, (rule.slug for rule in rules.rules()))
    return not_allowable(f"`{cut(name)}` is the name of no rule", span, hint=near)


def not_allowable(message: str, span: Span, hint: str = "") -> Finding:
    """What it names is not for a comment to allow."""
    return Finding(
        code="CG022",
        slug="not-allowable",
        severity=Severity.WARNING,
        message=message,
        where=Location(span=span),
        expected="the name of a rule (CG2xx to CG8xx) that leaves something to render",
        hint=hint,
    )


def unused(suppression: Suppression) -> Finding:
    """It allows nothing."""
    return Finding(
        code="CG023",
        slug="unused-suppression",
        severity=Severity.WARNING,
        message=f"nothing on line {suppression.line} has to be allowed as `{suppression.slug}`",
        where=Location(span=suppression.span),
        hint="remove it, or move it to the line that the finding points at",
    )
