"""The events of a YAML text: the only module that touches the libraries that read YAML, and only their event streams.

PyYAML's libyaml is forty times as quick, ruamel.yaml knows YAML 1.2 and says more of what is wrong. So libyaml reads
what the two read alike, and whatever it refuses is read again by ruamel.yaml, which has the last word. Their events
bear the same names and attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yaml import CSafeLoader, YAMLError

from composegen.findings import Span

_SUSPECT = re.compile(r"[\t&*!%?\x85\u2028\u2029]")
"""One class of characters is found ten times as quickly as what comes next, and most texts have none of them."""

_READ_DIFFERENTLY = re.compile(
    r"[\t\x85\u2028\u2029]|^%|(?:^|[\s\[\]{},:-])(?:[&*][\w-]|!(?!= )|\?(?:[\s\[\]{},]|$))", re.MULTILINE
)
"""What the two disagree about: tabs, line breaks of YAML 1.1, and where a token may begin (a shell's `&&` does not, and
its `!= ` is read alike): directives, anchors and aliases, tags, `? `."""

_EMPTY_BLOCK = re.compile(r"[|>][-+0-9]*\s*\n#")
"""A comment where a block would begin: one takes it for text."""

Event = Any
"""An event of either library."""


class RefusedError(Exception):
    """A library does not read the text: what it was reading since where, and what stopped it where, if it says so."""

    def __init__(self, context: str, problem: str, begins: Span | None, stops: Span | None) -> None:
        super().__init__(problem)
        self.context = context
        self.problem = problem
        self.begins = begins
        self.stops = stops


def is_read_alike(text: str) -> bool:
    """Whether `quick` and `thorough` give the same events for a text, if both give any."""
    doubtful = _SUSPECT.search(text) and _READ_DIFFERENTLY.search(text)
    return not doubtful and not _EMPTY_BLOCK.search(text)


def quick(text: str) -> Iterator[Event]:
    """The events as libyaml sees them. Raises RefusedError, after which `thorough` may still read the text."""
    try:
        yield from iter(CSafeLoader(text).get_event, None)
    except (YAMLError, ValueError) as error:
        raise RefusedError("", type(error).__name__, None, None) from error


def thorough(text: str) -> Iterator[Event]:
    """The events as ruamel.yaml sees them. Raises RefusedError."""
    from ruamel.yaml import YAML  # seldom needed, and slow to import
    from ruamel.yaml.error import MarkedYAMLError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        begins, stops = _place(error.context_mark), _place(error.problem_mark)
        raise RefusedError(error.context or "", error.problem or "", begins, stops) from error
    except Exception as error:  # the library trips over some texts; what it says is all there is
        raise RefusedError("", type(error).__name__, None, None) from error


def _place(mark: Any) -> Span | None:
    """One character at a mark; the library counts from 0."""
    if mark is None:
        return None
    line, column = mark.line + 1, mark.column + 1
    return Span(line=line, column=column, end_line=line, end_column=column + 1)
