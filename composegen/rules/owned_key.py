"""A Compose key under `compose:` is one that composegen writes itself.

## What happens

Under a service, `compose:` adds keys that composegen does not know. For a key that it writes (the image, the ports,
the mounts, the health check, ...) there would be two values, and whichever wins, the other is lost: a replaced
`volumes` takes the model store away, a replaced `healthcheck` never turns healthy. For an app, composegen writes
`depends_on` entries for what stands under `needs`.

## What to do

Use the field of the topology that means the same. To overrule composegen on purpose, write the key into a
`compose.override.yaml` beside the generated file: Compose merges it, and composegen never touches it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from composegen.findings import Finding, Location, Severity
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


def check(plan: Plan) -> Iterator[Finding]:
    """Each key of a service that is composegen's, and each dependency of an app that `needs` states already."""
    for service in plan.topology.services.values():
        yield from (_owned(service, key) for key in service.compose if key in OWNED)
    for app in plan.topology.apps.values():
        yield from _dependencies(plan, app)


def _owned(service: Service, key: str) -> Finding:
    instead = OWNED[key]
    return RULE.finding(
        f"composegen decides on `{key}` of service `{service.name}` itself",
        at=service.at("compose", key),
        part="key",
        expected=instead or "a key that composegen leaves to you",
        hint="" if instead else "a compose.override.yaml beside the generated file may overrule it",
    )


def _dependencies(plan: Plan, app: App) -> Iterator[Finding]:
    stated = app.compose.get("depends_on") or ()
    names = list(stated)
    written = {
        dependency.container
        for container in plan.host(app.host).containers
        if container.spec is app
        for dependency in container.dependencies
    }
    for index, name in enumerate(names):
        if name in written:
            by_name = isinstance(stated, Mapping)
            yield RULE.finding(
                f"`needs` of app `{app.name}` makes it depend on `{name}` already",
                at=app.at("compose", "depends_on", name if by_name else index),
                part="key" if by_name else "value",
                related=[Location(path=app.at("needs"), label="stated here")],
                expected="each dependency in one of the two places",
            )


RULE = Rule(code="CG802", slug="owned-key", severity=Severity.ERROR, check=check, doc=__doc__ or "", bad=BAD, good=GOOD)
