"""What a shell may complete: hosts of the topology, samples, codes. Whatever goes wrong, there are no candidates.

Every command names these functions, few runs call them: what they need is imported when they are called.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

TOPOLOGY = "topology.yaml"
"""The default of `io.source`, which is not loaded for it: whoever presses Tab does not want to wait."""


def files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Any file: the shell itself completes it."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def hosts(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Hosts of the topology that is named on the line already, else of that in the current folder."""
    from pathlib import Path

    from composegen import document

    # An option that still waits for its value stops click's parser; what stood before it is then left in `args`.
    name = context.params.get("topology") or next(iter(context.args), TOPOLOGY)
    try:
        parsed, _ = document.parse(name, Path(name).read_bytes() if Path(name).is_file() else b"")
    except (OSError, ValueError):
        return []
    match parsed.data if parsed is not None else None:
        case {"hosts": dict(found)}:
            return _starting(incomplete, found)
    return []


def samples(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """The shipped samples."""
    from composegen.io import resources

    return _starting(incomplete, resources.samples())


def codes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Codes and their names, each with what it is about."""
    from click.shell_completion import CompletionItem

    from composegen import pages

    known = {name: pages.summary(page) for page in pages.pages() for name in (page.code, page.slug)}
    wanted = incomplete.lower()
    return [CompletionItem(name, help=known[name]) for name in sorted(known) if name.lower().startswith(wanted)]


def _starting(incomplete: str, words: Iterable[object]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in sorted(map(str, words)) if word.startswith(incomplete)]
