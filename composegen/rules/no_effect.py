"""A field of the topology changes nothing here.

## What happens

Each of these reads as if it did something, and does nothing:

* `files` of a model without `modelfile`: they are mounted beside a Modelfile, for it to name; nothing else reads them.
* `insecure` of a model with `modelfile`: `ollama create` pulls a missing base model over https only; Ollama has no
  switch for that.
* `shared` of a placement with `gpus: none`: there is no GPU to share.

The first two are errors, because the model that was meant is never brought. The third is a warning: what runs is what
`gpus: none` says.

## What to do

Take the field out, or add what it is for. A base model from a registry without TLS is listed as a model of its own,
with `insecure: true`, above the one that is built from it: models are brought in the order of the list.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import Model, Placement

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models:
      - name: mistral:7b
        files: /srv/gguf  # expect: CG711
      - name: assistant
        modelfile: assistant.Modelfile
        insecure: true  # expect: CG711
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models:
      - {name: "registry.example:5000/team/base:7b", insecure: true}
      - name: assistant
        modelfile: assistant.Modelfile
        files: /srv/gguf
"""
FILES = {"assistant.Modelfile": "FROM mistral:7b\n"}


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per field that nothing reads."""
    for service in plan.topology.services.values():
        for model in service.models:
            yield from _of_model(model)
        for host, placement in service.hosts.items():
            if placement.shared and placement.gpus == "none":
                yield _of_placement(placement, service.name, host)


def _of_model(model: Model) -> Iterator[Finding]:
    if model.files is not None and model.modelfile is None:
        yield RULE.finding(
            f"nothing reads `files` of model `{model.name}`, which has no `modelfile`",
            at=model.at("files"),
            expected="a `modelfile` that names these files, or no `files`",
        )
    if model.insecure and model.modelfile is not None:
        yield RULE.finding(
            f"`insecure` does nothing for model `{model.name}`: `ollama create` pulls its base model over https",
            at=model.at("insecure"),
            expected="no `insecure` beside `modelfile`",
            hint="list the base model first, as a model of its own with `insecure: true`",
            related=[Location(path=model.at("modelfile"), label="built from this")],
        )


def _of_placement(placement: Placement, service: str, host: str) -> Finding:
    return RULE.finding(
        f"`shared` does nothing for service `{service}` on host `{host}`, which gets no GPU",
        at=placement.at("shared"),
        expected="no `shared` beside `gpus: none`",
        related=[Location(path=placement.at("gpus"), label="no GPU")],
        severity=Severity.WARNING,
    )


RULE = Rule(
    code="CG711",
    slug="no-effect",
    severity=Severity.ERROR,
    milder=Severity.WARNING,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
    files=FILES,
)
