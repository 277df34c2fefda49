"""The page of every code: what it means, a bad example with what composegen prints for it, a good example.

`composegen explain` prints a page, `reference` writes all of them; both come from here, so they cannot differ.
"""

from __future__ import annotations

from functools import cache

from composegen import pipeline, rules
from composegen.input_pages import INPUT_PAGES, Page
from composegen.pipeline import Source, World
from composegen.report import Sources, text
from composegen.report.excerpt import visible


@cache
def pages() -> tuple[Page, ...]:
    """Every page, by code."""
    of_rules = (
        Page(code=rule.code, slug=rule.slug, severity=rule.severity, doc=rule.doc, bad=rule.bad, good=rule.good)
        for rule in rules.rules()
    )
    return tuple(sorted((*INPUT_PAGES, *of_rules), key=lambda page: page.code))


def summary(page: Page) -> str:
    """The first line of the page's text."""
    return page.doc.strip().splitlines()[0]


def markdown(page: Page, world: World) -> str:
    """The page as Markdown, with what composegen prints for the bad example."""
    parts = [f"# {page.code} {page.slug}\n\nSeverity: {page.severity.label}\n\n{page.doc.strip()}\n"]
    if page.bad:
        parts += [f"## Bad\n\n{_block(page.bad, 'yaml')}", _block(printed(page.bad, world), "text")]
    if page.good:
        parts.append(f"## Good\n\n{_block(page.good, 'yaml')}")
    return "\n".join(parts)


def printed(topology: str, world: World) -> str:
    """What `composegen validate` prints for a topology."""
    source = Source(name="topology.yaml", data=topology.encode())
    compiled = pipeline.compile(source, world)
    locate = compiled.document.locate if compiled.document is not None else None
    return text.report(compiled.findings, Sources(name=source.name, texts={source.name: topology}, locate=locate))


def _block(content: str, language: str) -> str:
    """A fenced block; what a terminal would not show is made visible, line by line."""
    shown = "\n".join(visible(line) for line in content.rstrip().split("\n"))
    return f"```{language}\n{shown}\n```\n"
