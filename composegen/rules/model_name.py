"""A model name is not one that Ollama can read.

## What happens

Ollama refuses the name when model-init asks for it, after everything else has started: `invalid model name`. Names
are `[registry[:port]/][namespace/]model[:tag]`. Each part begins with a letter, digit or underscore and goes on
with these and dashes; a model and a tag may hold dots, a registry dots and a port, a namespace neither. A registry
needs a namespace after it. Upper and lower case are the same model.

## What to do

Write the name as `ollama list` shows it. A registry that speaks plain http is written without `http://`, with
`insecure: true`. Ollama has no digests in names: a tag is all that can be pinned.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen import modelname
from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.suggestion import cut

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models:
      - mistral 7b  # expect: CG701
      - registry.example:5000/coder:7b  # expect: CG701
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models:
      - mistral:7b
      - registry.example:5000/team/coder:7b
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per name that breaks the grammar."""
    for service in plan.topology.services.values():
        for model in service.models:
            fault = modelname.fault(model.name)
            if fault is not None:
                yield RULE.finding(
                    f"the model name `{cut(model.name)}` {fault}",
                    at=model.at("name"),
                    expected="[registry[:port]/][namespace/]model[:tag]",
                    hint=_hint(model.name),
                )


def _hint(name: str) -> str:
    scheme, separator, rest = name.partition("://")
    if not separator:
        return ""
    return f"{{name: {rest}, insecure: true}}" if scheme == "http" else f"write {rest}"


RULE = Rule(
    code="CG701",
    slug="model-name",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
