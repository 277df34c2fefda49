"""A YAML document as nodes with their places, and its expansion into plain data with tables of places by key path.

Aliases are one node in several places until they are expanded; each node knows how much that will be, so that nothing
is expanded that no machine should have to hold. This module knows nothing of the library that reads YAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from composegen.findings import Finding, Location, Severity, Span
from composegen.limits import MAX_DEPTH, MAX_VALUES
from composegen.scalars import Scalar, resolve
from composegen.suggestion import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from composegen.keypath import KeyPath

START = Span(line=1, column=1, end_line=1, end_column=1)
"""The beginning of a file."""

_UNKNOWN = object()


class ScalarNode(Struct, kw_only=True):
    """A scalar: the text that it stands for, its value, and whether it was written plain (without quotes)."""

    size: ClassVar[int] = 1
    height: ClassVar[int] = 0
    span: Span
    text: str
    plain: bool
    value: Scalar | object


class ListNode(Struct, kw_only=True):
    """A list; `span` grows as its items come, `size` (values once expanded) and `height` (levels below it) too."""

    span: Span
    size: int = 1
    height: int = 0
    items: list[Node] = field(default_factory=list)


class MappingNode(Struct, kw_only=True):
    """A mapping; a key has its text and its place. The last of equal keys is kept. It grows as a list does."""

    span: Span
    size: int = 1
    height: int = 0
    entries: dict[str, tuple[Span, Node]] = field(default_factory=dict)


Node = ScalarNode | ListNode | MappingNode


def scalar(text: str, span: Span, *, plain: bool) -> ScalarNode:
    """A scalar without tag: resolved when plain, else text."""
    return ScalarNode(span=span, text=text, plain=plain, value=resolve(text) if plain else text)


def unknown(span: Span) -> ScalarNode:
    """Something whose value cannot be told; a finding says why."""
    return ScalarNode(span=span, text="", plain=False, value=_UNKNOWN)


class Expansion(Struct, kw_only=True):
    """Plain data, and by key path: the places of keys and values, the text of plain scalars, what is unknown."""

    data: Any = None
    keys: dict[KeyPath, Span] = field(default_factory=dict)
    values: dict[KeyPath, Span] = field(default_factory=dict)
    texts: dict[KeyPath, str] = field(default_factory=dict)
    unknown: set[KeyPath] = field(default_factory=set)


class LimitError(Exception):
    """The document holds more than any topology does; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        """`finding`: what is too much, and where."""
        super().__init__(finding.message)
        self.finding = finding


def expand(root: Node) -> Expansion:
    """Follow every alias to a copy of its own; `root` is within the limits of values and of depth."""
    expansion = Expansion()
    expansion.data = _expand(root, (), root.span, expansion)
    return expansion


def _expand(node: Node, path: KeyPath, place: Span, out: Expansion) -> Any:
    """The data of one node; no node stands deeper than MAX_DEPTH."""
    out.values[path] = node.span
    match node:
        case ListNode():
            return [_expand(item, (*path, index), item.span, out) for index, item in enumerate(node.items)]
        case MappingNode():
            return dict(_entries(node, path, out))
        case ScalarNode():
            return _value(node, path, place, out)


def _entries(node: MappingNode, path: KeyPath, out: Expansion) -> Iterator[tuple[str, Any]]:
    for key, (span, value) in node.entries.items():
        below = (*path, key)
        out.keys[below] = span
        yield key, _expand(value, below, span, out)


def _value(node: ScalarNode, path: KeyPath, place: Span, out: Expansion) -> Scalar:
    if node.value is _UNKNOWN:
        out.unknown.add(path)
        return None
    if node.plain:
        out.texts[path] = node.text
        out.values[path] = place if not node.text and _is_empty(node.span) else node.span
    return node.value  # type: ignore[return-value]


def _is_empty(span: Span) -> bool:
    return (span.line, span.column) == (span.end_line, span.end_column)


def until(span: Span, end: Span) -> Span:
    """The span, ending where another one ends."""
    return replace(span, end_line=end.end_line, end_column=end.end_column)


def too_many(span: Span, related: tuple[Location, ...] = ()) -> Finding:
    """The finding about a document that holds too many values, most often by aliases of aliases."""
    return _abuse(
        f"the file holds more than {MAX_VALUES:,} values once its aliases are expanded",
        span,
        hint="split the topology, or write out what the aliases repeat",
        related=related,
    )


def too_deep(span: Span, related: tuple[Location, ...] = ()) -> Finding:
    """The finding about a document that is nested too deeply."""
    return _abuse(f"mappings and lists are nested more than {MAX_DEPTH} levels deep here", span, related=related)


def anchored(name: str, anchor: Span, node: Node) -> Location:
    """Where the node stands that an alias stands for, and how much that is."""
    values = "1 value" if node.size == 1 else f"{node.size:,} values"
    return Location(span=anchor, label=f"`&{cut(name)}` stands for {values}")


def cycle(name: str, span: Span, anchor: Span) -> Finding:
    """The finding about an alias inside of what it stands for."""
    name = cut(name)
    return _abuse(
        f"alias `*{name}` stands inside of `&{name}`, so it would contain itself",
        span,
        related=(Location(span=anchor, label=f"`&{name}` begins here"),),
    )


def _abuse(message: str, span: Span, *, hint: str = "", related: tuple[Location, ...] = ()) -> Finding:
    return Finding(
        code="CG004",
        slug="alias-abuse",
        severity=Severity.ERROR,
        message=message,
        where=Location(span=span),
        hint=hint,
        related=related,
    )
