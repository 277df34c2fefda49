"""Text that can be shown: names and addresses may hold anything, and a picture must survive it."""

from __future__ import annotations

import unicodedata

from msgspec.structs import replace

from composegen.graph.model import Graph, Node

_TO_THE_LEFT = frozenset({"R", "AL", "AN"})
_MARK = "\u200e"
"""Has no width; after it, text runs from left to right again."""


def plain(graph: Graph) -> Graph:
    """The graph with all its texts made plain."""
    return replace(
        graph,
        name=plain_text(graph.name),
        entry=plain_text(graph.entry),
        frames=tuple(
            replace(
                frame,
                title=plain_text(frame.title),
                details=tuple(map(plain_text, frame.details)),
                nodes=tuple(map(_node, frame.nodes)),
            )
            for frame in graph.frames
        ),
        outside=tuple(map(_node, graph.outside)),
        edges=tuple(replace(edge, label=plain_text(edge.label)) for edge in graph.edges),
    )


def plain_text(text: str) -> str:
    """The text without what moves a cursor, turns a line round, or is no character of XML: blanks instead.

    Letters that run from right to left are followed by a mark, so that what stands behind them keeps its place.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(one if one.isprintable() else " " for one in text)
    turns = any(unicodedata.bidirectional(one) in _TO_THE_LEFT for one in shown)
    return shown + _MARK if turns else shown


def _node(node: Node) -> Node:
    return replace(
        node,
        title=plain_text(node.title),
        ports=plain_text(node.ports),
        details=tuple(map(plain_text, node.details)),
    )
