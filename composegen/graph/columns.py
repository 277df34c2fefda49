"""Which node stands in which column: everything to the right of what asks, needs or uses it."""

from __future__ import annotations

from collections.abc import Mapping

from composegen.graph.model import Graph, Kind


def columns(graph: Graph) -> Mapping[str, int]:
    """The column of each node, from 0. Instances share one, and so do stores; none is left empty."""
    kinds = {node.key: node.kind for node in graph.nodes()}
    found = {key: 0 if kind is Kind.USERS else 1 for key, kind in kinds.items()}
    for _ in kinds:  # at most so often, should apps ever need each other in a circle
        before = dict(found)
        for edge in graph.edges:
            if kinds[edge.start] is not Kind.STORE and kinds[edge.end] is not Kind.USERS:
                found[edge.end] = min(max(found[edge.end], found[edge.start] + 1), len(kinds))
        _level(found, kinds)
        if found == before:
            break
    used = sorted(set(found.values()))
    return {key: used.index(column) for key, column in found.items()}


def _level(found: dict[str, int], kinds: Mapping[str, Kind]) -> None:
    """Put all instances into one column, right of the gateway, and all stores into one, right of everything."""
    gateways = [column for key, column in found.items() if kinds[key] is Kind.GATEWAY]
    instances = max((column for key, column in found.items() if kinds[key] is Kind.INSTANCE), default=1)
    instances = max([instances, *(column + 1 for column in gateways)])
    rest = max((column for key, column in found.items() if kinds[key] is not Kind.STORE), default=0)
    for key, kind in kinds.items():
        if kind is Kind.INSTANCE:
            found[key] = instances
        elif kind is Kind.STORE:
            found[key] = max(instances, rest) + 1
