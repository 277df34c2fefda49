"""A set-up that is changed again and again: what `composegen diff` says of a change, and what its containers then do.

The output folder is beside the hosts' own folders, and files come from the one into the others as people bring them:
nothing that is gone from the tree is deleted there. Then the commands of the plan are run, and `up` on hosts that change.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import yaml

from composegen import changes as decisions
from composegen import pipeline
from composegen.cli.difference import Difference, difference
from composegen.impact.model import Effect, HostAction, Review, When
from composegen.io import disk
from composegen.io.source import open_topology
from composegen.manifest import Lock, owned
from composegen.plan import Plan
from tests.engines.lab import Lab
from tests.engines.moved import Topology

Effects = Mapping[tuple[str, str], Effect]
"""By host and service; who is not touched is left out."""

OF_CONTAINERS = (Effect.REMOVE, Effect.RECREATE, Effect.CREATE, Effect.RESTART)
QUICK = {"start_period": "3s", "interval": "1s", "retries": 3}

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


@dataclass(frozen=True, kw_only=True)
class Happened:
    """A change: what was said of it, what `up` did to the containers, and what they had met in the end."""

    review: Review
    said: str
    """What Compose said."""
    by_up: Effects
    in_all: Effects
    stopped: Collection[str]
    """Services that do not run in the end, though they should."""

    @property
    def planned(self) -> Effects:
        """What the review says of containers."""
        found: dict[tuple[str, str], Effect] = {}
        for impact in self.review.impacts:
            place = (impact.host, impact.subject)
            if impact.subject and impact.effect in OF_CONTAINERS:
                found[place] = min(impact.effect, found.get(place, impact.effect), key=OF_CONTAINERS.index)
        return found

    @property
    def planned_by_up(self) -> Effects:
        """The same without what the review has a command for that is run afterwards."""
        later = [action for action in self.review.actions if action.when is When.AFTER_UP]
        left = {(action.host, action.command.split()[-1]) for action in later if " docker compose " in action.command}
        return {place: effect for place, effect in self.planned.items() if place not in left}


@dataclass(kw_only=True)
class Changing:
    """Hosts whose folders are below `hosts`; the topology of what runs is `topology`."""

    lab: Lab
    folder: Path
    topology: Topology = field(default_factory=dict)
    plan: Plan | None = None
    projects: set[str] = field(default_factory=set)
    """The names of all Compose projects that there were."""
    folders: dict[str, str] = field(default_factory=dict)
    """The hosts by the folders that they have or had: a container that is not touched stays one of the old folder."""

    @property
    def output(self) -> Path:
        """The output folder."""
        return self.folder / "output"

    def host(self, name: str) -> Path:
        """The folder of a host."""
        assert self.plan is not None
        return Path(self.plan.host(name).directory)

    def put(self, name: str, text: str) -> None:
        """A file of the user's beside the topology."""
        (self.folder / name).write_text(text)

    def review(self, topology: Topology) -> Difference:
        """What `composegen diff` works with, for the output folder as it is."""
        file = self.folder / "topology.yaml"
        file.write_text(yaml.safe_dump(topology, sort_keys=False))
        opened = open_topology(str(file), ())
        compiled = pipeline.compile(opened.source, opened.world)
        found = difference(opened, compiled, str(self.output), None)
        assert found is not None, compiled.findings
        return found

    def change(self, topology: Topology) -> Happened:
        """Roll it out: commands, files, commands, `up`, commands."""
        found = self.review(topology)
        before, folders = self.containers(), self._folders(found)
        said = self.run(found.review, When.BEFORE_FILES)
        self.write(found)
        said += self.run(found.review, When.BEFORE_UP)
        said += "".join(self.up(host) for host in found.review.hosts if host and self._is_to_be_up(host))
        between = self.containers()
        said += self.run(found.review, When.AFTER_UP)
        after = self.containers()
        return Happened(
            review=found.review,
            said=said,
            by_up=_effects(before, between, folders),
            in_all=_effects(before, after, folders),
            stopped=[one.service for one in after if not one.running and not one.service.endswith("-init")],
        )

    def write(self, found: Difference) -> None:
        """Render into the output folder, and bring the files to the hosts."""
        assert found.compiled.plan is not None
        written = disk.read_lock(self.output).files
        changes = decisions.compare(found.planned, disk.read(self.output, [*found.planned, *written]), written)
        disk.apply(self.output, changes, Lock(files=owned(found.planned)))
        self.topology, self.plan = yaml.safe_load((self.folder / "topology.yaml").read_text()), found.compiled.plan
        self.lab.hosts([host.spec.bind or host.spec.address for host in self.plan.hosts])
        for host in self.plan.hosts:
            self._bring(host.name)

    def up(self, host: str, *arguments: str) -> str:
        """What the run book says; what Compose said. AssertionError when it fails."""
        done = self.lab.compose(self.host(host), "up", "-d", "--remove-orphans", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def run(self, review: Review, when: When) -> str:
        """The commands for that time, without those for NFS and the firewall: hosts are no machines here."""
        wanted = [one for one in review.actions if one.when is when and not _is_for_machines(one)]
        return "".join(self.lab.must("sh", "-ec", f"( {one.command} ) 2>&1") for one in wanted)

    def containers(self) -> list[Container]:
        """Every container of every host."""
        told = json.loads(self.lab.docker("inspect", *found) if (found := self._identities()) else "[]")
        return [
            Container(
                folder=one["Config"]["Labels"][_FOLDER],
                service=one["Config"]["Labels"][_SERVICE],
                identity=one["Id"],
                started=one["State"]["StartedAt"],
                running=one["State"]["Running"],
            )
            for one in told
        ]

    def container(self, host: str, service: str) -> Container:
        """The only one of a service."""
        (found,) = (one for one in self.containers() if one.folder == str(self.host(host)) and one.service == service)
        return found

    def close(self) -> None:
        """Remove everything."""
        if found := self._identities():
            self.lab.docker("rm", "--force", "--volumes", *found)
        for kind, project in product(("network", "volume"), self.projects):
            mark = f"label=com.docker.compose.project={project}"
            if wanted := self.lab.docker(kind, "ls", "--quiet", "--filter", mark).split():
                self.lab.docker(kind, "rm", *wanted)

    def _identities(self) -> list[str]:
        told = self.lab.docker("ps", "--all", "--no-trunc", "--format", f'{{{{.ID}}}} {{{{.Label "{_FOLDER}"}}}}')
        words = (line.split() for line in told.splitlines())
        return [word[0] for word in words if len(word) > 1 and word[1].startswith(f"{self.folder}/")]

    def _folders(self, found: Difference) -> dict[str, str]:
        """The names of the hosts, as the review has them, by every folder."""
        assert found.compiled.plan is not None
        renamed = {one.before: one.after for one in found.review.renames if not one.host}
        self.folders = {directory: renamed.get(name, name) for directory, name in self.folders.items()}
        self.folders |= {host.directory: host.name for host in found.compiled.plan.hosts}
        return self.folders

    def _is_to_be_up(self, host: str) -> bool:
        return (self.output / host / "compose.yaml").exists()

    def _bring(self, name: str) -> None:
        """Each file comes in one step, as by rsync or git; then what is the user's own."""
        folder = self.host(name)
        for file in sorted((self.output / name).rglob("*")):
            if file.is_file():
                target = folder / file.relative_to(self.output / name)
                target.parent.mkdir(parents=True, exist_ok=True)
                beside = target.with_name(f".{target.name}.new")
                shutil.copy(file, beside)
                os.replace(beside, target)
        if not (folder / "compose.yaml").exists():
            return
        services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
        self.lab.stand_ins(one["image"] for one in services.values())
        quick = {one: {"healthcheck": QUICK} for one in services if one.startswith("ollama-") and one[-1].isdigit()}
        (folder / "compose.override.yaml").write_text(yaml.safe_dump({"services": quick} if quick else {}))
        self._name_project(name)

    def _name_project(self, name: str) -> None:
        """All hosts are on one engine, so only the first one has the name that is in its file."""
        assert self.plan is not None
        project = self.plan.topology.name
        if name != self.plan.hosts[0].name:
            project = f"{project}-{name}"
            (self.host(name) / ".env").write_text(f"COMPOSE_PROJECT_NAME={project}\n")
        self.projects.add(project)


def _effects(before: Iterable[Container], after: Iterable[Container], folders: Mapping[str, str]) -> Effects:
    old, new = _by_service(before, folders), _by_service(after, folders)
    found = {place: _effect(old.get(place, []), new.get(place, [])) for place in {*old, *new}}
    return {place: effect for place, effect in found.items() if effect is not Effect.NONE}


def _by_service(
    containers: Iterable[Container], folders: Mapping[str, str]
) -> dict[tuple[str, str], list[Container]]:
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


def _is_for_machines(action: HostAction) -> bool:
    return "sudo " in action.command
