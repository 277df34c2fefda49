"""Merge keys (`<<`) of YAML 1.1 in files of others: Compose follows them, a topology has none.

A key that the mapping itself has wins; of several merged mappings the first one that has a key
(https://yaml.org/type/merge.html). What is merged was counted where it stood, so no document grows by this.
"""

from __future__ import annotations

from composegen import syntax
from composegen.findings import Finding, Findings
from composegen.nodes import ListNode, MappingNode, Node

KEY = "<<"


def follow(root: Node) -> Findings:
    """Replace, in place, every merge key below a node by what it brings; findings for those that bring nothing."""
    findings: list[Finding] = []
    _visit(root, set(), findings)
    return tuple(findings)


def _visit(node: Node, seen: set[int], findings: list[Finding]) -> None:
    """A node and all below it, the inner ones first; a node that aliases repeat is visited once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    match node:
        case ListNode():
            for item in node.items:
                _visit(item, seen, findings)
        case MappingNode():
            for _, value in node.entries.values():
                _visit(value, seen, findings)
            findings += _bring(node)


def _bring(node: MappingNode) -> Findings:
    """Add to a mapping what its merge key names."""
    if KEY not in node.entries:
        return ()
    span, value = node.entries.pop(KEY)
    sources = value.items if isinstance(value, ListNode) else [value]
    if not all(isinstance(source, MappingNode) for source in sources):
        return (syntax.error("`<<` takes a mapping, or a list of mappings", span),)
    for source in sources:
        if isinstance(source, MappingNode):
            for key, entry in source.entries.items():
                node.entries.setdefault(key, entry)
    return ()
