"""What a change of Traefik's own files does.

Traefik watches the folder of its dynamic files and takes over what changed in them when the parsed configuration is
another one (`pkg/provider/file`, `pkg/server/configurationwatcher.go`). Its static file it reads at its start only, and
Compose does not look into mounted files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from composegen.changes import Action
from composegen.impact import causes, routing
from composegen.impact.causes import Cause
from composegen.impact.changed import Changed, Pair
from composegen.impact.compose import Verdict
from composegen.impact.differences import differences
from composegen.impact.hosts import is_renamed
from composegen.impact.model import Difference, Effect, Impact, Risk
from composegen.impact.routing import DYNAMIC, STATIC
from composegen.impact.wording import words
from composegen.plan import Plan

SERVICE = "traefik"

_COMES_OR_GOES = frozenset({Effect.CREATE, Effect.REMOVE})
_FIELDS = {
    "retry": "retry",
    "middlewares": "admin",
    "tls": "tls",
    "entryPoints": "entrypoint",
    "rule": "hostname",
    "sticky": "sticky",
}


def impacts(host: Changed, plan: Plan | None, verdicts: Mapping[str, Verdict]) -> Iterator[Impact]:
    """One for each of Traefik's files that changes."""
    for file, pair in host.files.items():
        if pair.action is Action.KEEP:
            continue
        if file.startswith(DYNAMIC):
            yield _dynamic(host, file, pair, plan, verdicts.get(SERVICE))
        elif file == STATIC:
            yield _static(host, pair, plan, verdicts.get(SERVICE))


def risks(hosts: Iterable[Changed], plan: Plan | None) -> Iterator[Risk]:
    """What clients must be told: where TLS comes or goes, the URLs that they have lead nowhere."""
    if plan is None or plan.gateway is None:
        return
    encrypted, cause = plan.gateway.spec.tls is not None, causes.of_gateway(plan, "tls")
    if routing.switches_tls([pair.data for pair in _dynamic_pairs(hosts)], on=encrypted):
        yield Risk(
            host=plan.gateway.host.name,
            message=f"once Traefik has its new file, clients need {plan.gateway.url}: "
            f"{'http' if encrypted else 'https'}:// leads nowhere then",
            cause=cause.at if cause else None,
            grave=False,
        )


def _dynamic_pairs(hosts: Iterable[Changed]) -> Iterator[Pair]:
    """The dynamic files that change, on whatever host: the gateway may move, and its file be called otherwise."""
    pairs = (pair for host in hosts for file, pair in host.files.items() if file.startswith(DYNAMIC))
    return (pair for pair in pairs if pair.action is not Action.KEEP)


def _dynamic(host: Changed, file: str, pair: Pair, plan: Plan | None, of_service: Verdict | None) -> Impact:
    """A Traefik that comes or goes on this host, if only under another project name, takes nothing over."""
    found = differences(*pair.data)
    told, cause = _told(found, pair, plan) if found else ([], None)
    other = of_service if of_service and (of_service.effect in _COMES_OR_GOES or is_renamed(host)) else None
    return Impact(
        host=host.name,
        file=host.path(file),
        subject=SERVICE if other and found else "",
        action=pair.action,
        effect=Effect.NONE if not found else other.effect if other else Effect.HOT_RELOAD,
        differences=found,
        summary=", ".join([*told, *_whose(plan)]) if found else pair.nothing,
        cause=cause.at if cause else None,
        by_older=cause.older if cause else False,
    )


def _whose(plan: Plan | None) -> Iterator[str]:
    """A Traefik that somebody else runs reads the file where that somebody puts it."""
    if plan is not None and plan.gateway is not None and plan.gateway.container is None:
        yield "once your Traefik has the file"


def _static(host: Changed, pair: Pair, plan: Plan | None, of_service: Verdict | None) -> Impact:
    found = differences(*pair.data)
    anew = of_service is not None and of_service.effect is not Effect.NONE
    cause = causes.of_gateway(plan) if found else None
    return Impact(
        host=host.name,
        file=host.path(STATIC),
        subject=SERVICE,
        action=pair.action,
        effect=of_service.effect if anew and of_service else Effect.RESTART if found else Effect.NONE,
        differences=found,
        summary="read when the container starts" if anew else _first(found) or pair.nothing,
        cause=cause.at if cause else None,
    )


def _first(found: Sequence[Difference]) -> str:
    return f"{words(found[0])}; Traefik reads it only when it starts" if found else ""


def _told(found: Sequence[Difference], pair: Pair, plan: Plan | None) -> tuple[list[str], Cause | None]:
    """What to say of all differences, and where the first of them comes from."""
    if pair.before is None or pair.after is None:
        return ["routes the models" if pair.before is None else "routes nothing any more"], causes.of_gateway(plan)
    found = routing.telling(found)
    said = routing.told(found)
    cause = causes.of_servers(plan, _urls(found, pair.data[1])) or _of_field(plan, found)
    return said[:3] + ([f"and {len(said) - 3} more"] if len(said) > 3 else []), cause or causes.of_gateway(plan)  # noqa: PLR2004


def _urls(found: Sequence[Difference], after: Any) -> Iterator[str]:
    """The servers that the differences are about, by their URLs."""
    for one in found:
        if routing.is_server(one):
            yield from (str(side.get("url", "")) for side in (one.after, one.before) if isinstance(side, dict))
        elif "servers" in one.path:
            entry = after
            for step in one.path[:-1]:
                entry = entry[step]
            yield str(entry.get("url", ""))


def _of_field(plan: Plan | None, found: Sequence[Difference]) -> Cause | None:
    """The field of the gateway that a difference follows from, by the words of its path."""
    for one in found:
        for part in one.path:
            if (field := _FIELDS.get(str(part))) is not None:
                return causes.of_gateway(plan, field)
            if part == "strategy":
                return causes.of_gateway(plan, "balance")
    return None
