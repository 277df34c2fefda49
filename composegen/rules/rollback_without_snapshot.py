"""An upgrade that shall go back by itself keeps nothing to go back to.

## What happens

`rollback: automatic` makes `rollout.sh` go back when a replaced instance does not turn healthy. It goes back to the
snapshot that it took first: the files and the image ids of before. With `snapshot: false` there is none, so a failed
upgrade would stop half-way just when it was meant to be undone.

## What to do

Take `snapshot: false` out, or leave `rollback` at `manual`.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 2}
    upgrade:
      snapshot: false
      rollback: automatic  # expect: CG721
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 2}
    upgrade:
      snapshot: true
      rollback: automatic
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each service that shall go back to nothing."""
    for name, service in sorted(plan.topology.services.items()):
        upgrade = service.upgrade
        if upgrade is not None and upgrade.rollback == "automatic" and not upgrade.snapshot:
            yield RULE.finding(
                f"`rollback: automatic` of service `{name}` has no snapshot to go back to",
                at=upgrade.at("rollback"),
                expected="`snapshot: true`, or `rollback: manual`",
                related=[Location(path=upgrade.at("snapshot"), label="nothing is kept")],
            )


RULE = Rule(
    code="CG721",
    slug="rollback-without-snapshot",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.ENTRIES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
