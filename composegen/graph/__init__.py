"""The picture of a plan: one neutral `Graph`, and a module for each form in which it is drawn.

`building` reads the graph off a plan, `marking` says in it what a change adds, takes away and changes; `mermaid`,
`dot`, `text` and `svg` draw it. The last two place everything themselves (`layout`): no program has to be installed.
Nothing here trusts a name: each form quotes for its own reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from composegen.graph import dot, mermaid, svg, text
from composegen.graph.model import Graph

FORMATS: Mapping[str, Callable[[Graph], str]] = {
    "text": text.draw,
    "mermaid": mermaid.draw,
    "dot": dot.draw,
    "svg": svg.draw,
}
"""Every form, in the order of `--help`."""
