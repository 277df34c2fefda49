"""Containers that are there, and what those of a service have met between two looks at them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from composegen.impact.model import Effect
from tests.engines.lab import Lab

Effects = Mapping[tuple[str, str], Effect]
"""By host and service; who is not touched is left out."""

_FOLDER = "com.docker.compose.project.working_dir"
_SERVICE = "com.docker.compose.service"


@dataclass(frozen=True, kw_only=True)
class Container:
    """One that is there. `folder` is that of its host."""

    folder: str
    service: str
    identity: str
    started: str
    running: bool


def below(lab: Lab, folder: Path) -> list[Container]:
    """Every container of a Compose project whose folder is below that."""
    told = lab.docker("ps", "--all", "--no-trunc", "--format", f'{{{{.ID}}}} {{{{.Label "{_FOLDER}"}}}}')
    words = (line.split() for line in told.splitlines())
    found = [word[0] for word in words if len(word) > 1 and word[1].startswith(f"{folder}/")]
    return [
        Container(
            folder=one["Config"]["Labels"][_FOLDER],
            service=one["Config"]["Labels"][_SERVICE],
            identity=one["Id"],
            started=one["State"]["StartedAt"],
            running=one["State"]["Running"],
        )
        for one in json.loads(lab.docker("inspect", *found) if found else "[]")
    ]


def effects(before: Iterable[Container], after: Iterable[Container], folders: Mapping[str, str]) -> Effects:
    """What each service has met; hosts are told by the folders of their projects."""
    old, new = _by_service(before, folders), _by_service(after, folders)
    found = {place: _effect(old.get(place, []), new.get(place, [])) for place in {*old, *new}}
    return {place: effect for place, effect in found.items() if effect is not Effect.NONE}


def _by_service(containers: Iterable[Container], folders: Mapping[str, str]) -> dict[tuple[str, str], list[Container]]:
    found: dict[tuple[str, str], list[Container]] = {}
    for one in containers:
        found.setdefault((folders[one.folder], one.service), []).append(one)
    return found


def _effect(before: Collection[Container], after: Collection[Container]) -> Effect:
    """What the containers of one service have met; that `up` starts what has run once and ended is nothing."""
    old, new = ({one.identity: one for one in side} for side in (before, after))
    match bool(old.keys() - new.keys()), bool(new.keys() - old.keys()):
        case True, True:
            return Effect.RECREATE
        case True, False:
            return Effect.REMOVE
        case False, True:
            return Effect.CREATE
    again = any(old[identity].running and one.started != old[identity].started for identity, one in new.items())
    return Effect.RESTART if again else Effect.NONE
