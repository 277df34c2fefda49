"""An app needs an app of another host.

## What happens

`needs` an app means that Compose starts that one first, and Compose knows only the containers of its own host. It
refuses a file that says otherwise (`depends on undefined service`), so nothing of that host starts. Between hosts
there is nothing to wait by either: composegen knows how to ask a service for its models, but not what an app answers.

## What to do

Run both apps on one host. Or take the need out, give the app the other's address in its `environment`, and let it try
again until the other answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule

BAD = """\
name: demo
hosts:
  one: {address: 10.0.0.1}
  two: {address: 10.0.0.2}
services:
  chat: {hosts: {one: 1}}
apps:
  page:
    host: one
    needs: [chat, db]  # expect: CG804
    compose: {image: "example/page:1.0"}
  db:
    host: two
    compose: {image: "example/db:7.0"}
"""
GOOD = """\
name: demo
hosts:
  one: {address: 10.0.0.1}
  two: {address: 10.0.0.2}
services:
  chat: {hosts: {one: 1}}
apps:
  page:
    host: one
    needs: [chat]
    compose:
      image: "example/page:1.0"
      environment: {DATABASE: "10.0.0.2:27017"}
  db:
    host: two
    compose: {image: "example/db:7.0", ports: ["10.0.0.2:27017:27017"]}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each need of an app that runs elsewhere."""
    apps, services = plan.topology.apps, plan.topology.services
    for app in apps.values():
        for index, need in enumerate(app.needs):
            other = apps.get(need.service)
            if other is None or need.service in services or other.host == app.host:
                continue
            yield RULE.finding(
                f"app `{app.name}` on host `{app.host}` needs app `{other.name}`, which runs on host `{other.host}`",
                at=app.at("needs", index),
                expected="an app of the same host",
                hint="Compose waits only for what runs beside it; give the app the address, and let it try again",
                related=[Location(path=other.at("host"), label=f"`{other.name}` runs there")],
            )


RULE = Rule(
    code="CG804",
    slug="app-out-of-reach",
    severity=Severity.ERROR,
    essential=True,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
    basis=Basis.ENTRIES,
)
