"""From YAML text to nodes: the only module that touches the YAML library, and only its stream of events.

Everything the library has to say against a text becomes a finding, at the place where a reader must look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from composegen import nodes, syntax
from composegen.findings import Finding, Findings, Span
from composegen.nodes import ListNode, MappingNode, Node, ScalarNode
from composegen.scalars import resolve

_STANDARD = "tag:yaml.org,2002:"
_TYPES: dict[str, type | tuple[type, ...]] = {"null": type(None), "bool": bool, "int": int, "float": (int, float)}


def compose(text: str, lines: tuple[str, ...]) -> tuple[Node | None, Findings]:
    """The root of a document, and what is wrong in it; no root where the text is not YAML, or not one document."""
    composer = _Composer(lines)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            composer.take(event)
    except nodes.LimitError as error:
        return None, (*composer.findings, error.finding)
    except MarkedYAMLError as error:
        return None, (*composer.findings, syntax.explain(_fault(error, composer.opened), lines))
    except Exception as error:  # noqa: BLE001 - the library trips over some texts; what it says is all there is
        return None, (*composer.findings, syntax.explain(_stumble(error, composer.latest), lines))
    return composer.root or nodes.scalar("", composer.latest, plain=True), tuple(composer.findings)


def _fault(error: MarkedYAMLError, opened: Span | None) -> syntax.Fault:
    """What the library says, without its types."""
    context, problem = _place(error.context_mark), _place(error.problem_mark)
    return syntax.Fault(
        context=error.context or "",
        problem=error.problem or "",
        begins=context or problem or nodes.START,
        stops=problem or context or nodes.START,
        opened=opened,
    )


def _stumble(error: Exception, latest: Span) -> syntax.Fault:
    return syntax.Fault(context="", problem=type(error).__name__, begins=latest, stops=latest)


def _place(mark: Any) -> Span | None:
    """One character at a mark; the library counts from 0."""
    if mark is None:
        return None
    line, column = mark.line + 1, mark.column + 1
    return Span(line=line, column=column, end_line=line, end_column=column + 1)


@dataclass(kw_only=True)
class _Open:
    """A mapping or list whose end has not come, and for a mapping the key that waits for its value."""

    node: MappingNode | ListNode
    flow: bool
    anchor: str | None = None
    tagged: bool = False
    key: ScalarNode | None = None
    awaits_key: bool = True
    seen: dict[str, Span] = field(default_factory=dict)


class _Composer:
    """Takes events one by one; afterwards `root` is the document."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        """`lines`: the text, to tell where block scalars really end."""
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.latest = nodes.START
        self._lines = lines
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Span, Node]] = {}
        self._count = 0

    @property
    def opened(self) -> Span | None:
        """Where the innermost bracket opens that is not closed yet."""
        return self._open[-1].node.span if self._open and self._open[-1].flow else None

    def take(self, event: Any) -> None:
        """One event of the library."""
        self.latest = self._span(event)
        match event:
            case DocumentStartEvent():
                self._begin(event)
            case ScalarEvent():
                self._complete(self._scalar(event), event.anchor)
            case AliasEvent():
                self._complete(self._alias(event), None)
            case MappingStartEvent() | SequenceStartEvent():
                self._enter(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._leave()

    def _begin(self, event: DocumentStartEvent) -> None:
        if self.root is not None:
            message = "a second document begins here; a topology is one document"
            raise nodes.LimitError(syntax.error(message, self.latest, hint="remove this line and what follows it"))
        version = getattr(event, "version", None)
        if version is not None and tuple(version) != (1, 2):
            message = f"the file asks for YAML {'.'.join(map(str, version))}; a topology is YAML 1.2"
            self.findings.append(syntax.error(message, nodes.START, hint="remove the line that begins with `%YAML`"))

    def _enter(self, event: Any) -> None:
        span = self.latest
        tagged = self._is_foreign(event, "map" if isinstance(event, MappingStartEvent) else "seq")
        node = MappingNode(span=span) if isinstance(event, MappingStartEvent) else ListNode(span=span)
        if len(self._open) >= nodes.MAX_DEPTH:
            raise nodes.LimitError(nodes.too_deep(span))
        self._open.append(_Open(node=node, flow=bool(event.flow_style), anchor=event.anchor, tagged=tagged))

    def _leave(self) -> None:
        frame = self._open.pop()
        if frame.flow:
            frame.node.span = nodes.until(frame.node.span, self.latest)
        self._complete(nodes.unknown(frame.node.span) if frame.tagged else frame.node, frame.anchor)

    def _complete(self, node: Node, anchor: str | None) -> None:
        """A node is whole: name it, and give it to what it stands in."""
        self._count += 1
        if self._count > nodes.MAX_NODES:
            raise nodes.LimitError(nodes.too_many(node.span))
        if anchor is not None:
            self._anchors[anchor] = (node.span, node)
        match self._open[-1] if self._open else None:
            case None:
                self.root = node
            case _Open(node=ListNode() as parent, flow=flow):
                parent.items.append(node)
                self._stretch(parent, node, flow=flow)
            case _Open(awaits_key=True) as frame:
                frame.key = self._key(node, frame)
                frame.awaits_key = False
            case _Open(node=MappingNode() as parent) as frame:
                if frame.key is not None:
                    parent.entries[frame.key.text] = (frame.key.span, node)
                self._stretch(parent, node, flow=frame.flow)
                frame.awaits_key = True

    def _stretch(self, parent: MappingNode | ListNode, node: Node, *, flow: bool) -> None:
        """A block ends where its last value ends; the library says only where the next one begins."""
        end = (node.span.end_line, node.span.end_column)
        if not flow and end > (parent.span.end_line, parent.span.end_column):
            parent.span = nodes.until(parent.span, node.span)

    def _key(self, node: Node, frame: _Open) -> ScalarNode | None:
        """The key that a node makes; None, with a finding, where it makes none."""
        if not isinstance(node, ScalarNode) or not node.text:
            self.findings.append(syntax.error("a key must be text, and not empty", node.span))
            return None
        if node.plain and node.text == "<<":
            self.findings.append(syntax.merge_key(node.span))
            return None
        first = frame.seen.setdefault(node.text, node.span)
        if first is not node.span:
            self.findings.append(syntax.duplicate(node.text, node.span, first))
        if not frame.flow:
            frame.node.span = nodes.until(frame.node.span, node.span)
        return node

    def _scalar(self, event: ScalarEvent) -> ScalarNode:
        span = self._trimmed(self.latest) if event.style in ("|", ">") else self.latest
        plain = event.style is None and event.implicit[0]
        if event.tag is None or plain:
            return nodes.scalar(event.value, span, plain=plain)
        return self._tagged(event, span)

    def _tagged(self, event: ScalarEvent, span: Span) -> ScalarNode:
        """A scalar with a tag: the standard ones are taken at their word, all others are refused."""
        name = str(event.tag).removeprefix(_STANDARD)
        if name in ("!", "str"):
            return nodes.scalar(event.value, span, plain=False)
        value = resolve(event.value)
        if isinstance(value, _TYPES.get(name, ())) and not (name != "bool" and isinstance(value, bool)):
            value = float(value) if name == "float" and isinstance(value, int) else value
            return ScalarNode(span=span, text=event.value, plain=True, value=value)
        self.findings.append(syntax.unknown_tag(_shown(event.tag), span))
        return nodes.unknown(span)

    def _is_foreign(self, event: Any, standard: str) -> bool:
        """Whether a mapping or list has a tag that is not its own; if so, that is reported."""
        foreign = event.tag is not None and str(event.tag) not in ("!", _STANDARD + standard)
        if foreign:
            self.findings.append(syntax.unknown_tag(_shown(event.tag), self.latest))
        return foreign

    def _alias(self, event: AliasEvent) -> Node:
        span = self.latest
        for frame in self._open:
            if frame.anchor == event.anchor:
                raise nodes.LimitError(nodes.cycle(event.anchor, span, frame.node.span))
        if event.anchor not in self._anchors:
            self.findings.append(syntax.unknown_alias(event.anchor, span, self._anchors))
            return nodes.unknown(span)
        return self._anchors[event.anchor][1]

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(line=start.line + 1, column=start.column + 1, end_line=end.line + 1, end_column=end.column + 1)

    def _trimmed(self, span: Span) -> Span:
        """A block scalar without the empty lines that follow it."""
        line = span.end_line if span.end_column > 1 else span.end_line - 1
        while line > span.line and not self._lines[line - 1].strip():
            line -= 1
        return Span(line=span.line, column=span.column, end_line=line, end_column=len(self._lines[line - 1]) + 1)


def _shown(tag: Any) -> str:
    """A tag as people write it."""
    text = str(tag)
    return f"!!{text.removeprefix(_STANDARD)}" if text.startswith(_STANDARD) else text
