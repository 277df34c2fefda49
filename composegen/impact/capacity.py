"""How much of each service goes on serving while a change is rolled out, and how that is reached."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from msgspec import Struct, field

from composegen.impact.changed import Changed
from composegen.impact.compose import Verdict
from composegen.impact.gateway import SERVICE as GATEWAY
from composegen.impact.hosts import goes_down
from composegen.impact.model import Capacity, Effect, Rename
from composegen.impact.stack import is_run
from composegen.plan import Plan

_INTERRUPTS = frozenset({Effect.RECREATE, Effect.RESTART})
_REPLACED = Verdict(effect=Effect.RECREATE)


class _Count(Struct, kw_only=True):
    """Instances of one service: those that run, those that stay, those of them that are interrupted, those that come.

    `moved`: the interrupted ones that the gateway looks for elsewhere as soon as it has its file. `together`: the most
    of the others that go down in one step, by the host. `hosts`: where one goes or is interrupted.
    """

    total: int = 0
    kept: int = 0
    interrupted: int = 0
    new: int = 0
    moved: int = 0
    together: dict[str, int] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)


def capacities(
    hosts: Iterable[tuple[Changed, Mapping[str, Verdict]]],
    plan: Plan | None,
    old_plan: Plan | None,
    renames: Iterable[Rename],
    rollout: str,
) -> Iterator[Capacity]:
    """One for each service of which fewer serve than before, for a while or for good.

    `rollout` is the command that replaces instances one by one, "" where there is none.
    """
    services = {name for one in (plan, old_plan) if one for name in one.topology.services}
    called: dict[str, dict[str, str]] = {}
    for one in renames:
        called.setdefault(one.host, {})[one.before] = one.after
    counts: dict[str, _Count] = {}
    for host, verdicts in hosts:
        if host.is_touched:
            behind = plan is not None and plan.gateway is not None and plan.gateway.host.name != host.name
            _touched(counts, host, verdicts, called.get(host.name, {}), services, behind=behind)
        for instance in host.plan.instances if host.plan and not host.is_touched else ():
            count = counts.setdefault(instance.service.name, _Count())
            count.total += 1
            count.kept += 1
    for name, count in sorted(counts.items()):
        found = _capacity(name, count, rollout)
        if found.serving < found.total:
            yield found


def _touched(
    counts: dict[str, _Count],
    host: Changed,
    verdicts: Mapping[str, Verdict],
    called: Mapping[str, str],
    services: Container[str],
    *,
    behind: bool,
) -> None:
    """Count the containers of a host with changes; `called` are new names by the old, `behind` the gateway of another.

    Of a container with a new name the old one goes before the new one comes, with all others of their host.
    """
    down = goes_down(host)
    for name in dict.fromkeys((*host.before.services, *host.after.services)):
        whose = _service(host, called.get(name, name), services)
        if whose is None or name in called.values():
            continue
        verdict = _REPLACED if name in called else verdicts.get(name)
        _add(counts.setdefault(whose, _Count()), host, name, verdict, behind=behind, down=down or name in called)


def _add(count: _Count, host: Changed, name: str, verdict: Verdict | None, *, behind: bool, down: bool) -> None:
    """Count one more container; `down`: it is stopped together with others of its host."""
    effect = verdict.effect if verdict else Effect.NONE
    if effect is Effect.CREATE:
        count.new += 1
    if not is_run(host.before.services.get(name)):
        return
    count.total += 1
    if effect is Effect.REMOVE:
        count.hosts.add(host.name)
        return
    count.kept += 1
    if not (down or effect in _INTERRUPTS):
        return
    count.hosts.add(host.name)
    count.interrupted += 1
    if behind and verdict and any(difference.path[:1] == ("ports",) for difference in verdict.differences):
        count.moved += 1
    else:
        count.together[host.name] = count.together.get(host.name, 0) + 1 if down else 1


def _capacity(name: str, count: _Count, rollout: str) -> Capacity:
    most = max(count.together.values(), default=0)
    return Capacity(
        service=name,
        serving=count.kept - count.moved - most,
        total=count.total,
        at_once=count.kept - count.interrupted,
        afterwards=count.kept + count.new,
        how=_how(count, most, rollout),
        hosts=frozenset(count.hosts),
    )


def _how(count: _Count, most: int, rollout: str) -> str:
    """What `serving` rests on; "" where nothing else is possible."""
    if count.moved:
        return "as the gateway looks for the others at their new URLs at once"
    if most == count.interrupted:
        return ""
    return "one host after the other" if most > 1 else f"one by one{f' ({rollout})' if rollout else ''}"


def _service(host: Changed, name: str, services: Container[str]) -> str | None:
    """The service of the topology whose instance this is (or the gateway); None for everything else."""
    for plan in (host.plan, host.old_plan):
        for instance in plan.instances if plan else ():
            if instance.name == name:
                return instance.service.name
    whose, _, number = name.rpartition("-")
    if name == GATEWAY:
        return GATEWAY
    return whose if number.isdecimal() and whose in services else None
