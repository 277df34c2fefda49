"""Keys under `compose:` do not go together, or one lacks the other.

## What happens

Compose refuses the whole file, so nothing of that host starts, when an app says the same twice and differently, or
leaves out what the rest asks for:

* neither `image` nor `build`; `dockerfile` beside `dockerfile_inline`; a `platform` that its `build` leaves out;
* `networks` beside `network_mode`;
* `container_name` for more than one container (`scale`, `deploy.replicas`), or two numbers of them;
* `cpus`, `mem_limit`, `pids_limit` or `mem_reservation` beside a `deploy.resources` that says something else, or
  nothing, of the same thing;
* `count` beside `device_ids` of one request for devices;
* two mounts at one place, of which one is a `tmpfs`; a long form without `target`, a bind mount without `source`;
* options of a volume that is `external`.

## What to do

Say it once, in one of the two places.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from composegen.findings import Finding, Location, Severity
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._compose import Written, at_path, found, written
from composegen.rules._formats import bytes_of, number_of, target_of
from composegen.suggestion import cut
from composegen.topology import App

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      network_mode: host
      networks: [front]  # expect: CG806
      mem_limit: 1g  # expect: CG806
      deploy: {resources: {limits: {memory: 2g}}}
  db:
    host: box
    compose: {restart: always}  # expect: CG806
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      network_mode: host
      deploy: {resources: {limits: {memory: 2g}}}
  db:
    host: box
    compose: {image: "example/db:7.0", restart: always}
"""

_SAME = (
    ("cpus", ("limits", "cpus"), number_of),
    ("mem_limit", ("limits", "memory"), bytes_of),
    ("pids_limit", ("limits", "pids"), number_of),
    ("mem_reservation", ("reservations", "memory"), bytes_of),
)
"""Keys that stand below `deploy.resources` as well, and what makes the two comparable."""

_NEEDED = (("ports", "target"), ("volumes", "target"), ("devices", "target"))
_REQUESTS = (("gpus", "*"), ("deploy", "resources", "reservations", "devices", "*"))


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per key that another one forbids, or that lacks another one."""
    for part in written(plan):
        if isinstance(part.owner, App):
            yield from _image(part)
            yield from _networks(part, part.owner)
            yield from _number(part)
            yield from _limits(part)
            yield from _external(part.owner)
        yield from _build(part)
        yield from _long_forms(part)
        yield from _mounts(plan, part)


def _image(part: Written) -> Iterator[Finding]:
    if not part.keys.get("image") and part.keys.get("build") is None and part.keys.get("provider") is None:
        empty = "image" in part.keys
        yield RULE.finding(
            f"{part.whose} has neither `image` nor `build`",
            at=part.at("image") if empty else part.at(),
            part="value" if empty else "key",
            expected="the `image` to run, or a `build`",
        )


def _networks(part: Written, app: App) -> Iterator[Finding]:
    if part.keys.get("network_mode") and "networks" in part.keys and (part.keys["networks"] or app.needs):
        yield _clash(part, ("networks",), ("network_mode",), "is on no other network")


def _number(part: Written) -> Iterator[Finding]:
    """Of the containers."""
    scale, replicas = part.keys.get("scale"), at_path(part.keys, "deploy", "replicas")
    path: KeyPath = ("scale",) if scale is not None else ("deploy", "replicas")
    number = number_of(scale if scale is not None else replicas)
    if scale is not None and replicas is not None and number != number_of(replicas):
        yield _clash(part, ("scale",), ("deploy", "replicas"), "says another number")
    if number is not None and number > 1 and part.keys.get("container_name"):
        yield _clash(part, ("container_name",), path, "asks for several containers, which cannot share a name")


def _limits(part: Written) -> Iterator[Finding]:
    for key, (section, name), value_of in _SAME:
        stated = value_of(part.keys.get(key))
        there = at_path(part.keys, "deploy", "resources", section)
        if stated and isinstance(there, Mapping) and value_of(there.get(name)) != stated:
            path = ("deploy", "resources", section, *((name,) if name in there else ()))
            yield _clash(part, (key,), path, "says something else" if name in there else f"leaves `{name}` out")


def _build(part: Written) -> Iterator[Finding]:
    build, platform = part.keys.get("build"), part.keys.get("platform")
    if not isinstance(build, Mapping):
        return
    if build.get("dockerfile") and build.get("dockerfile_inline"):
        yield _clash(part, ("build", "dockerfile_inline"), ("build", "dockerfile"), "is the other one")
    platforms = build.get("platforms")
    if platform and platforms and platform not in platforms:
        yield _clash(part, ("platform",), ("build", "platforms"), "leaves it out")


def _long_forms(part: Written) -> Iterator[Finding]:
    for key, needed in _NEEDED:
        for path, value in found(part.keys, (key, "*")):
            if isinstance(value, Mapping) and needed not in value:
                yield _lack(part, path, needed)
            elif isinstance(value, Mapping) and value.get("type") == "bind" and not value.get("source"):
                yield _lack(part, path, "source")
    for path, value in found(part.keys, ("develop", "watch", "*")):
        if isinstance(value, Mapping) and not value.get("target") and value.get("action") not in ("rebuild", "restart"):
            yield _lack(part, path, "target")
    for pattern in _REQUESTS:
        for path, value in found(part.keys, pattern):
            if isinstance(value, Mapping) and "count" in value and "device_ids" in value:
                yield _clash(part, (*path, "count"), (*path, "device_ids"), "lists the devices")


def _mounts(plan: Plan, part: Written) -> Iterator[Finding]:
    """A `tmpfs` where something else is mounted."""
    taken: dict[str, KeyPath] = {
        mount.target: instance.container.origin
        for instance in plan.instances
        if instance.service is part.owner
        for mount in instance.container.mounts
    }
    for path, value in found(part.keys, ("volumes", "*")):
        taken[posixpath.normpath(target_of(value))] = part.at(*path)
    tmpfs = part.keys.get("tmpfs")
    listed = list(found(part.keys, ("tmpfs", "*"))) if not isinstance(tmpfs, str) else [(("tmpfs",), tmpfs)]
    for path, value in listed:
        target = str(value).partition(":")[0]
        if target in taken:
            yield RULE.finding(
                f"{part.whose} has two mounts at `{cut(target)}`",
                at=part.at(*path),
                expected="one mount at each place",
                related=[Location(path=taken[target], label="the other mount")],
            )
        taken[target] = part.at(*path)


def _external(app: App) -> Iterator[Finding]:
    for name, options in app.volumes.items():
        if options and options.get("external") in (True, "true"):
            for key in options:
                if key not in ("external", "name") and not key.startswith("x-"):
                    yield RULE.finding(
                        f"volume `{name}` of app `{app.name}` is `external`, so `{key}` cannot be set",
                        at=app.at("volumes", name, key),
                        part="key",
                        expected="only `name` beside `external`",
                        related=[Location(path=app.at("volumes", name, "external"), label="made by somebody else")],
                    )


def _clash(part: Written, key: KeyPath, other: KeyPath, why: str) -> Finding:
    return RULE.finding(
        f"`{_shown(key)}` of {part.whose} does not go with `{_shown(other)}`",
        at=part.at(*key),
        part="key",
        expected="one of the two, or the same in both" if "else" in why or "number" in why else "one of the two",
        related=[Location(path=part.at(*other), part="key", label=why)],
    )


def _lack(part: Written, path: KeyPath, needed: str) -> Finding:
    return RULE.finding(
        f"an entry under `{_shown(path[:-1])}` of {part.whose} has no `{needed}`",
        at=part.at(*path),
        expected=f"a `{needed}`",
    )


def _shown(path: KeyPath) -> str:
    return ".".join(str(key) for key in path)


RULE = Rule(
    code="CG806", slug="compose-exclusive", severity=Severity.ERROR, check=check, doc=__doc__, bad=BAD, good=GOOD
)
