"""How much of each service goes on serving while a change is rolled out, and how that is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from composegen.impact.changed import Changed
from composegen.impact.compose import Verdict, is_run
from composegen.impact.gateway import SERVICE as GATEWAY
from composegen.impact.hosts import goes_down
from composegen.impact.model import Capacity, Effect
from composegen.plan import Plan

_INTERRUPTS = frozenset({Effect.RECREATE, Effect.RESTART})


@dataclass(kw_only=True)
class _Count:
    """Instances of one service: those that run, those that stay, those of them that are interrupted, those that come.

    `moved`: the interrupted ones that the gateway looks for elsewhere as soon as it has its file. `together`: the most
    of the others that go down in one step, by the host.
    """

    total: int = 0
    kept: int = 0
    interrupted: int = 0
    new: int = 0
    moved: int = 0
    together: dict[str, int] = field(default_factory=dict)


def capacities(
    hosts: Iterable[tuple[Changed, Mapping[str, Verdict]]], plan: Plan | None, old_plan: Plan | None, rollout: str = ""
) -> Iterator[Capacity]:
    """One for each service of which fewer serve than before, for a while or for good.

    `rollout` is the command that replaces instances one by one, "" where there is none.
    """
    services = {name for one in (plan, old_plan) if one for name in one.topology.services}
    counts: dict[str, _Count] = {}
    for host, verdicts in hosts:
        down = host.is_touched and goes_down(host)
        for name in dict.fromkeys((*host.before.services, *host.after.services)) if host.is_touched else ():
            if whose := _service(host, name, services):
                count = counts.setdefault(whose, _Count())
                _add(count, host, name, verdicts.get(name), behind=_is_behind(host, plan), down=down)
        if not host.is_touched and host.plan is not None:
            for instance in host.plan.instances:
                count = counts.setdefault(instance.service.name, _Count())
                count.total += 1
                count.kept += 1
    for name, count in sorted(counts.items()):
        one = _capacity(name, count, rollout)
        if one.serving < one.total:
            yield one


def _add(count: _Count, host: Changed, name: str, verdict: Verdict | None, *, behind: bool, down: bool) -> None:
    """Count one more container; `behind` the gateway of another host, `down`: all of the host are stopped first."""
    effect = verdict.effect if verdict else Effect.NONE
    if effect is Effect.CREATE:
        count.new += 1
    if not is_run(host.before.services.get(name)):
        return
    count.total += 1
    count.kept += effect is not Effect.REMOVE
    if effect is Effect.REMOVE or not (down or effect in _INTERRUPTS):
        return
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
    )


def _how(count: _Count, most: int, rollout: str) -> str:
    """What `serving` rests on; "" where nothing else is possible."""
    if count.moved:
        return "as the gateway looks for the others at their new URLs at once"
    if most == count.interrupted:
        return ""
    return "one host after the other" if most > 1 else f"one by one{f' ({rollout})' if rollout else ''}"


def _is_behind(host: Changed, plan: Plan | None) -> bool:
    """Whether the gateway is on another host, and so goes by the published ports."""
    return plan is not None and plan.gateway is not None and plan.gateway.host.name != host.name


def _service(host: Changed, name: str, services: Iterable[str]) -> str | None:
    """The service of the topology whose instance this is (or the gateway); None for everything else."""
    for plan in (host.plan, host.old_plan):
        for instance in plan.instances if plan else ():
            if instance.name == name:
                return instance.service.name
    whose, _, number = name.rpartition("-")
    if name == GATEWAY:
        return GATEWAY
    return whose if number.isdecimal() and whose in services else None
