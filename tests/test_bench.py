"""`make bench` in its smallest form: it runs, its JSON keeps its shape, and its script does the same work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import cases, goals, measure, notation, pattern, peers
from bench.__main__ import main
from bench.measure import Case, Run, Series
from bench.workload import SMALL, Size, topology

FAR = Size(name="far", hosts=9, instances=8)


def series(key: str, *walls: float, size: int | None = None) -> Series:
    group, _, name = key.partition("/")
    case = Case(group=group, name=name, commands=(("true",),))
    return Series(case=case, runs=[Run(wall=wall, cpu=wall, peak=1) for wall in walls], files=1, size=size)


@pytest.mark.slow
def test_it_runs_and_its_json_has_its_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = tmp_path / "new" / "bench.json"
    assert main(["--sizes", "start,small", "--rounds", "1", "--no-peers", "--json", str(found)]) == 0
    document = json.loads(found.read_text(encoding="utf-8"))
    assert set(document) == {"format", "date", "machine", "measurements", "goals", "absent"}
    measured = {f"{one['group']}/{one['name']}": one for one in document["measurements"]}
    for key in ("start/composegen --version", "small/cp -r", "small/composegen render, nothing changed"):
        assert set(measured[key]["wall_ms"]) == set(measured[key]["cpu_ms"]) == {"median", "min", "max"}
        assert measured[key]["peak_bytes"] > 0
    assert not [key for key, one in measured.items() if "failed" in one]
    assert measured["small/composegen render"]["files"] == measured["small/cp -r"]["files"]
    judged = {(one["work"], one["against"]): one["verdict"] for one in document["goals"]}
    assert judged["start/composegen --version", "start/python -c pass"] in {"met", "missed"}
    assert judged["large/composegen render", "large/cp -r"] == "not measured"
    assert "verdict" in capsys.readouterr().out


def test_a_filter_that_fits_nothing_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("size", [SMALL, FAR], ids=lambda size: size.name)
def test_the_script_writes_the_same_files(tmp_path: Path, size: Size) -> None:
    shop = cases.Workshop(folder=tmp_path, with_peers=False)
    file, tree = shop.render(size, size.name)
    work = peers.Work(size=size, topology=file, templates=shop.templates(size.instances))
    command = peers.script(Path(sys.prefix), tmp_path / "script", work)
    cases.run(*(part.replace(measure.OUT, str(tmp_path / "out")) for part in command))
    ours = {path.relative_to(tree).as_posix(): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    del ours["composegen.lock.json"]
    theirs = {name: (tmp_path / "out" / name).read_bytes() for name in ours}
    assert measure.extent(tmp_path / "out")[0] == len(ours)
    # Not all of the run book follows from names and numbers, but nearly all.
    assert {name for name in ours if ours[name] != theirs[name]} <= {"README.md"}
    assert sum(map(len, theirs.values())) == pytest.approx(sum(map(len, ours.values())), rel=0.01)


@pytest.mark.slow
def test_each_mistake_is_one_finding(tmp_path: Path) -> None:
    told = []
    for mistakes in (0, 3):
        (tmp_path / "some.yaml").write_text(topology(FAR, mistakes=mistakes), encoding="utf-8")
        command = [cases.COMPOSEGEN, "validate", "--format", "json", str(tmp_path / "some.yaml")]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == bool(mistakes)
        told.append([finding["code"] for finding in json.loads(ended.stdout)["findings"]])
    right, wrong = told
    assert len(wrong) == len(right) + 3


def test_a_loop_over_hosts_is_found(tmp_path: Path) -> None:
    (tmp_path / "list").write_text(
        "".join(
            f"n{9 + 2 * number} host{number:05d} at 10.0.0.{9 + number}\n" for number in range(1, pattern.HOSTS + 1)
        ),
        encoding="utf-8",
    )
    nodes = pattern.read(tmp_path, 1)["list"]
    assert notation.jinja(nodes) == (
        "{% for host in hosts[0:] %}n{{ 2 * host.number + 9 }} {{ host.name }} at {{ host.address }}\n{% endfor %}"
    )
    assert "for host in hosts[0:]" in notation.jsonnet(nodes)
    assert "add (mul 2 $host.number) 9" in notation.golang(nodes)


def test_a_goal_is_met_or_missed_by_the_median_of_pairs() -> None:
    found = {
        "large/composegen render": series("large/composegen render", 4.0, 4.0, 90.0, size=100),
        "large/cp -r": series("large/cp -r", 1.0, 1.0, 1.0, size=100),
        "large/script": series("large/script", 5.0, 5.0, 5.0, size=100),
        "large/helm": series("large/helm", 1000.0, size=2000),
    }
    outcomes = {
        (one.goal.against, one.goal.what): one
        for one in goals.judge(found, {"kapitan": "pip: no"})
        if one.goal.work == "large/composegen render"
    }
    assert (outcomes["large/cp -r", "wall"].verdict, outcomes["large/cp -r", "wall"].ratio) == ("met", 4.0)
    assert (outcomes["large/script", "wall"].verdict, outcomes["large/script", "wall"].ratio) == ("missed", 0.8)
    assert outcomes["large/helm", "wall"].ratio == pytest.approx(0.08)
    assert "per byte" in outcomes["large/helm", "wall"].reason
    assert outcomes["large/kapitan", "wall"].verdict == "not measured"
    assert "pip: no" in outcomes["large/kapitan", "wall"].reason


def test_a_run_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    _, code = measure.execute(["sleep", "60"], cwd=tmp_path, log=tmp_path / "log", limit=0.05)
    assert code == measure.ENDED_BY_US
