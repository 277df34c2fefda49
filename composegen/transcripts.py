"""A page that shows what `composegen diff` prints for changes of the samples: the page is its own source.

People write its text and, in ```diff blocks, what is changed in the topology of the sample that was named last
(`samples/NAME/`). What stands in a ```console block below its command is written anew from that change.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from composegen.changes import Changes, compare
from composegen.impact.assess import assess
from composegen.impact.model import Review
from composegen.manifest import owned
from composegen.pipeline import Compiled
from composegen.report.review import About, text

TOPOLOGY = "topology.yaml"
OUTPUT = "deploy"
COMMIT = "HEAD"
"""The commit in which, for `--against HEAD`, the topology and its files are as they were before the change."""

_BLOCK = re.compile(r"^```(diff|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAMPLE = re.compile(r"\bsamples/([a-z0-9-]+)/")

Compile = Callable[[str, str], Compiled]
"""What composegen makes of a topology, given as text, beside the files of a sample, given by its name."""


class TranscriptError(ValueError):
    """The page does not say what it needs to."""


class Screen(Struct, frozen=True, kw_only=True):
    """What one command prints after a change, and where in the page it stands (first and last character)."""

    sample: str
    before: str
    after: str
    command: str
    place: tuple[int, int]


def updated(page: str, original: Callable[[str], str], compile_: Compile) -> str:
    """The page with every screen as it is now; `original` gives the topology of a sample."""
    compile_ = cache(compile_)
    parts, end = [], 0
    for screen in screens(page, original):
        start, stop = screen.place
        parts += [page[end:start], f"```console\n{screen.command}\n{printed(screen, compile_)}```"]
        end = stop
    return "".join([*parts, page[end:]])


def screens(page: str, original: Callable[[str], str]) -> Iterator[Screen]:
    """Every command of the page with the change that it is about. Raises TranscriptError."""
    sample, end, before, after = "", 0, "", ""
    for block in _BLOCK.finditer(page):
        sample = ([sample, *_SAMPLE.findall(page[end : block.start()])])[-1]
        if not sample:
            raise TranscriptError("the page shows a change before it names a sample (samples/NAME/)")
        end = block.end()
        if block[1] == "diff":
            before = original(sample)
            after = changed(before, block[2])
        elif before:
            command = block[2].partition("\n")[0]
            yield Screen(sample=sample, before=before, after=after, command=command, place=block.span())


def changed(topology: str, change: str) -> str:
    """The topology with the hunks of a change, which are parted by lines of `...`. Raises TranscriptError."""
    for hunk in re.split(r"^\.\.\.\n", change, flags=re.MULTILINE):
        lines = hunk.splitlines(keepends=True)
        old, new = (_side(lines, signs) for signs in (" -", " +"))
        if topology.count(old) != 1:
            raise TranscriptError(f"is {topology.count(old)} times in the topology, and should be once:\n{old}")
        topology = topology.replace(old, new)
    return topology


def printed(screen: Screen, compile_: Compile) -> str:
    """What the command prints. Raises TranscriptError for options that no page has needed yet."""
    match shlex.split(screen.command):
        case ["$", "composegen", "diff", *options]:
            return _printed(screen, compile_, options)
    raise TranscriptError(f"is not `$ composegen diff`: {screen.command}")


def _printed(screen: Screen, compile_: Compile, options: Sequence[str]) -> str:
    old, new = compile_(screen.before, screen.sample), compile_(screen.after, screen.sample)
    if old.document is None or new.document is None or old.tree is None or new.tree is None:
        raise TranscriptError(f"has errors:\n{screen.after}")
    changes = compare(new.tree, old.tree, owned(old.tree))
    about = About(name=TOPOLOGY, after=OUTPUT, locate=new.document.locate, next="composegen render")
    match [*options]:
        case ["--against", commit, *rest] if commit == COMMIT:
            known = replace(
                about,
                after=f"{COMMIT}:{OUTPUT}",
                before_name=f"{COMMIT}:{TOPOLOGY}",
                locate_before=old.document.locate,
            )
            return _view(changes, new, old, known, rest)
    return _view(changes, new, None, about, options)


def _view(changes: Changes, new: Compiled, old: Compiled | None, about: About, options: Sequence[str]) -> str:
    """The screen by the options that choose what is on it."""
    review: Review = assess(changes, new.plan, old.plan if old else None)
    match [*options]:
        case []:
            return text.report(review, about)
        case ["--summary"]:
            return text.summary(review, about)
        case ["--host", host]:
            return text.report(review.of_host(host), about)
    raise TranscriptError(f"knows nothing of {' '.join(options)}")


def _side(lines: Sequence[str], signs: str) -> str:
    return "".join(line[1:] for line in lines if line[0] in signs)
