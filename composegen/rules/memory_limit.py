"""The memory limit of an instance is too small for one of its models.

## What happens

Without a GPU the weights of a model, its context and the program have to fit into `memory`. Below the size of the
weights alone, the kernel kills the process that loads them, or reads them from disk over and over; this is an
error. With a GPU the weights may end up in its memory, so there it is a warning. Between the weights and the memory
that operators list as required for a model with its context it is a warning as well: it may load, and fail with the
first long question.

The sizes come from composegen's catalogue, which knows common models of Ollama's library; other models are not
checked. The models are those that the service lists, or, if it lists none, those of its store. Only the largest one
counts: how many are loaded at a time is for `OLLAMA_MAX_LOADED_MODELS` to say.

| model | memory listed as required |
|---|---|
| mistral:7b, llama2:7b | 8 GiB |
| llama2:13b | 16 GiB |
| codellama:34b | 32 GiB |

## What to do

Raise `memory`, take a smaller model or a smaller quantisation, or leave the limit out.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen import catalogue
from composegen.fields import bytes_of
from composegen.findings import Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import Model, Service

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    memory: 2GiB  # expect: CG707
    models: [mistral:7b]
  code:
    hosts: {box: {port: 11440}}
    memory: 16GiB  # expect: CG707
    models: [codellama:34b]
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    memory: 16GiB
    models: [mistral:7b]
  code:
    hosts: {box: {port: 11440}}
    memory: 40GiB
    models: [codellama:34b]
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per service, about the model that needs most."""
    for service in plan.topology.services.values():
        if service.memory is not None:
            yield from _of_service(plan, service, bytes_of(service.memory))


def _of_service(plan: Plan, service: Service, limit: int) -> Iterator[Finding]:
    models = [model for model in _models(plan, service) if model.modelfile is None]
    heaviest = max(models, key=_weight, default=None)
    hungriest = max(models, key=_ram, default=None)
    if heaviest is not None and _weight(heaviest) > limit:
        bare = any(i.service is service and i.container.gpus is None for i in plan.instances)
        what = f"smaller than the weights of `{heaviest.name}`, {_weight(heaviest) / 10**9:.1f} GB"
        yield _finding(service, heaviest, what, Severity.ERROR if bare else Severity.WARNING)
    elif hungriest is not None and _ram(hungriest) > limit:
        what = f"less than `{hungriest.name}` is said to need, {_ram(hungriest) // 2**30} GiB"
        yield _finding(service, hungriest, what, Severity.WARNING)


def _models(plan: Plan, service: Service) -> tuple[Model, ...]:
    return service.models or next((use.models for use in plan.stores if service in use.services), ())


def _weight(model: Model) -> int:
    return catalogue.size_of(model.name) or 0


def _ram(model: Model) -> int:
    return catalogue.ram_of(model.name) or 0


def _finding(service: Service, model: Model, what: str, severity: Severity) -> Finding:
    least = max(_ram(model), _weight(model))
    return RULE.finding(
        f"the memory limit {service.memory} of service `{service.name}` is {what}",
        at=service.at("memory"),
        expected=f"at least {-(-least // 2**30)}GiB, and more for long contexts",
        related=[Location(path=model.at("name"), label="this model")],
        severity=severity,
    )


RULE = Rule(
    code="CG707",
    slug="memory-limit",
    severity=Severity.ERROR,
    milder=Severity.WARNING,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
