"""What the plan says of each service is what Docker Compose does: random changes, judged by Compose's own hashes.

`docker-compose config --hash` sees the definition of a service. It does not see that of volumes and networks, nor that
of a container whose namespaces a service shares; for these the test goes by Compose's own view of the whole file.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from composegen.impact.model import Effect, Review
from composegen.pipeline import Compiled
from composegen.plan import HostPlan
from tests.impacting import between, changed, order
from tests.properties.effort import SEED, examples
from tests.properties.mutations import dump, structural
from tests.sampling import FOLDER, SAMPLES, compile_text
from tests.tools import compose, hashes

pytestmark = pytest.mark.tool

Known = dict[bytes, "Truth"]
ANEW = {Effect.CREATE, Effect.RECREATE}


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What Compose makes of the file of one host. Services that `up` does not run are left out."""

    folder: Path
    secrets: tuple[str, ...]
    data: Mapping[str, Any]
    """The file as it stands."""

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """The hash of each service that runs."""
        if not self.data:
            return {}
        found = hashes.of_services(self.folder, self.secrets)
        return {name: one for name, one in found.items() if _is_run(self.data["services"][name])}

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The whole file as Compose understands it."""
        return compose.config(self.folder, self.secrets)


NOTHING = Truth(folder=Path(), secrets=(), data={})


def test_who_is_made_anew_is_who_compose_makes_anew(tmp_path: Path) -> None:
    chance, tried, anew = random.Random(SEED), 0, 0  # noqa: S311 - nothing secret comes from it
    known: Known = {}
    for old, new, text in _pairs(chance):
        review = between(old, new, old_plan=chance.random() < 0.5)
        told = {(one.host, one.subject) for one in review.impacts if one.effect in ANEW and one.subject}
        expected = _expected(old, new, review, tmp_path, known)
        assert told == expected, f"seed {SEED}, change {tried}: {sorted(told ^ expected)}\n{text}"
        tried, anew = tried + 1, anew + len(expected)
        if tried == examples(40):
            break
    print(f"{tried} random changes, {anew} containers made anew")  # noqa: T201 - how much was tried is part of the result
    assert anew > tried / 2, "too little happens in these changes to judge by them"


def _pairs(chance: random.Random) -> Iterator[tuple[Compiled, Compiled, str]]:
    """Two topologies without errors, the second made from the first by a few random changes."""
    while True:
        sample = chance.choice(SAMPLES)
        data, waiting = copy.deepcopy(_data(sample)), chance.random() < 0.2
        for _ in range(chance.choice((0, 0, 1, 3))):
            data = changed(data, chance) or data
        if waiting:
            order(data, chance)
        old = compile_text(dump(data), folder=FOLDER / sample)
        if old.tree is None:
            continue
        for _ in range(chance.choice((1, 1, 2, 4))):
            data = changed(data, chance) or data
        if waiting:
            order(data, chance)
        text = structural(data, chance).text if chance.random() < 0.3 else dump(data)
        if ".inf" in text or ".nan" in text:  # no number for Compose
            continue
        new = compile_text(text, folder=FOLDER / sample)
        if new.tree is not None and new.tree != old.tree:
            yield old, new, text


@cache
def _data(sample: str) -> Any:
    return yaml.safe_load((FOLDER / sample / "topology.yaml").read_text(encoding="utf-8"))


def _expected(old: Compiled, new: Compiled, review: Review, folder: Path, known: Known) -> set[tuple[str, str]]:
    """Host and service of each container that is made anew: by `up`, or as a command before it takes all down."""
    assert old.plan is not None
    assert new.plan is not None
    was = {rename.after: rename.before for rename in review.renames if not rename.host}
    down = {one.host for one in review.actions if "docker compose down" in one.command}
    before = {host.name: _truth(old, host, folder, known) for host in old.plan.hosts}
    found = set()
    for host in new.plan.hosts:
        after = _truth(new, host, folder, known)
        anew = _anew(before.get(was.get(host.name, host.name), NOTHING), after, host)
        found |= {(host.name, name) for name in (after.hashes if host.name in down else anew)}
    return found


def _truth(compiled: Compiled, host: HostPlan, folder: Path, known: Known) -> Truth:
    """Each file is in a folder of its own, below that in which it is on its host: mounts are relative to that."""
    assert compiled.tree is not None
    entry = compiled.tree.get(PurePosixPath(host.name, "compose.yaml"))
    if entry is None:
        return NOTHING
    mark = host.directory.encode() + entry.data
    if mark not in known:
        place = folder / str(len(known))
        place.mkdir()
        (place / "compose.yaml").write_bytes(entry.data.replace(b"source: ./", f"source: {host.directory}/".encode()))
        known[mark] = Truth(folder=place, secrets=host.secrets, data=yaml.safe_load(entry.data))
    return known[mark]


def _is_run(service: Mapping[str, Any]) -> bool:
    return service.get("scale") != 0 and service.get("deploy", {}).get("replicas") != 0


def _anew(before: Truth, after: Truth, host: HostPlan) -> set[str]:
    if before is after:
        return set()
    if before.data and before.data["name"] != after.data.get("name"):
        return set(after.hashes)
    found = {
        name for name, one in after.hashes.items() if before.hashes.get(name) != one or _grows(before, after, name)
    }
    # From Compose 5.2 on a network is made anew under containers that stay what they are.
    kinds = ("volumes",) if host.spec.docker.compose == "5.6" else ("volumes", "networks")
    for kind in kinds:
        if before.data.get(kind) and before.data[kind] != after.data.get(kind):
            old, new = before.config.get(kind) or {}, after.config.get(kind) or {}
            other = {name for name in old if name in new and old[name] != new[name]}
            found |= {name for name in after.hashes if other & set(_uses(after.config["services"][name], kind))}
    while True:
        more = {name for name in after.hashes if _shares(after.data["services"][name]) & found} - found
        if not more:
            return found
        found |= more


def _grows(before: Truth, after: Truth, name: str) -> bool:
    """Whether `up` starts more containers of a service, beside those that stay."""
    old, new = (_containers(truth.data["services"][name]) for truth in (before, after))
    return old < new


def _containers(service: Mapping[str, Any]) -> int:
    stated = service.get("scale", service.get("deploy", {}).get("replicas", 1))
    assert isinstance(stated, int)
    return stated


def _uses(service: Mapping[str, Any], kind: str) -> Iterator[str]:
    if kind == "networks":
        yield from service.get("networks") or ()
    else:
        yield from (mount["source"] for mount in service.get("volumes", ()) if mount["type"] == "volume")


def _shares(service: Mapping[str, Any]) -> set[str]:
    modes = (str(service.get(key, "")) for key in ("network_mode", "ipc", "pid"))
    return {mode.removeprefix("service:") for mode in modes if mode.startswith("service:")}
