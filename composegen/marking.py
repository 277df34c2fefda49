"""Which line of which template made a piece of text, and from what: asked only after something went wrong.

Each piece that a template prints gets a mark before it; the marks are taken out of the text again, and remembered.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any

from jinja2 import nodes
from jinja2.runtime import Undefined
from msgspec import Struct

from composegen.keypath import KeyPath
from composegen.sandbox import OwnEnvironment, Rewriter, call
from composegen.templatefaults import Trace

_MARK = re.compile("\0([0-9]+)\0")
_LEADING = ("spec", "container", "service", "instance")
"""Attributes by which what is printed leads to the section of the topology that it comes from."""


class _Mark(Struct, frozen=True, kw_only=True):
    trace: Trace
    is_text: bool
    """Whether the piece stands in the template as it is, so that its lines are lines of the template."""


class MarkingEnvironment(OwnEnvironment):
    """Renders as its base does, with marks; `latest` is the last place that was reached."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.marks: list[_Mark] = []
        self._parsed = ""

    @property
    def latest(self) -> Trace | None:
        """Where rendering was when it stopped."""
        return self.marks[-1].trace if self.marks else None

    def rewriter(self) -> Rewriter:
        """What puts marks beside the meter."""
        return _Marker(self._parsed)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        self._parsed = name or ""
        return super()._parse(source, name, filename)

    def mark(self, template: str, line: int, is_text: bool, values: list[Any]) -> str:  # noqa: FBT001 - a node calls it
        """Remember a piece that comes now; without values it is about what the one before was about."""
        before = self.marks[-1].trace.path if self.marks else ()
        path = max((_origin(value) for value in values), key=len, default=()) or before
        self.marks.append(_Mark(trace=Trace(template=template, line=line, path=path), is_text=is_text))
        return f"\0{len(self.marks) - 1}\0"

    def trace(self, marked: str, plain: str, line: int) -> Trace | None:
        """What made line `line` (from 1) of a text, told from the same text with marks."""
        pieces = _MARK.split(marked)
        if "".join(pieces[::2]) != plain:
            return None
        starts, marks, offset = [0], [-1], len(pieces[0])
        for number, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            if piece:
                starts.append(offset)
                marks.append(int(number))
            offset += len(piece)
        wanted = _first_character(plain, line)
        found = bisect_right(starts, wanted) - 1
        if marks[found] < 0:
            return None
        mark = self.marks[marks[found]]
        further = plain.count("\n", starts[found], wanted) if mark.is_text else 0
        return Trace(template=mark.trace.template, line=mark.trace.line + further, path=self._path(marks[found]))

    def _path(self, number: int) -> KeyPath:
        """What a piece is about; the text before a value is about what that value is about."""
        here = self.marks[number]
        following = self.marks[number + 1 : number + 2] if here.is_text else []
        return max((mark.trace.path for mark in (*following, here)), key=len)


class _Marker(Rewriter):
    """Puts a mark before each piece that is printed, and before each condition, loop and assignment.

    What is captured to go through a filter gets none: the filter would see it.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        self._captured = 0

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 - Jinja's convention
        """A mark before each piece."""
        marks = [self._mark(child.lineno, child, is_text=isinstance(child, nodes.TemplateData)) for child in node.nodes]
        self.generic_visit(node)
        if not self._captured:
            node.nodes = [one for pair in zip(marks, node.nodes, strict=True) for one in pair]
        return node

    def visit_If(self, node: nodes.If) -> Any:  # noqa: N802
        """A mark before the first condition."""
        mark = nodes.Output([self._mark(node.lineno, node.test)], lineno=node.lineno)
        for further in node.elif_:
            super().generic_visit(further)
        elif_, node.elif_ = node.elif_, []
        self.generic_visit(node)
        node.elif_ = elif_
        return node if self._captured else [mark, node]

    def visit_For(self, node: nodes.For) -> Any:  # noqa: N802
        """A mark before the loop."""
        mark = nodes.Output([self._mark(node.lineno, node.iter)], lineno=node.lineno)
        found = super().visit_For(node)
        return found if self._captured else [mark, found]

    def visit_Assign(self, node: nodes.Assign) -> Any:  # noqa: N802
        """A mark before what is worked out."""
        mark = nodes.Output([self._mark(node.lineno, node.node)], lineno=node.lineno)
        self.generic_visit(node)
        return node if self._captured else [mark, node]

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802
        """No marks inside."""
        return self._unmarked(node)

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:  # noqa: N802
        """No marks inside."""
        return self._unmarked(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        """No marks inside: what it prints may go through a filter."""
        return self._unmarked(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        """No marks inside."""
        return self._unmarked(node)

    def _unmarked(self, node: nodes.Node) -> nodes.Node:
        self._captured += 1
        self.generic_visit(node)
        self._captured -= 1
        return node

    def _mark(self, line: int, about: nodes.Node, *, is_text: bool = False) -> nodes.Expr:
        wanted = (nodes.Name, nodes.Getattr)
        # The last step of a chain may be what does not exist; what it stands on tells as much.
        values = [*([about] if isinstance(about, wanted) else []), *about.find_all(wanted)]
        constants = [nodes.Const(one, lineno=line) for one in (self._template, line, is_text)]
        return call("mark", *constants, nodes.List(values, lineno=line), line=line)


def _origin(value: Any) -> KeyPath:
    """Where a value of a plan or a topology comes from; () when it does not say."""
    if isinstance(value, Undefined):
        return ()
    for one in (value, *(getattr(value, name, None) for name in _LEADING)):
        path = getattr(one, "origin", None)
        if isinstance(path, tuple) and path:
            return path
    return ()


def _first_character(text: str, line: int) -> int:
    """The offset of the first character of a line that is no blank."""
    offset = 0
    for _ in range(line - 1):
        offset = text.find("\n", offset) + 1
    rest = text[offset:].split("\n", 1)[0]
    return offset + len(rest) - len(rest.lstrip())
