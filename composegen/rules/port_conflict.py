"""A port of a host is published twice.

## What happens

Docker starts the first container and refuses the second with `port is already allocated`, after half of the host is
up. Everything that takes a port counts: the instances of every service (instance k has `port` + k - 1), the gateway
(also one that composegen does not run) and the `ports` of apps. A port on `0.0.0.0` or `::` takes it on every address
of its family; one without address takes it on all. Two different addresses of a host may use the same port.

## What to do

Give one of them another `port`. composegen moves nothing by itself, so that adding an instance never
renumbers another; the finding names ports that are free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from composegen.findings import Basis, Finding, Location, Severity
from composegen.keypath import KeyPath
from composegen.plan import Binding, HostPlan, Plan
from composegen.rules import Rule
from composegen.rules._addresses import overlap

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 2}
  code:
    hosts: {box: {port: 11435}}  # expect: CG201
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 2}
  code:
    hosts: {box: {port: 11436}}
"""

Owner = tuple[KeyPath | str, KeyPath]
"""Whose port it is, and the node of the topology that sets it: the ports of one placement go together."""


def check(plan: Plan) -> Iterator[Finding]:
    """One finding for each node that takes ports which an earlier one has."""
    for host in plan.hosts:
        sections = {container.name: container.spec.origin for container in host.containers}
        ports: dict[Owner, list[Binding]] = {}
        published = (binding for container in host.containers for binding in container.bindings)
        # What composegen does not run comes first: it is the newcomer that has to move.
        for binding in (*host.reserved, *published):
            ports.setdefault((sections.get(binding.owner, binding.owner), binding.origin), []).append(binding)
        suggested: set[int] = set()
        for again, earlier in _clashes(ports).items():
            base = _free(ports, again, suggested)
            suggested |= set(range(base, base + len(ports[again]))) if base else set()
            yield _finding(
                host, [b for b in ports[again] if _taken(b, earlier)], earlier, _hint(base, len(ports[again]))
            )


def _clashes(ports: dict[Owner, list[Binding]]) -> dict[Owner, list[Binding]]:
    """Per owner the ports of earlier owners that it takes again."""
    seen: dict[tuple[int, str], list[Binding]] = {}
    found: dict[Owner, list[Binding]] = {}
    for owner, bindings in ports.items():
        for binding in bindings:
            before = seen.get((binding.port, binding.protocol), ())
            clashing = [other for other in before if overlap(other.address, binding.address)]
            if clashing:
                found.setdefault(owner, []).extend(clashing)
        for binding in bindings:
            seen.setdefault((binding.port, binding.protocol), []).append(binding)
    return found


def _taken(binding: Binding, earlier: Sequence[Binding]) -> bool:
    return any(other.port == binding.port and other.protocol == binding.protocol for other in earlier)


def _free(ports: dict[Owner, list[Binding]], owner: Owner, suggested: set[int]) -> int | None:
    """The next port above, else the first from 1024, with as many free ones after it as the owner takes."""
    taken = suggested | {b.port for other, bindings in ports.items() if other != owner for b in bindings}
    count, lowest = len(ports[owner]), min(binding.port for binding in ports[owner])
    candidates = chain(range(lowest + 1, 65537 - count), range(1024, lowest))
    return next((base for base in candidates if taken.isdisjoint(range(base, base + count))), None)


def _hint(base: int | None, count: int) -> str:
    if base is None:
        return ""
    return f"port {base} is free there" if count == 1 else f"ports {base} to {base + count - 1} are free there"


def _finding(host: HostPlan, again: Sequence[Binding], earlier: Sequence[Binding], hint: str) -> Finding:
    numbers = sorted({binding.port for binding in again})
    protocol = "" if again[0].protocol == "tcp" else f"/{again[0].protocol}"
    ports = f"port {numbers[0]}{protocol}" if len(numbers) == 1 else f"ports {_listed(numbers)}{protocol}"
    first = {other.origin: other for other in earlier}
    owners = " and by ".join(dict.fromkeys((*(_who(b, earlier) for b in earlier), _who(again[0], again))))
    return RULE.finding(
        f"{ports} of host `{host.name}` {'is' if len(numbers) == 1 else 'are'} published by {owners}",
        at=_port(again[0]),
        related=[
            Location(path=_port(other), label=f"also published here, by {_who(other, earlier)}")
            for other in first.values()
        ],
        hint=hint,
    )


def _who(binding: Binding, bindings: Sequence[Binding]) -> str:
    """The container; the service, where several of its containers are meant."""
    if len({other.owner for other in bindings if other.origin == binding.origin}) > 1:
        return f"service `{binding.origin[1]}`"
    return f"`{binding.owner}`" if " " not in binding.owner else binding.owner


def _port(binding: Binding) -> KeyPath:
    """The key that sets the port, where the plan points at the section around it."""
    origin = binding.origin
    return (*origin, "port") if origin[:1] == ("services",) or origin[-1:] == ("entrypoint",) else origin


def _listed(numbers: Sequence[int]) -> str:
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(str(number) for number in numbers)


RULE = Rule(
    code="CG201",
    slug="port-conflict",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.NAMED,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
