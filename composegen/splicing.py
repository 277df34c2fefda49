"""Changes to a YAML text that leave everything else as it stands: comments, order, empty lines, quotes.

Each change replaces the text of one value, takes out the lines of one entry, or adds lines after the last entry of a
mapping. What is written on one line in brackets is written anew as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from composegen.findings import Span
from composegen.selectors import at

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.keypath import KeyPath

Write = Callable[[Any, int | None], str]
"""A value as YAML: on one line, or as a block whose further lines are that many spaces in."""


class SpliceError(Exception):
    """The text is written in a way in which a change cannot be made in place."""


class Edits(Struct, frozen=True, kw_only=True):
    """What changes, by key path: values that are replaced, entries that go, and entries that come."""

    replaced: dict[KeyPath, Any] = field(default_factory=dict)
    removed: set[KeyPath] = field(default_factory=set)
    added: dict[KeyPath, Any] = field(default_factory=dict)

    @property
    def paths(self) -> Iterator[KeyPath]:
        """Every place that changes."""
        yield from (*self.replaced, *self.removed, *self.added)


class _Cut(Struct, frozen=True, kw_only=True):
    """Replace a range of the text; of several at one place the deepest comes first."""

    start: int
    end: int
    text: str
    depth: int = 0


def applied(data: Any, edits: Edits) -> Any:
    """The data with the edits. It is changed in place."""
    for path, value in (*edits.replaced.items(), *edits.added.items()):
        at(data, path[:-1])[path[-1]] = value
    for path in sorted(edits.removed, key=_latest_first, reverse=True):
        del at(data, path[:-1])[path[-1]]
    return data


def _latest_first(path: KeyPath) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in path)


def splice(document: Document, changed: Any, edits: Edits, write: Write) -> str:
    """The text of a document with the edits, of which `changed` is the outcome. Raises SpliceError."""
    text = "\n".join(document.lines)
    work = _Splicing(document=document, changed=changed, write=write, text=text)
    cuts = {cut for path in edits.paths for cut in work.cuts(path, edits)}
    result, end = "", len(text)
    for cut in sorted(cuts, key=lambda one: (one.start, one.end, -one.depth), reverse=True):
        if cut.end > end:
            raise SpliceError
        result, end = cut.text + text[cut.end : end] + result, cut.start
    return text[:end] + result


class _Splicing(Struct, frozen=True, kw_only=True, dict=True):
    document: Document
    changed: Any
    write: Write
    text: str

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins, and where one after the last would."""
        return list(accumulate((len(line) + 1 for line in self.document.lines), initial=0))

    def cuts(self, path: KeyPath, edits: Edits) -> Iterator[_Cut]:
        """What one edit does to the text."""
        parent = path[:-1]
        around = self._in_brackets(parent)
        if around is not None:
            yield self._flow(around)
        elif path in edits.added:
            yield self._line_after(parent, {path[-1]: edits.added[path]})
        elif path in edits.replaced:
            yield self._value(path)
        elif at(self.changed, parent) and self._stands_alone(path):
            yield self._lines_of(path)
        else:
            yield self._value(parent)

    def _in_brackets(self, path: KeyPath) -> KeyPath | None:
        """The outermost list or mapping in brackets at a path or around it."""
        for length in range(len(path) + 1):
            value = at(self.document.data, path[:length])
            if isinstance(value, dict | list) and self._character(self.document.values[path[:length]]) in "{[":
                return path[:length]
        return None

    def _character(self, span: Span) -> str:
        return self.document.line(span.line)[span.column - 1 : span.column] or " "

    def _flow(self, path: KeyPath) -> _Cut:
        start, end = self._range(self.document.values[path])
        return _Cut(start=start, end=end, text=self.write(at(self.changed, path), None))

    def _value(self, path: KeyPath) -> _Cut:
        """A new value in place of the old one, after its key or in its list."""
        if not path:
            raise SpliceError
        new, span = at(self.changed, path), self.document.values[path]
        if isinstance(path[-1], int):
            start, end = self._range(span)
            return _Cut(start=start, end=end, text=self.write(new, span.column - 1))
        key = self.document.keys[path]
        start, end = self._range(key)[1], self._range(span)[1]
        if self.document.texts.get(path) == "":
            end = self.text.index(":", start) + 1
        indent = key.column - 1
        text = f": {self.write(new, indent)}"
        if isinstance(new, dict | list) and new:
            text = f":\n{' ' * (indent + 2)}{self.write(new, indent + 2)}"
        if end < start:  # an alias; what it stands for is written elsewhere
            raise SpliceError
        return _Cut(start=start, end=end, text=text)

    def _line_after(self, parent: KeyPath, entry: Mapping[str | int, Any]) -> _Cut:
        """An entry after the last one of a mapping."""
        indent = self._indent(parent)
        last = self.document.values[parent].end_line
        place = min(self.starts[last], len(self.text))
        begin = "" if place and self.text[place - 1] == "\n" else "\n"
        text = f"{begin}{' ' * indent}{self.write(entry, indent)}\n"
        return _Cut(start=place, end=place, text=text, depth=len(parent))

    def _indent(self, parent: KeyPath) -> int:
        keys = at(self.document.data, parent)
        return self.document.keys[(*parent, next(iter(keys)))].column - 1

    def _stands_alone(self, path: KeyPath) -> bool:
        """Whether an entry begins a line of its own."""
        first = self._first(path)
        before = self.document.line(first.line)[: first.column - 1].strip()
        return before == ("-" if isinstance(path[-1], int) else "")

    def _first(self, path: KeyPath) -> Span:
        return self.document.values[path] if isinstance(path[-1], int) else self.document.keys[path]

    def _lines_of(self, path: KeyPath) -> _Cut:
        first, last = self._first(path), self.document.values[path]
        end = min(self.starts[max(first.end_line, last.end_line)], len(self.text))
        return _Cut(start=self.starts[first.line - 1], end=end, text="")

    def _range(self, span: Span) -> tuple[int, int]:
        start = self.starts[span.line - 1] + span.column - 1
        return start, self.starts[span.end_line - 1] + span.end_column - 1
