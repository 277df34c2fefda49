"""A variable that begins with OLLAMA_ is none that Ollama knows.

## What happens

Ollama ignores variables that it does not know, without a word: the setting has simply no effect. With a mistyped
name the default stays in force, and nobody notices until memory or time runs out. This is an error where a known
name is near, and a warning where none is (a newer Ollama may know more than composegen).

Names that look plausible and do not exist: `OLLAMA_API_BASE_URL` (the registry of a model is part of its name), and
anything that would give the server a password: it has none, which is what `gateway.admin` is for.

## What to do

Correct the name, or remove the variable. Variables of your own that Ollama should pass on need no `OLLAMA_`.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._ollama_variables import KNOWN, REMOVED
from composegen.rules._values import keys_of_services
from composegen.suggestion import nearest

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    environment:
      OLLAMA_KEEPALIVE: 30m  # expect: CG703
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    environment:
      OLLAMA_KEEP_ALIVE: 30m
"""

_PREFIX = "OLLAMA_"


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per unknown variable; an error when it looks like a known one."""
    for name, at in keys_of_services(plan):
        if not name.startswith(_PREFIX) or name in KNOWN or name in REMOVED:
            continue
        near = nearest(name.removeprefix(_PREFIX), {known.removeprefix(_PREFIX) for known in KNOWN})
        yield RULE.finding(
            f"Ollama knows no variable `{name}` and would ignore it",
            at=at,
            part="key",
            expected="a variable that Ollama reads",
            hint=f"did you mean `{_PREFIX}{near}`?" if near else "",
            severity=Severity.ERROR if near else Severity.WARNING,
        )


RULE = Rule(
    code="CG703",
    slug="unknown-variable",
    severity=Severity.ERROR,
    milder=Severity.WARNING,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
