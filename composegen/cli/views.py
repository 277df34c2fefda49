"""How `composegen diff` prints: a screen for people, a patch for git, JSON for programs, Markdown for reviews."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from composegen.cli import saving, streams

if TYPE_CHECKING:
    from composegen.changes import Change
    from composegen.cli.difference import Difference
    from composegen.report.review import About


class Wish(NamedTuple):
    """What is asked of a view beside the format."""

    summary: bool
    context: int
    budget: int


def text(found: Difference, about: About, wish: Wish) -> str:
    """For people; `--summary` leaves out the table."""
    from composegen.report.review import text as screen

    view = screen.summary if wish.summary else screen.report
    return view(found.review, about, colour=streams.colour(sys.stdout))


def json(found: Difference, about: About, wish: Wish) -> str:  # noqa: ARG001 - all views are called alike
    """For programs."""
    from composegen.report.review import json as document

    return document.report(found.review, about)


def markdown(found: Difference, about: About, wish: Wish) -> str:
    """For a pull request; `--summary` leaves out the diagram and the files."""
    from composegen.report.review import markdown as comment

    detail = None if wish.summary else comment.Detail(patches=tuple(_patches(found, wish)), diagram=_diagram(found))
    return comment.report(found.review, about, detail, wish.budget)


VIEWS: Mapping[str, Callable[[Difference, About, Wish], str]] = {"text": text, "json": json, "markdown": markdown}
"""Every format, in the order of `--help`."""


def print_patch(found: Difference, wish: Wish, *, whole: bool) -> None:
    """The unified diff; `whole`: with the lock file, so that what is patched is what would be rendered."""
    from composegen.report.review.patch import patch

    changes = [*found.changes.effective, *(_lock(found) if whole else ())]
    made = patch(changes, _from_here(found.root), wish.context, colour=streams.colour(sys.stdout))
    streams.result(made.text)
    for path in made.covered:
        streams.say(f"{path} holds what looks like a secret: that is not shown, and the patch does not apply to it")


def save(found: Difference, about: About, file: str) -> None:
    """Write the plan with what it rests on. Raises ComposegenError when that cannot be done."""
    from composegen import savedplan
    from composegen.report.review import json as document

    rests_on = saving.basis(found.opened, found.compiled, found.planned, found.before.files)
    saving.save(file, document.report(found.review, about, savedplan.document(rests_on)))


def _patches(found: Difference, wish: Wish) -> Iterator[tuple[str, str]]:
    """Every file that changes, with its own patch; those of hosts first, what is for people last."""
    from composegen.report.review.patch import patch

    for change in sorted(found.changes.effective, key=lambda change: len(change.path.parts) == 1):
        made = patch([change], PurePosixPath(), wish.context)
        yield str(change.path), made.text.decode("utf-8", "replace")


def _diagram(found: Difference) -> str:
    """The change as a Mermaid diagram; "" for one that Mermaid would not draw."""
    from composegen.graph import mermaid
    from composegen.picture import picture

    if found.compiled.plan is None or found.review.is_empty:
        return ""
    older = found.before.compiled.plan if found.before.compiled else None
    graph = picture(found.compiled.plan, older, found.review)
    return mermaid.draw(graph) if mermaid.is_drawn(graph) else ""


def _lock(found: Difference) -> tuple[Change, ...]:
    from composegen.changes import compare
    from composegen.manifest import LOCK, with_lock

    wanted = {LOCK: with_lock(found.planned)[LOCK]}
    return compare(wanted, found.before.files, {}).effective


def _from_here(root: Path) -> PurePosixPath:
    """The folder as `git apply` in the current one must find it; itself where it is elsewhere."""
    relative = PurePosixPath(os.path.relpath(root).replace(os.sep, "/"))
    return PurePosixPath() if ".." in relative.parts else relative
