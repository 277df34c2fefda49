"""A model of Ollama's library is not in composegen's catalogue.

## What happens

Nothing bad: the catalogue lists common models with their sizes, and the library has many more. For a model that it
does not know, the run book cannot say what it takes on disk, and the memory limit is not checked against it. But a
mistyped name looks just the same, and model-init would fail on it with `file does not exist`, hence this note.

Models from other registries and namespaces, and those built from a Modelfile, are not looked up.

## What to do

See that the name is right (`ollama show NAME`, or the library's page). There is nothing to silence: a note never
fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen import catalogue, modelname
from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.suggestion import cut, did_you_mean
from composegen.topology import Model

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models: [mistrel:7b]  # expect: CG708
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models: [mistral:7b, registry.example:5000/team/mistrel:7b]
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One note per library model without a size."""
    for service in plan.topology.services.values():
        for model in service.models:
            if _is_unknown(model):
                yield RULE.finding(
                    f"the catalogue does not know the model `{cut(model.name)}`, so its size is not counted",
                    at=model.at("name"),
                    expected="a model of the catalogue, or a name that you have checked",
                    hint=did_you_mean(modelname.parse(model.name).short, catalogue.known()),
                )


def _is_unknown(model: Model) -> bool:
    if model.modelfile is not None or modelname.fault(model.name) is not None:
        return False
    return modelname.parse(model.name).in_library and catalogue.size_of(model.name) is None


RULE = Rule(
    code="CG708",
    slug="unknown-model",
    severity=Severity.NOTE,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
