"""The page of every code: what it means, a bad example with what composegen prints for it, a good example.

`composegen explain` prints a page, `reference` writes all of them; both come from here, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from composegen import pipeline
from composegen.codes import pages, summary
from composegen.input_pages import Page
from composegen.pipeline import Source, World
from composegen.report import Sources, text
from composegen.report.excerpt import visible

__all__ = ["markdown", "pages", "printed", "summary", "with_files"]


def markdown(page: Page, world: World) -> str:
    """The page as Markdown, with what composegen prints for the bad example."""
    fixed = ", cannot be allowed" if page.essential else ""
    parts = [f"# {page.code} {page.slug}\n\nSeverity: {page.severities}{fixed}\n\n{page.doc.strip()}\n"]
    if page.bad:
        parts.append(f"## Bad\n\n{_block(page.bad, 'yaml')}{_beside(page.bad, page.files)}")
        parts.append(_block(printed(page.bad, with_files(world, page.files)), "text"))
    if page.good:
        parts.append(f"## Good\n\n{_block(page.good, 'yaml')}{_beside(page.good, page.files)}")
    return "\n".join(parts)


def printed(topology: str, world: World) -> str:
    """What `composegen validate` prints for a topology."""
    source = Source(name="topology.yaml", data=topology.encode())
    compiled = pipeline.compile(source, world)
    locate = compiled.document.locate if compiled.document is not None else None
    texts = {path: data.decode() for path, data in compiled.files.items()} | {source.name: topology}
    return text.report(compiled.findings, Sources(name=source.name, texts=texts, locate=locate))


def with_files(world: World, files: Mapping[str, str]) -> World:
    """The same world, with these files beside the topology."""
    data = {path: content.encode() for path, content in files.items()}
    return replace(world, read=lambda path: data[path] if path in data else world.read(path))


def _beside(topology: str, files: Mapping[str, str]) -> str:
    """A block for each file that the topology names."""
    named = (path for path in files if path in topology)
    return "".join(f"\nwith `{path}`:\n\n{_block(files[path], 'text')}" for path in named)


def _block(content: str, language: str) -> str:
    """A fenced block; what a terminal would not show is made visible, line by line."""
    shown = "\n".join(visible(line) for line in content.rstrip().split("\n"))
    return f"```{language}\n{shown}\n```\n"
