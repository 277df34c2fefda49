"""The pages of the codes that `check` finds: an output folder that is not what render would write.

Only words; who raises the codes is `standing`. No topology shows them, so there are no examples.
"""

from __future__ import annotations

from composegen.findings import Severity
from composegen.input_pages import Page


def _page(code: str, slug: str, doc: str) -> Page:
    return Page(code=code, slug=slug, severity=Severity.ERROR, doc=doc)


OUTPUT_PAGES = (
    _page(
        "CG901",
        "stale",
        """A file is as the last render wrote it, but render would now write it differently.

The topology, a file that it names, a value of `variables:` or composegen itself has changed since. The hosts would get
what was meant some time ago.

## What to do

Render again, look at `git diff`, and commit the result with what caused it. If nobody changed anything, compare the
composegen that rendered with the one that checks (`composegen --version`), and the values of `variables:`.""",
    ),
    _page(
        "CG902",
        "edited",
        """A file was edited by hand since the last render, and render would write it differently.

The lock file `composegen.lock.json` holds the hash of what was written; the file has another one. Render stops at such
a file instead of dropping the edit. A file that merely lost or got its executable bit is reported too; render puts that
right without being forced.

## What to do

To keep the edit, write it where render does not touch it: into the topology, or into a `compose.override.yaml` beside
`compose.yaml`, which Compose merges. To drop it, render with `--force`.""",
    ),
    _page(
        "CG903",
        "missing",
        """A file that render would write is not there.

Either it was deleted or never committed (a `.gitignore` that matches it is the usual cause), or the topology asks for
it only since the last render.

## What to do

Render again and commit the result; `git check-ignore -v FILE` says which line of a `.gitignore` keeps a file out.""",
    ),
    _page(
        "CG904",
        "orphaned",
        """A file that an earlier render wrote is still there, but the topology no longer asks for it.

Its host, service or store was removed or renamed. As long as the file is there, somebody may start it.

## What to do

On the host, first stop what the file started (`docker compose down` in its folder). Then render again: files that
composegen wrote are removed, others are never touched. With `--no-prune` render leaves them where they are.""",
    ),
    _page(
        "CG905",
        "foreign",
        """A file that composegen did not write stands where render would write one.

The lock file does not know it. It was there before the first render, or the lock file was not committed with the files.

## What to do

Move the file out of the way, or let render replace it with `--force`. If composegen did write it, restore
`composegen.lock.json` from your history and commit it with the files from now on.""",
    ),
)
