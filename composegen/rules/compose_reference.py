"""Something under `compose:` names a container or a secret that is not in the Compose file of that host.

## What happens

`links`, `volumes_from`, `network_mode: service:...` (also `pid`, `ipc` and `uts`) make Compose start another container
first, so that container must be in the same file: that of the same host. Compose refuses a file in which it is not
(`depends on undefined service`), and one in which two containers wait for each other, so nothing of that host starts.
An image is built after another one (`service:` under `additional_contexts`) only if that one is built as well.
Secrets for a build are declared at the top of the file, where composegen writes none.

## What to do

Name a container of that host: an app by its name, instance k of service S as `S-k`. To name what a
`compose.override.yaml` declares, write the key there too.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from composegen.findings import Finding, Severity
from composegen.keypath import KeyPath
from composegen.plan import HostPlan, Plan
from composegen.rules import Rule
from composegen.rules._compose import Written, found, written
from composegen.suggestion import cut, did_you_mean, one_of
from composegen.topology import App

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    compose:
      pid: "service:debugger"  # expect: CG805
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      links: ["chat:models"]  # expect: CG805
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    compose:
      pid: host
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      links: ["chat-1:models"]
"""

_SERVICE = "service:"
_NAMESPACES = ("network_mode", "pid", "ipc", "uts")


class Reference(Struct, frozen=True, kw_only=True):
    """A container that must start first, by name, and where that is said."""

    name: str
    at: KeyPath


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per name that nothing bears on one of its hosts, or that leads in a circle."""
    for part in written(plan):
        for host in part.hosts:
            for reference in _references(part):
                yield from _container(plan, part, host, reference)
        yield from _build(plan, part)


def _references(part: Written) -> Iterator[Reference]:
    for path, link in found(part.keys, ("links", "*")):
        name, _, alias = str(link).partition(":")
        yield Reference(name=str(link) if ":" in alias else name, at=part.at(*path))
    for path, source in found(part.keys, ("volumes_from", "*")):
        if not str(source).startswith("container:"):
            yield Reference(name=str(source).partition(":")[0], at=part.at(*path))
    for key in _NAMESPACES:
        value = part.keys.get(key)
        if isinstance(value, str) and value.startswith(_SERVICE):
            yield Reference(name=value.removeprefix(_SERVICE), at=part.at(key))


def _container(plan: Plan, part: Written, host: HostPlan, reference: Reference) -> Iterator[Finding]:
    names = sorted(container.name for container in host.containers)
    if reference.name not in names:
        yield RULE.finding(
            f"{part.whose} names container `{cut(reference.name)}`, which does not run on host `{host.name}`",
            at=reference.at,
            expected=one_of(names),
            hint=did_you_mean(reference.name, names),
        )
        return
    own = _containers(part, host)
    if reference.name in own or own & _before(plan, host, reference.name):
        yield RULE.finding(
            f"{part.whose} and container `{reference.name}` would wait for each other in a circle",
            at=reference.at,
            expected="a container that does not itself wait for this one",
        )


def _containers(part: Written, host: HostPlan) -> set[str]:
    """The names of the containers that get these keys."""
    if isinstance(part.owner, App):
        return {part.owner.name}
    return {instance.name for instance in host.instances if instance.service is part.owner}


def _before(plan: Plan, host: HostPlan, name: str) -> set[str]:
    """What has to start before a container, however indirectly."""
    edges = {one.name: {d.container for d in one.dependencies} for one in host.containers}
    for part in written(plan):
        if host in part.hosts:
            for own in _containers(part, host):
                edges[own] |= {reference.name for reference in _references(part)}
    before: set[str] = set()
    waiting = [name]
    while waiting:
        new = edges.get(waiting.pop(), set()) - before
        before |= new
        waiting += new
    return before


def _build(plan: Plan, part: Written) -> Iterator[Finding]:
    """What a build names: secrets of the file, and other images that are built."""
    for path, secret in found(part.keys, ("build", "secrets", "*")):
        name = secret.get("source") if isinstance(secret, dict) else secret
        yield RULE.finding(
            f"the build of {part.whose} names secret `{cut(str(name))}`, which composegen does not declare",
            at=part.at(*path),
            expected="no `secrets` under `build`",
            hint="write them, with what they refer to, into a compose.override.yaml beside the generated file",
        )
    built = {app.name for app in plan.topology.apps.values() if {app.host} == _hosts(part) and app.compose.get("build")}
    for path, context in found(part.keys, ("build", "additional_contexts", "*")):
        listed = isinstance(path[-1], int)
        source = str(context).partition("=")[2] if listed else str(context)
        if source.startswith(_SERVICE) and source.removeprefix(_SERVICE) not in built:
            yield RULE.finding(
                f"the build of {part.whose} names app `{cut(source.removeprefix(_SERVICE))}`, "
                "which is not built on this host",
                at=part.at(*path),
                expected="an app of this host that has `build`",
            )


def _hosts(part: Written) -> set[str]:
    return {host.name for host in part.hosts}


RULE = Rule(
    code="CG805", slug="compose-reference", severity=Severity.ERROR, check=check, doc=__doc__, bad=BAD, good=GOOD
)
