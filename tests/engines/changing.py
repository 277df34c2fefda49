"""A set-up that is changed again and again: what `composegen diff` says of a change, and what its containers then do.

The output folder is beside the hosts' own folders, and files come from the one into the others as people bring them:
nothing that is gone from the tree is deleted there. Before and after, commands of the plan are run; `up` on hosts that
change.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable
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
from tests.engines import containers
from tests.engines.containers import Container, Effects
from tests.engines.lab import Lab
from tests.engines.moved import Topology
from tests.engines.site import override

OF_CONTAINERS = (Effect.REMOVE, Effect.RECREATE, Effect.CREATE, Effect.RESTART)
HOME = "box"
QUICK = {"start_period": "3s", "interval": "1s", "retries": 3}


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

    def read(self, name: str) -> str:
        """What that file says."""
        return (self.folder / name).read_text()

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
            by_up=containers.effects(before, between, folders),
            in_all=containers.effects(before, after, folders),
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
        assert done.returncode == 0, done.stderr + self.lab.compose(self.host(host), "logs", "--tail", "9").stdout
        return done.stderr

    def run(self, review: Review, when: When) -> str:
        """The commands for that time, without those for NFS and the firewall: hosts are no machines here."""
        wanted = [one for one in review.actions if one.when is when and not _is_for_machines(one)]
        return "".join(self.lab.must("sh", "-ec", f"( {one.command} ) 2>&1") for one in wanted)

    def containers(self) -> list[Container]:
        """Every container of every host."""
        return containers.below(self.lab, self.folder)

    def edit(self, host: str, name: str, old: str, new: str) -> None:
        """Another text in a file that was rendered, in the output folder and on the host."""
        for file in (self.output / host / name, self.host(host) / name):
            assert old in file.read_text()
            file.write_text(file.read_text().replace(old, new))

    def address(self, host: str, service: str) -> str:
        """The address of a container in its network."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        return self.lab.docker("inspect", "--format", form, self.container(host, service).identity).split()[0]

    def effects(self, before: Iterable[Container]) -> Effects:
        """What the containers have met since then."""
        return containers.effects(before, self.containers(), self.folders)

    def container(self, host: str, service: str) -> Container:
        """The only one of a service."""
        (found,) = (one for one in self.containers() if one.folder == str(self.host(host)) and one.service == service)
        return found

    def close(self) -> None:
        """Remove everything."""
        if found := [one.identity for one in self.containers()]:
            self.lab.docker("rm", "--force", "--volumes", *found)
        for kind, project in product(("network", "volume"), self.projects):
            mark = f"label=com.docker.compose.project={project}"
            if wanted := self.lab.docker(kind, "ls", "--quiet", "--filter", mark).split():
                self.lab.docker(kind, "rm", *wanted)

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
                beside.replace(target)
        if not (folder / "compose.yaml").exists():
            return
        content = yaml.safe_load((folder / "compose.yaml").read_text())
        self.lab.stand_ins(one["image"] for one in content["services"].values())
        own = override(content, self.folder / "stores")
        instances = [one for one in content["services"] if re.fullmatch(r"(ollama|pool)-\d", one)]
        for one in instances:
            own.setdefault("services", {}).setdefault(one, {})["healthcheck"] = QUICK
        (folder / "compose.override.yaml").write_text(yaml.safe_dump(own))
        self._name_project(name)

    def _name_project(self, name: str) -> None:
        """All hosts are on one engine, so only one has the name that is in its file."""
        assert self.plan is not None
        project = self.plan.topology.name
        if name != HOME:
            project = f"{project}-{self.host(name).name}"
            (self.host(name) / ".env").write_text(f"COMPOSE_PROJECT_NAME={project}\n")
        self.projects.add(project)


def _is_for_machines(action: HostAction) -> bool:
    return "sudo " in action.command
