"""The address of something that an app needs gets into no variable.

## What happens

For each service that an app `needs`, one variable of the app gets the address: `OLLAMA_HOST`, unless the need states
another one. With two services in the same variable the second address would be lost, and the app would ask the first
service for the models of both. For another app there is no address to give, only an order of starting: the variable
would be left out, without a word.

## What to do

State a `variable` of its own for each service. For an app, write what it listens on into the `environment` yourself.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.environment import of_compose
from composegen.findings import Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import App, Need

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
  code: {hosts: {box: {port: 11440}}}
apps:
  page:
    host: box
    needs:
      - chat
      - code  # expect: CG808
      - {service: db, variable: DATABASE}  # expect: CG808
    compose: {image: "example/page:1.0"}
  db:
    host: box
    compose: {image: "example/db:7.0"}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
  code: {hosts: {box: {port: 11440}}}
apps:
  page:
    host: box
    needs:
      - chat
      - {service: code, variable: CODE_HOST}
      - db
    compose: {image: "example/page:1.0", environment: {DATABASE: "db:27017"}}
  db:
    host: box
    compose: {image: "example/db:7.0"}
"""

_DEFAULT = "OLLAMA_HOST"


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per need whose address would be lost."""
    for app in plan.topology.apps.values():
        own = of_compose(app.compose.get("environment"), app.at("compose", "environment"))
        taken: dict[str, Need] = {}
        for index, need in enumerate(app.needs):
            if need.service not in plan.topology.services:
                yield from _of_app(app, need)
            elif need.variable not in own:
                yield from _of_service(app, need, index, taken.setdefault(need.variable, need))


def _of_app(app: App, need: Need) -> Iterator[Finding]:
    if need.variable != _DEFAULT:
        yield RULE.finding(
            f"`{need.variable}` of app `{app.name}` gets no address: `{need.service}` is an app, and only services "
            "have one that composegen knows",
            at=need.at("variable"),
            expected="no `variable` for an app",
            hint=f"write the address into `environment`, such as {need.service}:PORT",
        )


def _of_service(app: App, need: Need, index: int, first: Need) -> Iterator[Finding]:
    if first.service != need.service:
        yield RULE.finding(
            f"app `{app.name}` would find both `{first.service}` and `{need.service}` in `{need.variable}`",
            at=app.at("needs", index),
            expected="a `variable` of its own for each service",
            hint=f"for example {{service: {need.service}, variable: {_suggested(need.service)}}}",
            related=[Location(path=first.origin, label=f"`{first.service}` has it already")],
        )


def _suggested(service: str) -> str:
    name = service.upper().replace("-", "_")
    return f"{name}_HOST" if name[0].isalpha() else f"OLLAMA_HOST_{name}"


RULE = Rule(code="CG808", slug="need-variable", severity=Severity.ERROR, check=check, doc=__doc__, bad=BAD, good=GOOD)
