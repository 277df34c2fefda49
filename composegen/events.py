"""From YAML text to nodes, by the events of its parser.

Everything the parser has to say against a text becomes a finding, at the place where a reader must look.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable

from msgspec import Struct, field

from composegen import nodes, stream, syntax
from composegen.findings import Finding, Findings, Location, Span
from composegen.limits import MAX_DEPTH, MAX_FINDINGS, MAX_VALUES, too_many
from composegen.nodes import ListNode, MappingNode, Node, ScalarNode
from composegen.scalars import resolve
from composegen.stream import Event

_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
"""What an escape in double quotes can bring into a text although it is no character that a program could be given."""

_STANDARD = "tag:yaml.org,2002:"
_TYPES: dict[str, type | tuple[type, ...]] = {"null": type(None), "bool": bool, "int": int, "float": (int, float)}


def compose(text: str, lines: tuple[str, ...], foreign: str = "") -> tuple[Node | None, Findings]:
    """The root of a document, and what is wrong in it; no root where the text is not YAML, or not one document.

    `foreign`: what the text is where it is no topology; such a text may hold merge keys, and say any version of YAML.
    """
    if stream.is_read_alike(text):
        with contextlib.suppress(stream.RefusedError):
            return _Composer(lines, foreign).compose(stream.quick(text))
    composer = _Composer(lines, foreign)
    try:
        return composer.compose(stream.thorough(text))
    except stream.RefusedError as error:
        return None, (*composer.findings, syntax.explain(composer.fault(error), lines))


class _Open(Struct, kw_only=True):
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

    def __init__(self, lines: tuple[str, ...], foreign: str) -> None:
        """`lines`: the text, to tell where block scalars really end; `foreign`: what it is, if no topology."""
        self._foreign = foreign
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.latest = nodes.START
        self._lines = lines
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Span, Node]] = {}
        self._count = 0

    def compose(self, events: Iterable[Event]) -> tuple[Node | None, Findings]:
        """The root of the document that the events tell of, and what is wrong in it."""
        try:
            for event in events:
                self._take(event)
        except nodes.LimitError as error:
            return None, (*self.findings, error.finding)
        return self.root or nodes.scalar("", self.latest, plain=True), tuple(self.findings)

    def fault(self, refused: stream.RefusedError) -> syntax.Fault:
        """What the parser says, with what is known of the text so far."""
        return syntax.Fault(
            context=refused.context,
            problem=refused.problem,
            begins=refused.begins or refused.stops or self.latest,
            stops=refused.stops or refused.begins or self.latest,
            opened=self._opened(),
        )

    def _opened(self) -> Span | None:
        """Where the innermost bracket opens that is not closed yet."""
        return self._open[-1].node.span if self._open and self._open[-1].flow else None

    def _take(self, event: Event) -> None:
        self.latest = self._span(event)
        match type(event).__name__:
            case "ScalarEvent":
                self._complete(self._scalar(event), event.anchor)
            case "MappingStartEvent":
                self._enter(event, MappingNode(span=self.latest), "map")
            case "SequenceStartEvent":
                self._enter(event, ListNode(span=self.latest), "seq")
            case "MappingEndEvent" | "SequenceEndEvent":
                self._leave()
            case "AliasEvent":
                self._complete(self._alias(event), None)
            case "DocumentStartEvent":
                self._begin(event)

    def _report(self, finding: Finding) -> None:
        """Keep a finding; raises LimitError when there are more than anybody reads."""
        if len(self.findings) == MAX_FINDINGS:
            raise nodes.LimitError(too_many(Location(span=self.latest)))
        self.findings.append(finding)

    def _begin(self, event: Event) -> None:
        if self.root is not None:
            message = f"a second document begins here; a {self._foreign or 'topology'} is one document"
            raise nodes.LimitError(syntax.error(message, self.latest, hint="remove this line and what follows it"))
        version = getattr(event, "version", None)
        if version is not None and tuple(version) != (1, 2) and not self._foreign:
            message = f"the file asks for YAML {'.'.join(map(str, version))}; a topology is YAML 1.2"
            self._report(syntax.error(message, nodes.START, hint="remove the line that begins with `%YAML`"))

    def _enter(self, event: Event, node: MappingNode | ListNode, kind: str) -> None:
        tagged = self._is_foreign(event, kind)
        if len(self._open) >= MAX_DEPTH:
            raise nodes.LimitError(nodes.too_deep(node.span))
        self._open.append(_Open(node=node, flow=bool(event.flow_style), anchor=event.anchor, tagged=tagged))

    def _leave(self) -> None:
        frame = self._open.pop()
        if frame.flow:
            frame.node.span = nodes.until(frame.node.span, self.latest)
        self._complete(nodes.unknown(frame.node.span) if frame.tagged else frame.node, frame.anchor)

    def _complete(self, node: Node, anchor: str | None) -> None:
        """A node is whole: name it, and give it to what it stands in."""
        if anchor is not None:
            self._anchors[anchor] = (node.span, node)
        match self._open[-1] if self._open else None:
            case _Open(node=MappingNode(), awaits_key=True) as frame:
                frame.key = self._key(node, frame)
                frame.awaits_key = False
                return
            case None:
                self.root = node
            case _Open(node=ListNode() as parent, flow=flow):
                parent.items.append(node)
                self._stretch(parent, node, flow=flow)
            case _Open(node=MappingNode() as parent) as frame:
                if frame.key is not None:
                    parent.entries[frame.key.text] = (frame.key.span, node)
                self._stretch(parent, node, flow=frame.flow)
                frame.awaits_key = True
        self._count += 1
        if self._count > MAX_VALUES:
            raise nodes.LimitError(nodes.too_many(node.span))

    def _stretch(self, parent: MappingNode | ListNode, node: Node, *, flow: bool) -> None:
        """A parent grows by a node. A block ends where its last value ends; the library says where the next begins."""
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        end = (node.span.end_line, node.span.end_column)
        if not flow and end > (parent.span.end_line, parent.span.end_column):
            parent.span = nodes.until(parent.span, node.span)

    def _key(self, node: Node, frame: _Open) -> ScalarNode | None:
        """The key that a node makes; None, with a finding, where it makes none."""
        if not isinstance(node, ScalarNode) or not node.text:
            self._report(syntax.error("a key must be text, and not empty", node.span))
            return None
        if node.plain and node.text == "<<" and not self._foreign:
            self._report(syntax.merge_key(node.span))
            return None
        first = frame.seen.setdefault(node.text, node.span)
        if first is not node.span:
            self._report(syntax.duplicate(node.text, node.span, first))
        if not frame.flow:
            frame.node.span = nodes.until(frame.node.span, node.span)
        return node

    def _scalar(self, event: Event) -> ScalarNode:
        span = self._trimmed(self.latest) if event.style in ("|", ">") else self.latest
        if event.style == '"' and _NO_CHARACTER.search(event.value):
            event.value = self._mended(event.value, span)
        plain = not event.style and event.implicit[0]
        if event.tag is None or plain:
            return nodes.scalar(event.value, span, plain=plain)
        return self._tagged(event, span)

    def _mended(self, text: str, span: Span) -> str:
        """Text in double quotes with the two halves of a character joined, as JSON writes it; what is none is told."""
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        if found := _NO_CHARACTER.search(joined):
            self._report(syntax.no_character(found[0], span))
        return _NO_CHARACTER.sub("\ufffd", joined)

    def _tagged(self, event: Event, span: Span) -> ScalarNode:
        """A scalar with a tag: the standard ones are taken at their word, all others are refused."""
        name = str(event.tag).removeprefix(_STANDARD)
        if name in ("!", "str"):
            return nodes.scalar(event.value, span, plain=False)
        value = resolve(event.value)
        if isinstance(value, _TYPES.get(name, ())) and not (name != "bool" and isinstance(value, bool)):
            value = float(value) if name == "float" and isinstance(value, int) else value
            return ScalarNode(span=span, text=event.value, plain=True, value=value)
        self._report(syntax.unknown_tag(_shown(event.tag), span))
        return nodes.unknown(span)

    def _is_foreign(self, event: Event, standard: str) -> bool:
        """Whether a mapping or list has a tag that is not its own; if so, that is reported."""
        foreign = event.tag is not None and str(event.tag) not in ("!", _STANDARD + standard)
        if foreign:
            self._report(syntax.unknown_tag(_shown(event.tag), self.latest))
        return foreign

    def _alias(self, event: Event) -> Node:
        span = self.latest
        for frame in self._open:
            if frame.anchor == event.anchor:
                raise nodes.LimitError(nodes.cycle(event.anchor, span, frame.node.span))
        if event.anchor not in self._anchors:
            self._report(syntax.unknown_alias(event.anchor, span, self._anchors))
            return nodes.unknown(span)
        anchor, node = self._anchors[event.anchor]
        related = (nodes.anchored(event.anchor, anchor, node),)
        if len(self._open) + node.height > MAX_DEPTH:
            raise nodes.LimitError(nodes.too_deep(span, related))
        self._count += node.size - 1
        if self._count >= MAX_VALUES:
            raise nodes.LimitError(nodes.too_many(span, related))
        return node

    def _span(self, event: Event) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(line=start.line + 1, column=start.column + 1, end_line=end.line + 1, end_column=end.column + 1)

    def _trimmed(self, span: Span) -> Span:
        """A block scalar without the empty lines that follow it."""
        line = span.end_line if span.end_column > 1 else span.end_line - 1
        while line > span.line and not self._lines[line - 1].strip():
            line -= 1
        return Span(line=span.line, column=span.column, end_line=line, end_column=len(self._lines[line - 1]) + 1)


def _shown(tag: object) -> str:
    """A tag as people write it."""
    text = str(tag)
    return f"!!{text.removeprefix(_STANDARD)}" if text.startswith(_STANDARD) else text
