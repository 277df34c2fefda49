"""The other files: scripts and Modelfiles that containers mount, and pages and scripts for people.

Compose does not look into mounted files. What must take effect at once has a label of its own in the service, so that
the container is made anew (`composegen.modelfiles`); what runs once and ends reads its script at each `up`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from composegen.changes import Action, Changes
from composegen.findings import Location
from composegen.impact.changed import Changed, Pair, of_all
from composegen.impact.compose import Verdict
from composegen.impact.hostfiles import FIREWALL, NFS, means_something
from composegen.impact.model import Effect, Impact
from composegen.impact.normal import is_own_file, mounts
from composegen.impact.routing import DYNAMIC, STATIC
from composegen.impact.stack import FILE, is_run

_ELSEWHERE = (NFS, FIREWALL, DYNAMIC)
_FOR = {
    "migrate-models.sh": "run by hand, once",
    ".gitattributes": "for git",
    "compose-farm.yaml": "for compose-farm",
}
"""What files are for that no container reads."""


def impacts(host: Changed, verdicts: Mapping[str, Verdict]) -> Iterator[Impact]:
    """One for each file of a host that nothing else speaks of."""
    for file, pair in host.files.items():
        if pair.action is Action.KEEP or file in (FILE, STATIC) or file.startswith(_ELSEWHERE):
            continue
        yield _impact(host, file, pair, verdicts)


def of_everybody(changes: Changes) -> Iterator[Impact]:
    """One for each file of no single host."""
    for path, action in of_all(changes):
        use = _FOR.get(path.name, "for people")
        yield Impact(host="", file=path, action=action, effect=Effect.NONE, summary=use)


def needs_restart(impact: Impact, verdicts: Mapping[str, Verdict]) -> bool:
    """Whether somebody must restart a service for a file to take effect, as `up` does nothing to it."""
    met = verdicts.get(impact.subject)
    return impact.effect is Effect.RESTART and impact.file.name != FILE and (met is None or met.effect is Effect.NONE)


def _impact(host: Changed, file: str, pair: Pair, verdicts: Mapping[str, Verdict]) -> Impact:
    readers = _readers(host, file)
    anew = [name for name in readers if name in verdicts and verdicts[name].effect is not Effect.NONE]
    stay = [name for name in readers if name not in anew and _goes_on(host, name)] if means_something(pair) else []
    effect = Effect.RESTART if stay else verdicts[anew[0]].effect if anew else Effect.NONE
    return Impact(
        host=host.name,
        file=host.path(file),
        action=pair.action,
        subject=next(iter((*stay, *anew)), ""),
        effect=effect,
        summary=_summary(file, pair, readers, (*stay, *anew)),
        cause=_cause(host, file),
    )


def _goes_on(host: Changed, name: str) -> bool:
    """Whether a service runs before and after, and is no one-shot, which `up` starts again whenever it has ended."""
    service = host.after.services.get(name)
    return is_run(service) and name in host.before.services and (service or {}).get("restart") not in ("no", False)


def _summary(file: str, pair: Pair, readers: Sequence[str], now: Sequence[str]) -> str:
    if not means_something(pair):
        return pair.nothing
    if file in _FOR:
        return _FOR[file]
    if now:
        return f"read by {', '.join(now)}"
    return f"read by {', '.join(readers)} at the next `up`" if readers else "nothing reads it"


def _readers(host: Changed, file: str) -> list[str]:
    """The services that mount a file, after the change or before it."""
    return [
        name
        for name, service in {**host.before.services, **host.after.services}.items()
        if any(_holds(str(mount.get("source", "")), file) for mount in mounts(service.get("volumes")))
    ]


def _holds(source: str, file: str) -> bool:
    """Whether a mount is this file of the host's folder, or a folder in which it is."""
    if not is_own_file(source):
        return False
    place = source.removeprefix("./").rstrip("/")
    return place in ("", ".", file) or file.startswith(f"{place}/")


def _cause(host: Changed, file: str) -> Location | None:
    """The place that names a file of the user's."""
    copied = next((one for one in host.plan.files if one.path == file), None) if host.plan else None
    return Location(path=copied.origin) if copied else None
