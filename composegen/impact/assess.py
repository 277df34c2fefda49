"""From the changes of files to the whole answer: what they do to what runs, why, and what is to be done beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from msgspec.structs import replace

from composegen.changes import Action, Change, Changes, Conflict
from composegen.impact import capacity, causes, files, gateway, hostfiles, hosts, moves, risks, steps, wording
from composegen.impact.causes import Cause
from composegen.impact.changed import Changed, of_hosts
from composegen.impact.compose import LOST, TAKEN_DOWN, UNSEEN, Verdict, taken_down, verdicts
from composegen.impact.model import Difference, Effect, HostAction, Impact, Rename, Review, When
from composegen.impact.stack import FILE, is_run
from composegen.plan import Plan

_OLDEST = "2.20"
"""The Compose on hosts of which nothing is known."""

_ROLLOUT = PurePosixPath("rollout.sh")
_SHOWN = 3


def assess(changes: Changes, plan: Plan | None = None, old_plan: Plan | None = None) -> Review:
    """What the changes do. `plan` and `old_plan` are those of the topology after and before, as far as they are known.

    Only files that differ are read.
    """
    found = moves.joined(of_hosts(changes, plan, old_plan))
    touched = [(host, _verdicts(host)) for host in found if host.is_touched]
    front = _front(plan)
    todo = [step for host, _ in touched for step in hosts.steps(host, front)]
    impacts = [impact for host, own in touched for impact in _impacts(host, own, plan)]
    by_name = {host.name: host for host, _ in touched}
    met = {host.name: own for host, own in touched}
    restarts = [impact for impact in impacts if impact.host and files.needs_restart(impact, met[impact.host])]
    todo += [_restart(by_name[impact.host], impact) for impact in restarts]
    todo += [_remake(host, name) for host, own in touched for name, one in own.items() if one.why.startswith(UNSEEN)]
    todo += [_again(host, name) for host, own in touched for name, one in own.items() if one.why.startswith(LOST)]
    met |= {one.host: {**met[one.host], one.subject: Verdict(effect=one.effect)} for one in restarts}
    still = {host.name: _untouched(host, met.get(host.name)) for host in found}
    todo_in_order = steps.ordered(todo)
    renames = tuple(moves.renames(found))
    rollout = _rollout(changes, todo_in_order, [one for one in renames if one.host])
    by_host = ((host, met.get(host.name, {})) for host in found)
    return Review(
        impacts=(*impacts, *files.of_everybody(changes)),
        actions=todo_in_order,
        risks=(*risks.risks([host for host, _ in touched]), *gateway.risks((host for host, _ in touched), plan)),
        capacities=tuple(capacity.capacities(by_host, plan, old_plan, renames, rollout)),
        renames=renames,
        edited={change.path: _edits(change) for change in changes.items if change.conflict is Conflict.EDITED},
        foreign=tuple(change.path for change in changes.items if change.conflict is Conflict.FOREIGN),
        unchanged=sum(still.values()),
        unchanged_on=still,
        added=tuple(host.name for host, _ in touched if host.is_new),
        removed=tuple(host.name for host, _ in touched if host.is_gone),
    )


def _front(plan: Plan | None) -> str:
    """What the gateway has by the time a host leaves, in words; "" without one."""
    if plan is None or plan.gateway is None:
        return ""
    if plan.gateway.container is None:
        return "first see that your Traefik has its new file, so that no request goes there"
    return f"{plan.gateway.host.name} has its new files by now, so no request goes there"


def _verdicts(host: Changed) -> Mapping[str, Verdict]:
    version = host.spec.docker.compose if host.spec else _OLDEST
    found = verdicts(host.before, host.after, version)
    return taken_down(host.before, host.after, found) if hosts.goes_down(host) else found


def _impacts(host: Changed, own: Mapping[str, Verdict], plan: Plan | None) -> Iterator[Impact]:
    """Everything of one host: services first, then files; of a host that goes only what ran."""
    pair = host.files.get(FILE)
    differs = pair is not None and pair.action is not Action.KEEP
    if differs and not (host.before.readable and host.after.readable):
        yield _unreadable(host)
    elif own:
        yield from (_of_service(host, name, verdict, plan) for name, verdict in own.items())
    elif differs:
        yield _of_file(host, "comment only" if host.was == host.name else "nothing that runs changes")
    if not host.is_gone:
        yield from gateway.impacts(host, plan, own)
        yield from hostfiles.impacts(host, plan)
        yield from files.impacts(host, own)
    elif not own:
        yield _of_file(host, "nothing runs there")


def _of_service(host: Changed, name: str, verdict: Verdict, plan: Plan | None) -> Impact:
    before, after = host.before.services.get(name), host.after.services.get(name)
    action = Action.CREATE if before is None else Action.DELETE if after is None else Action.UPDATE
    cause = _cause(host, name, verdict, plan)
    return Impact(
        host=host.name,
        file=host.path(FILE),
        subject=name,
        action=action,
        effect=verdict.effect,
        differences=tuple(_explained(host, name, one, verdict, plan) for one in _by_weight(verdict.differences)),
        summary=_summary(verdict, after or {}),
        why=verdict.why,
        cause=cause.at if cause else None,
        by_older=cause.older if cause else False,
    )


def _explained(host: Changed, service: str, difference: Difference, verdict: Verdict, plan: Plan | None) -> Difference:
    """The same, in words (none where others have said it) and with its place in the topology."""
    cause = causes.of_difference(host, service, difference, plan)
    return replace(
        difference,
        summary="" if wording.follows(difference, verdict.differences) else wording.words(difference),
        cause=cause.at if cause else None,
        by_older=cause.older if cause else False,
    )


def _summary(verdict: Verdict, after: Mapping[str, object]) -> str:
    if verdict.effect is Effect.CREATE and not verdict.differences:
        return wording.created(after)
    found = verdict.differences
    said = [wording.words(difference) for difference in _by_weight(found) if not wording.follows(difference, found)]
    parts = [part for part in (verdict.why, *said[:_SHOWN]) if part]
    return ", ".join(parts) + (f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else "")


_FIRST = ("image", "volumes", "ports", "deploy", "devices", "gpus", "environment", "command")


def _by_weight(differences: Sequence[Difference]) -> Sequence[Difference]:
    """What people look for first comes first."""

    def rank(difference: Difference) -> int:
        key = difference.path[0] if difference.path else ""
        return _FIRST.index(key) if key in _FIRST else len(_FIRST)

    return sorted(differences, key=rank)


def _cause(host: Changed, name: str, verdict: Verdict, plan: Plan | None) -> Cause | None:
    if named := causes.of_name(host):
        return named
    if verdict.volume:
        return causes.of_definition(host, verdict.volume)
    if verdict.why == TAKEN_DOWN and (store := causes.of_store(host)):
        return store
    if not verdict.differences:
        return causes.of_presence(host, name, plan)
    return causes.of_difference(host, name, _by_weight(verdict.differences)[0], plan)


def _of_file(host: Changed, summary: str) -> Impact:
    pair = host.files.get(FILE)
    action = pair.action if pair else Action.DELETE
    return Impact(host=host.name, file=host.path(FILE), action=action, effect=Effect.NONE, summary=summary)


def _unreadable(host: Changed) -> Impact:
    """A Compose file that was edited into something else: the worst is assumed."""
    return Impact(
        host=host.name,
        file=host.path(FILE),
        action=Action.UPDATE,
        effect=Effect.RECREATE,
        summary="the file that is there is no Compose file, so what runs cannot be told",
    )


def _restart(host: Changed, impact: Impact) -> steps.Step:
    command = f"docker compose restart {impact.subject}"
    reason = f"{impact.file.name} is read only at the start, and `up` sees no change"
    return steps.in_folder(steps.Phase.AFTER, host, command, reason)


def _again(host: Changed, service: str) -> steps.Step:
    command = f"docker compose restart {service}"
    reason = "it shares the network of a container that starts again, and `up` does not see that"
    return steps.in_folder(steps.Phase.AFTER, host, command, reason)


def _remake(host: Changed, service: str) -> steps.Step:
    command = f"docker compose up -d --no-deps --force-recreate {service}"
    return steps.in_folder(steps.Phase.AFTER, host, command, "what it uses is not part of what Compose compares")


def _rollout(changes: Changes, todo: Sequence[HostAction], renames: Sequence[Rename]) -> str:
    """The command that replaces instances one by one; "" where the tree has none, or others must be stopped before."""
    there = any(change.path == _ROLLOUT and change.after is not None for change in changes.items)
    if not there or renames or any(action.when is When.BEFORE_FILES for action in todo):
        return ""
    brought = any(action.when is When.BEFORE_UP for action in todo)
    return f"sh {_ROLLOUT}" if brought else f"sh {_ROLLOUT} --copy"


def _edits(change: Change) -> int:
    """In how many lines a file differs from what is planned."""
    before, after = (entry.data.splitlines() if entry else [] for entry in (change.before, change.after))
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(code[2] - code[1], code[4] - code[3]) for code in codes if code[0] != "equal")


def _untouched(host: Changed, own: Mapping[str, Verdict] | None) -> int:
    """How many services of a host go on as they are."""
    if own is None and host.plan is not None:
        return sum(one.role.value != "adopter" for one in host.plan.containers)
    quiet = {name for name, verdict in (own or {}).items() if verdict.effect is not Effect.NONE}
    running = (name for name, service in host.after.services.items() if is_run(service))
    return sum(name not in quiet for name in running)
