"""Something that is asked for is newer than the Docker Engine of its host.

## What happens

Compose passes the wish on, and the Engine refuses the container when it is created (`could not select device
driver`, `requires API version ...`), after the images have been pulled. composegen by itself writes only what
Engine 20.10 accepts.

| asked for | Engine |
|---|---|
| `healthcheck.start_interval` | 25.0 |
| `subpath` of a volume | 26.0 |
| an image as a volume; `networks.gw_priority` | 28.0 |
| `networks.interface_name` | 28.1 |
| GPU mode `cdi` | 28.2 |

Engines 25 to 28.1 know CDI only after somebody has set `features.cdi` in the daemon's configuration, which
composegen cannot see; before 25 there is none.

## What to do

See what the host has with `docker version`, and state it in `hosts.<h>.docker.engine`. If it really is older, do
without: GPU mode `reservation` works with every Engine.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._docker import Asked, gpu_modes, keys
from composegen.versions import ENGINE_GPU_MODE, ENGINE_SERVICE, at_least

BAD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus: {vendor: nvidia, devices: ["0"], mode: cdi}  # expect: CG503
    docker: {engine: "27.5", compose: "2.30"}
services:
  chat: {hosts: {box: 1}}
"""
GOOD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus: {vendor: nvidia, devices: ["0"], mode: cdi}
    docker: {engine: "28.2", compose: "2.30"}
services:
  chat: {hosts: {box: 1}}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each thing asked for, and each host that is too old for it."""
    for asked in (*gpu_modes(plan, ENGINE_GPU_MODE), *keys(plan, ENGINE_SERVICE, {})):
        host = asked.host
        if at_least(host.docker.engine, asked.since):
            continue
        yield RULE.finding(
            f"{asked.what} needs Docker Engine {asked.since}, and host `{host.name}` counts as {host.docker.engine}",
            at=asked.at,
            part="key",
            expected=f"hosts.{host.name}.docker.engine of {asked.since} or newer",
            hint=_hint(asked),
            related=[Location(path=host.at("docker", "engine"), part="key", label="this host")],
            basis=Basis.WHOLE if asked.at[:1] == ("hosts",) else Basis.ENTRIES,
        )


def _hint(asked: Asked) -> str:
    if asked.what == "GPU mode `cdi`" and at_least(asked.host.docker.engine, "25.0"):
        return "before 28.2 CDI is there only after it was switched on in the daemon; `reservation` always works"
    return f'docker: {{engine: "{asked.since}"}}, if `docker version` says so on `{asked.host.name}`'


RULE = Rule(
    code="CG503",
    slug="newer-than-engine",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
