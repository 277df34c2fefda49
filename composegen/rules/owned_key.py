"""A Compose key under `compose:` is one that composegen writes itself.

## What happens

Under a service, `compose:` adds keys that composegen does not know. For a key that it writes (the image, the ports,
the mounts, the health check, ...) there would be two values, and whichever wins, the other is lost: a replaced
`volumes` takes the model store away, a replaced `healthcheck` never turns healthy. For an app, composegen writes
`depends_on` from what stands under `needs`. And for both, keys that name something at the top of the Compose file
(`configs`, `secrets`, ...) would name something that is not there.

## What to do

Use the field of the topology that means the same. To overrule composegen on purpose, write the key into a
`compose.override.yaml` beside the generated file: Compose merges it, and composegen never touches it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import App, Service

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    compose:
      cpus: 4
      mem_limit: 8g  # expect: CG802
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    memory: 8GiB
    compose:
      cpus: 4
"""

OWNED: Mapping[str, str] = {
    "image": "`image` of the service",
    "container_name": "",
    "entrypoint": "",
    "command": "",
    "environment": "`environment` of the service",
    "env_file": "`environment` of the service",
    "ports": "`port` in the placement",
    "volumes": "`store` of the service",
    "healthcheck": "",
    "depends_on": "",
    "restart": "",
    "stop_grace_period": "",
    "logging": "",
    "deploy": "`memory` of the service, `gpus` and `instances` in the placement",
    "scale": "`instances` in the placement",
    "mem_limit": "`memory` of the service",
    "memswap_limit": "`memory` of the service",
    "gpus": "`gpus` in the placement",
    "devices": "`gpus` in the placement",
    "runtime": "`gpus` in the placement",
    "network_mode": "",
    "networks": "",
    "profiles": "",
    "extends": "",
}
"""Compose keys that composegen writes for an instance, or on which what it writes depends: what to use instead."""


OWNED_BY_THE_FILE = frozenset({"configs", "secrets", "models", "extends", "profiles"})
"""Compose keys that name something at the top of the file or in another one, or that would take it out of the file."""


def check(plan: Plan) -> Iterator[Finding]:
    """Each key of a service or an app that is composegen's."""
    for service in plan.topology.services.values():
        yield from (_owned(service, key) for key in service.compose if key in OWNED)
        yield from _outside(service, "service", OWNED_BY_THE_FILE - OWNED.keys())
    for app in plan.topology.apps.values():
        yield from _of_app(app)


def _owned(service: Service, key: str) -> Finding:
    instead = OWNED[key]
    return RULE.finding(
        f"composegen decides on `{key}` of service `{service.name}` itself",
        at=service.at("compose", key),
        part="key",
        expected=instead or "a key that composegen leaves to you",
        hint="" if instead else "a compose.override.yaml beside the generated file may overrule it",
    )


def _outside(owner: Service | App, noun: str, keys: frozenset[str]) -> Iterator[Finding]:
    """Keys that name something at the top of the file."""
    for key in owner.compose:
        if key in keys:
            yield RULE.finding(
                f"`{key}` of {noun} `{owner.name}` would refer to a part of the Compose file that composegen does not "
                "write",
                at=owner.at("compose", key),
                part="key",
                hint="write it, with what it refers to, into a compose.override.yaml beside the generated file",
            )


def _of_app(app: App) -> Iterator[Finding]:
    yield from _outside(app, "app", OWNED_BY_THE_FILE)
    if "depends_on" in app.compose:
        yield RULE.finding(
            f"composegen decides on `depends_on` of app `{app.name}` itself",
            at=app.at("compose", "depends_on"),
            part="key",
            expected="`needs` of the app, which also knows services and other hosts",
        )


RULE = Rule(
    code="CG802",
    slug="owned-key",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
