"""The picture of a plan: one neutral `Graph`, and a module for each form in which it is drawn.

`building` reads the graph off a plan, `marking` says in it what a change adds, takes away and changes; `mermaid`,
`dot`, `text` and `svg` draw it. The last two place everything themselves (`layout`): no program has to be installed.
Nothing here trusts a name: each form quotes for its own reader.
"""

from __future__ import annotations

import importlib

from composegen.graph.model import Graph

FORMATS = ("text", "mermaid", "dot", "svg")
"""Every form, in the order of `--help`; each is the module of that name."""


def draw(form: str, graph: Graph) -> str:
    """The graph in the form of that name, without colours."""
    drawn: str = importlib.import_module(f"{__name__}.{form}").draw(graph)
    return drawn
