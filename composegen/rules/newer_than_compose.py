"""Something that is asked for is newer than the Docker Compose of its host.

## What happens

An older Compose refuses the whole file (`Additional property ... is not allowed`), so nothing of that host starts;
or it takes the key and leaves it out of the container, which is worse. composegen by itself writes only what
Compose 2.20 reads.

| asked for | Compose |
|---|---|
| `healthcheck.start_interval` | 2.20.2 |
| `develop` | 2.22.0 |
| `build.ulimits` | 2.23.1 |
| `ports.app_protocol`, `subpath` of a volume | 2.26.0 |
| `build.entitlements` | 2.27.0 |
| `networks.driver_opts` in a service | 2.27.1 |
| GPU modes `gpus` and `cdi`; `gpus`, `post_start`, `pre_stop` | 2.30.0 |
| `label_file` | 2.32.0 |
| `networks.gw_priority` | 2.33.0 |
| `enable_ipv4` of a network | 2.33.1 |
| `provider`, `subpath` of an image | 2.35.0 |
| `networks.interface_name` | 2.36.0 |
| `use_api_socket` | 2.37.1 |
| `models` | 2.38.0 |
| `build.provenance`, `build.sbom` | 2.39.0 |
| `pre_start` | 5.3.0 |

## What to do

See what the host has with `docker compose version`, and state it in `hosts.<h>.docker.compose`. If it really is
older, do without: GPU mode `reservation` works with every Compose.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Basis, Finding, Location, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._docker import gpu_modes, keys
from composegen.versions import COMPOSE_GPU_MODE, COMPOSE_NETWORK, COMPOSE_SERVICE, at_least

BAD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus: {vendor: nvidia, devices: ["0"], mode: gpus}  # expect: CG502
services:
  chat: {hosts: {box: 1}}
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      post_start: [{command: /bin/true}]  # expect: CG502
"""
GOOD = """\
name: demo
hosts:
  box:
    address: 10.0.0.1
    gpus: {vendor: nvidia, devices: ["0"], mode: gpus}
    docker: {compose: "2.30"}
services:
  chat: {hosts: {box: 1}}
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      post_start: [{command: /bin/true}]
"""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each thing asked for, and each host that is too old for it."""
    for asked in (*gpu_modes(plan, COMPOSE_GPU_MODE), *keys(plan, COMPOSE_SERVICE, COMPOSE_NETWORK)):
        host = asked.host
        if at_least(host.docker.compose, asked.since):
            continue
        yield RULE.finding(
            f"{asked.what} needs Docker Compose {asked.since}, and host `{host.name}` counts as {host.docker.compose}",
            at=asked.at,
            part="key",
            expected=f"hosts.{host.name}.docker.compose of {asked.since} or newer",
            hint=f'docker: {{compose: "{asked.since}"}}, if `docker compose version` says so on `{host.name}`',
            related=[Location(path=host.at("docker", "compose"), part="key", label="this host")],
            basis=Basis.WHOLE if asked.at[:1] == ("hosts",) else Basis.ENTRIES,
        )


RULE = Rule(
    code="CG502",
    slug="newer-than-compose",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
