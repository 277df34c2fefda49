"""`composegen explain`: the page of a code, offline."""

from __future__ import annotations

import difflib

import click

from composegen.cli import candidates, options, streams
from composegen.errors import ComposegenError


@click.command("explain")
@click.argument("code", metavar="CODE", shell_complete=candidates.codes)
@options.colour
def command(code: str) -> None:
    """Print what CODE (CG201, or its name port-conflict) means, with a bad and a good example."""
    from composegen import pages
    from composegen.io.source import bare_world

    known = {name: page for page in pages.pages() for name in (page.code.lower(), page.slug)}
    page = known.get(code.strip().lower())
    if page is None:
        near = difflib.get_close_matches(code.strip().lower(), known, n=1, cutoff=0.5)
        advice = f"; did you mean {known[near[0]].code} ({known[near[0]].slug})?" if near else ""
        raise ComposegenError(f"there is no code {code!r}{advice}")
    streams.result(pages.markdown(page, bare_world()))
