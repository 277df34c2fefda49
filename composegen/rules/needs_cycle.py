"""Apps need each other in a circle.

## What happens

Each waits for another one to start first, so none can. Compose refuses the whole file: `dependency cycle detected`.

## What to do

Take one of the needs out: usually the one of the app that copes with the other being away for a while and tries again.
`depends_on` under `compose:` counts, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from composegen.findings import Finding, Location, Severity
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import App, Topology

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
apps:
  page:
    host: box
    needs: [chat, search]
    compose: {image: "example/page:1.0"}
  search:
    host: box
    needs: [page]  # expect: CG803
    compose: {image: "example/search:1.0"}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
apps:
  page:
    host: box
    needs: [chat, search]
    compose: {image: "example/page:1.0"}
  search:
    host: box
    compose: {image: "example/search:1.0"}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each need that closes a circle, when the apps are walked in the order of the file."""
    done: set[str] = set()
    for name in plan.topology.apps:
        yield from _walk(plan.topology, name, done)


def _walk(topology: Topology, start: str, done: set[str]) -> Iterator[Finding]:
    """Depth first, with the open way on a list: a chain of a thousand apps is no reason to fail."""
    if start in done:
        return
    way, open_edges = [start], [list(_edges(topology, topology.apps[start]))]
    while way:
        if not open_edges[-1]:
            done.add(way.pop())
            open_edges.pop()
            continue
        name, at = open_edges[-1].pop(0)
        if name in way:
            yield _finding(topology, way[way.index(name) :], at)
        elif name not in done:
            way.append(name)
            open_edges.append(list(_edges(topology, topology.apps[name])))


def _edges(topology: Topology, app: App) -> Iterator[tuple[str, KeyPath]]:
    """The apps that an app waits for, with the place that says so."""
    for index, need in enumerate(app.needs):
        if need.service in topology.apps and need.service not in topology.services:
            yield need.service, app.at("needs", index)


def _finding(topology: Topology, circle: Sequence[str], at: KeyPath) -> Finding:
    if len(circle) == 1:
        return RULE.finding(f"app `{circle[0]}` needs itself", at=at, expected="another app or a service")
    shown = " needs ".join(f"`{name}`" for name in (*circle, circle[0]))
    following = pairwise(circle)
    return RULE.finding(
        f"apps need each other in a circle: {shown}",
        at=at,
        related=[
            Location(path=_place(topology, one, other), label=f"`{one}` needs `{other}`") for one, other in following
        ],
        expected="one of these needs taken out",
    )


def _place(topology: Topology, one: str, other: str) -> KeyPath:
    return next(at for name, at in _edges(topology, topology.apps[one]) if name == other)


RULE = Rule(
    code="CG803",
    slug="needs-cycle",
    severity=Severity.ERROR,
    essential=True,
    check=check,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
