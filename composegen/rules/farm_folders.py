"""The folders of the hosts do not fit compose-farm.

## What happens

`agents: [compose-farm]` asks for a `compose-farm.yaml`. compose-farm knows one folder for everything (`compose_dir`),
the same on all hosts, and in it one folder per stack, whose name is the stack's. Each host is a stack of its own,
because its files are. Two hosts with the same folder, as `directory` has it by default, would be one stack with one
host's files; a folder elsewhere would not be found. A host cannot be called `all`, which is compose-farm's word for
every host.

## What to do

Give each host a `directory` of its own below one folder, best by its name: then the whole tree can be brought to that
folder as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from composegen.findings import Finding, Location, Severity
from composegen.plan import HostPlan, Plan
from composegen.rules import Rule

BAD = """\
name: demo
agents: [compose-farm]
hosts:
  far: {address: 10.0.0.2, ssh: ops@10.0.0.2}
  near: {address: 10.0.0.1, ssh: ops@10.0.0.1}  # expect: CG207
services:
  chat:
    hosts: {near: 1, far: 1}
"""
GOOD = """\
name: demo
agents: [compose-farm]
hosts:
  far: {address: 10.0.0.2, ssh: ops@10.0.0.2, directory: /opt/demo/far}
  near: {address: 10.0.0.1, ssh: ops@10.0.0.1, directory: /opt/demo/near}
services:
  chat:
    hosts: {near: 1, far: 1}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each host that runs containers, beside the first one."""
    running = [host for host in plan.hosts if host.containers]
    if "compose-farm" not in plan.topology.agents:
        return
    seen: dict[str, HostPlan] = {}
    for host in running:
        folder = PurePosixPath(host.directory)
        wanted = f"directory: {PurePosixPath(running[0].directory).parent / plan.topology.name / host.name}"
        if host.name == "all":
            yield _finding("`all` is compose-farm's word for every host", host, host, "another name for the host")
        elif folder.name in seen:
            other = seen[folder.name]
            yield _finding(
                f"compose-farm would take hosts `{other.name}` and `{host.name}` for one stack: the folder of both "
                f"is called `{folder.name}`",
                host,
                other,
                f"a folder of its own for each host, such as `{wanted}`",
            )
        elif folder.parent != PurePosixPath(running[0].directory).parent:
            yield _finding(
                f"compose-farm looks for the folders of all hosts in one place; that of `{host.name}` is in "
                f"{folder.parent}, that of `{running[0].name}` in {PurePosixPath(running[0].directory).parent}",
                host,
                running[0],
                "a `directory` of each host below the same folder",
            )
        seen.setdefault(folder.name, host)


def _finding(message: str, host: HostPlan, other: HostPlan, expected: str) -> Finding:
    related = [Location(path=_place(other), label=f"`{other.name}`: {other.directory}")] if other is not host else []
    return RULE.finding(message, at=_place(host), expected=expected, related=related)


def _place(host: HostPlan) -> tuple[str | int, ...]:
    return host.spec.at("directory") if host.spec.directory is not None else host.spec.origin


RULE = Rule(
    code="CG207",
    slug="farm-folders",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
