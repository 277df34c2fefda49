"""A model is listed twice, or two services on one store want different things under one name.

## What happens

`mistral`, `mistral:latest` and `registry.ollama.ai/library/mistral:latest` are one model; so are `Mistral` and
`mistral`. Listed twice in a service, one entry is too many: often a tag was left out that should have told them
apart. Two services on one store may well list the same model; but when one builds it from a Modelfile and the other
pulls it, or they name two Modelfiles, only one of the two can be in the store.

## What to do

Remove one entry, or give it the tag that was meant; give the model of one service another name.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen import modelname
from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan, StoreUse
from composegen.rules import Rule
from composegen.suggestion import cut
from composegen.topology import Model

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models:
      - mistral
      - library/mistral:latest  # expect: CG702
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models:
      - mistral
      - mistral:7b
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each model that the same service, or in another way the same store, has already."""
    for store in plan.stores:
        yield from _of_store(store)


def _of_store(store: StoreUse) -> Iterator[Finding]:
    on_store: dict[str, Model] = {}
    for service in store.services:
        in_service: dict[str, Model] = {}
        for model in service.models:
            key = modelname.key(model.name)
            if key in in_service:
                yield _finding("is listed twice in this service", model, in_service[key], Basis.ENTRIES)
            elif key in on_store and _way(on_store[key]) != _way(model):
                yield _finding(f"comes in two ways into the store `{store.name}`", model, on_store[key], Basis.NAMED)
            in_service.setdefault(key, model)
            on_store.setdefault(key, model)


def _way(model: Model) -> tuple[str | None, str | None, bool]:
    return model.modelfile, model.files, model.insecure


def _finding(what: str, model: Model, first: Model, basis: Basis) -> Finding:
    short = modelname.parse(model.name).short
    return RULE.finding(
        f"the model `{cut(short)}` {what}",
        at=model.at("name"),
        expected="each model once",
        hint="" if model.name == first.name else f"`{cut(first.name)}` and `{cut(model.name)}` are one model",
        related=[Location(path=first.at("name"), label="listed here already")],
        basis=basis,
    )


RULE = Rule(
    code="CG702",
    slug="model-twice",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
