"""Random valid topologies are accepted by composegen, and what it writes by every program that reads it.

A slice in each run; `PROPERTY_EXAMPLES=1000` tries as many, `PROPERTY_SEED=...` repeats a run.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from msgspec.structs import replace

from composegen import pipeline
from composegen.artifacts import Entry
from composegen.findings import Severity
from composegen.pipeline import Source
from composegen.plan import Plan
from composegen.shapes import declared, sections
from composegen.topology import Topology
from tests.properties import mutations, topologies
from tests.properties.effort import SEED, examples, tried
from tests.sampling import bare, write
from tests.tools import compose, traefik

WORLD = replace(bare(), read=lambda _: b"FROM llama3.2:3b\n", folder=lambda _: {})
MOST_BATCHES = 8
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A topology with what composegen makes of it."""

    text: str
    plan: Plan
    tree: Mapping[PurePosixPath, Entry]


def rendered(data: topologies.Data, number: int = 0) -> Rendered:
    """The topology as composegen renders it; fails with its text where that is an error."""
    text = topologies.numbered(mutations.dump(topologies.escaped(data)), number)
    compiled = pipeline.compile(Source(name="topology.yaml", data=text.encode()), WORLD)
    errors = [finding for finding in compiled.findings if finding.severity is Severity.ERROR]
    assert not errors, (errors, text)
    assert compiled.plan is not None
    assert compiled.tree is not None
    return Rendered(text=text, plan=compiled.plan, tree=compiled.tree)


@cache
def many() -> tuple[Rendered, ...]:
    """As many as are to be tried, drawn once for all consumers; more where a field or an export is left out."""
    found: list[Rendered] = []
    for further in range(MOST_BATCHES):
        _draw(SEED + further, found)
        if not untried(found) and any(host.exports for case in found for host in case.plan.hosts):
            break
    return tuple(found)


def _draw(seed: int, found: list[Rendered]) -> None:
    @hypothesis.seed(seed)
    @settings(
        max_examples=examples(50), database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(topologies.topologies())
    def draw(data: topologies.Data) -> None:
        found.append(rendered(data, len(found)))

    draw()


def untried(cases: Iterable[Rendered]) -> set[str]:
    """Fields of the language that stand in none of these."""
    names = {field.name for section in sections(Topology) for field in declared(section)}
    return names.difference(*(_keys(yaml.safe_load(case.text)) for case in cases))


@pytest.mark.slow
@tried(50)
@given(topologies.topologies())
def test_a_valid_topology_is_valid_and_its_files_can_be_read(data: topologies.Data) -> None:
    case = rendered(data)
    for path, entry in case.tree.items():
        if path.suffix == ".yaml":
            assert isinstance(yaml.safe_load(entry.data), dict), path
        assert "\r" not in entry.data.decode(), path
        assert entry.data.endswith(b"\n"), path


@pytest.mark.slow
def test_every_field_is_tried() -> None:
    wanted = {(section.__name__, field.name) for section in sections(Topology) for field in declared(section)}
    used = {(section.__name__, name) for section, name in topologies.CONTEXT}
    assert used <= wanted, "these are fields no longer"
    assert untried(many()) == set()


def _keys(data: Any) -> set[str]:
    match data:
        case dict():
            return set(data).union(*(_keys(value) for value in data.values()))
        case list():
            return set().union(*(_keys(value) for value in data))
    return set()


@pytest.mark.tool
def test_compose_accepts_every_host(tmp_path: Path) -> None:
    for number, case in enumerate(many()):
        folder = write(case.tree, tmp_path / str(number))
        for host in case.plan.hosts:
            if host.containers:
                accepted = compose.config(folder / host.name, host.secrets)
                assert set(accepted["services"]) == {container.name for container in host.containers}, case.text


@pytest.mark.tool
def test_traefik_enables_every_router(tmp_path: Path) -> None:
    dynamic, expected, entries = tmp_path / "dynamic", 0, {"probe"}
    dynamic.mkdir()
    for number, case in enumerate(many()):
        for path, entry in case.tree.items():
            if path.parts[1:3] == ("traefik", "dynamic"):
                (dynamic / f"{number}.yaml").write_bytes(entry.data)
        if case.plan.gateway is not None:
            entries.add(case.plan.gateway.spec.entrypoint.name)
            expected += sum(1 + (route.primary is not None) for route in case.plan.gateway.routes)
    assert expected
    traefik.supply(dynamic, tmp_path)
    with traefik.running(dynamic, sorted(entries), tmp_path) as running:
        told = [one for kind in ("routers", "services", "middlewares") for one in running.ask(kind)]
        routers = running.ask("routers")
        complaints = running.errors()
    assert not [one for one in told if one["status"] != "enabled"], complaints
    assert not complaints
    assert len(routers) == expected


@pytest.mark.tool
def test_every_script_is_clean(tmp_path: Path) -> None:
    scripts = {hashlib.sha256(entry.data).hexdigest(): entry for entry in _files(".sh")}
    for some in _parts([*scripts], 20):  # a line of command has its limits, and so has the time that one may take
        for name in some:
            (tmp_path / name).write_bytes(scripts[name].data)
            subprocess.run(["sh", "-n", name], cwd=tmp_path, check=True, timeout=20)
        checked = subprocess.run(
            [SHELLCHECK, *some], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
        )
        assert checked.returncode == 0, checked.stdout


def _parts(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), most):
        yield names[start : start + most]


def _files(suffix: str) -> Iterator[Entry]:
    for case in many():
        yield from (entry for path, entry in case.tree.items() if path.suffix == suffix)
