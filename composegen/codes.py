"""Every code with its page, wherever it is declared: the input stages, the rules, the output folder. Only data."""

from __future__ import annotations

from functools import cache

from composegen import rules
from composegen.input_pages import INPUT_PAGES, Page
from composegen.output_pages import OUTPUT_PAGES


@cache
def pages() -> tuple[Page, ...]:
    """Every page, by code."""
    of_rules = (
        Page(
            code=rule.code,
            slug=rule.slug,
            severity=rule.severity,
            milder=rule.milder,
            doc=rule.doc,
            bad=rule.bad,
            good=rule.good,
            files=rule.files,
            essential=rule.essential,
        )
        for rule in rules.rules()
    )
    return tuple(sorted((*INPUT_PAGES, *OUTPUT_PAGES, *of_rules), key=lambda page: page.code))


def summary(page: Page) -> str:
    """The first line of the page's text."""
    return page.doc.strip().splitlines()[0]
