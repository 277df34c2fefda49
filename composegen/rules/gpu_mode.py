"""The way in which a host hands over its GPUs does not suit their vendor.

## What happens

Device reservations, `gpus:` and the `nvidia` runtime all end in NVIDIA's container toolkit. With GPUs of AMD or Intel
Docker refuses the container (`could not select device driver`). Their way is the device nodes: `/dev/kfd` and
`/dev/dri` for AMD, `/dev/dri` for Intel. NVIDIA's GPUs, in turn, need more than their device nodes: the toolkit brings
the driver's libraries.

## What to do

Leave `mode` out: the default works for each vendor. `cdi` (devices described in `/etc/cdi`) is for NVIDIA and AMD.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule

BAD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus:
      vendor: amd
      devices: ["0"]
      mode: reservation  # expect: CG214
services:
  chat:
    hosts: {box: 1}
"""
GOOD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus:
      vendor: amd
      devices: ["0"]
      mode: devices
services:
  chat:
    hosts: {box: 1}
"""
MODES = {
    "nvidia": ("reservation", "gpus", "runtime", "cdi"),
    "amd": ("devices", "cdi"),
    "intel": ("devices",),
}


def check(plan: Plan) -> Iterator[Finding]:
    """Each mode that its vendor does not know."""
    for name, host in plan.topology.hosts.items():
        gpus = host.gpus
        if gpus is not None and gpus.mode is not None and gpus.mode not in MODES[gpus.vendor]:
            yield RULE.finding(
                f"mode `{gpus.mode}` does not work with the `{gpus.vendor}` GPUs of host `{name}`",
                at=gpus.at("mode"),
                expected=f"one of: {', '.join(MODES[gpus.vendor])}",
                related=[Location(path=gpus.at("vendor"), label="the vendor")],
            )


RULE = Rule(
    code="CG214",
    slug="gpu-mode",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
