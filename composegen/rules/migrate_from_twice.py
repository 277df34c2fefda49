"""An old store is listed twice under `migrate_from`.

## What happens

The models of each old store are copied once, so the second entry does nothing. Most often it was meant to be another
one, whose models would then be missed: `ollama_data_1` twice instead of `ollama_data_1` and `ollama_data_2`.

A folder holds the same store as the folder `models`, or `.ollama/models`, in it: `/root/.ollama` and
`/root/.ollama/models` are one.

## What to do

Remove the entry, or write the one that was meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._stores import stores_in
from composegen.suggestion import cut
from composegen.topology import Service

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 2}
    migrate_from:
      - ollama_data_1
      - ollama_data_1  # expect: CG308
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 2}
    migrate_from:
      - ollama_data_1
      - ollama_data_2
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each entry whose store an earlier entry of the same service has."""
    for service in plan.topology.services.values():
        yield from _of_service(service)


def _of_service(service: Service) -> Iterator[Finding]:
    for number, source in enumerate(service.migrate_from):
        for first, earlier in enumerate(service.migrate_from[:number]):
            if {*stores_in(earlier)} & {*stores_in(source)}:
                yield _finding(service, number, first)
                break


def _finding(service: Service, number: int, first: int) -> Finding:
    source, earlier = service.migrate_from[number], service.migrate_from[first]
    return RULE.finding(
        f"the old store `{cut(source)}` is listed twice",
        at=service.at("migrate_from", number),
        expected="each old store once",
        hint="" if source == earlier else f"`{cut(earlier)}` and `{cut(source)}` hold the same store",
        related=[Location(path=service.at("migrate_from", first), label="listed here already")],
        basis=Basis.ENTRIES,
    )


RULE = Rule(
    code="CG308",
    slug="migrate-from-twice",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
