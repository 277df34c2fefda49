"""A variable that Ollama no longer reads.

## What happens

Nothing: Ollama ignores it without a word. Whoever relies on it has lost what it did.

| variable | not read since | instead |
|---|---|---|
| `OLLAMA_RUNNERS_DIR` | 0.3.11 | |
| `OLLAMA_TMPDIR` | 0.5.2 | |
| `OLLAMA_MAX_VRAM` | 0.7.0 | `OLLAMA_GPU_OVERHEAD` keeps some memory of each GPU free |
| `OLLAMA_NEW_ESTIMATES` | 0.11.11 | it is the rule now |
| `OLLAMA_INTEL_GPU` | 0.12.11 | Intel GPUs work through Vulkan |
| `OLLAMA_MULTIUSER_CACHE`, `OLLAMA_NEW_ENGINE` | 0.30.0 | |

## What to do

Remove it.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._ollama_variables import REMOVED
from composegen.rules._values import keys_of_services

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    environment:
      OLLAMA_MAX_VRAM: 8589934592  # expect: CG704
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    environment:
      OLLAMA_GPU_OVERHEAD: 536870912
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per variable that has no effect any more."""
    for name, at in keys_of_services(plan):
        if name in REMOVED:
            since, instead = REMOVED[name]
            yield RULE.finding(
                f"Ollama does not read `{name}` since {since}",
                at=at,
                part="key",
                expected="no such variable",
                hint=instead,
            )


RULE = Rule(
    code="CG704",
    slug="removed-variable",
    severity=Severity.WARNING,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
