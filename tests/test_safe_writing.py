"""What `render` promises about writing, seen from outside: nothing half-written, nothing lost, nobody surprised.

`KILLS=500` sets how many renders are killed at random moments, `KILL_SEED=7` repeats a run; both are printed with what
fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from composegen.errors import ExitCode
from composegen.io import exclusive
from composegen.manifest import STAGING
from tests.invoking import CHECKOUT, GOOD, Run
from tests.tools.killing import Site, topology

Make = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: a disk that syncs is slow, and a killed process asks nothing of it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:  # noqa: S108
        yield Path(name)


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def killed(folder: Path, *arguments: str) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.tools.killing", "--folder", str(folder), *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "COMPOSEGEN_CACHE_DIR": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


# -- renders that end in the middle --


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["KILL", "INT"])
def test_a_render_may_end_before_any_of_its_steps(memory: Path, signal: str) -> None:
    tally = killed(memory, "--steps", signal, "--hosts", "5")
    assert tally["ended"] > 4 * tally["files"]  # its old and its new file, its name, its removal from the folder
    assert tally["with_new_files"] > tally["files"] / 2


@pytest.mark.slow
def test_a_render_may_be_killed_at_any_moment(memory: Path) -> None:
    seed = ["--seed", os.environ["KILL_SEED"]] if "KILL_SEED" in os.environ else []
    tally = killed(memory, "--times", os.environ.get("KILLS", "12"), *seed)
    sys.stdout.write(f"{tally}\n")
    assert tally["files"] > 200
    assert tally["ended"] == int(os.environ.get("KILLS", "12"))


@pytest.mark.slow
def test_renders_at_once_do_not_mix(memory: Path) -> None:
    site = Site(memory, hosts=40)
    command = [sys.executable, "-m", "composegen", "render"]
    racing = [
        subprocess.Popen(
            [*command, str(memory / f"{name}.yaml"), "-o", str(site.root)],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stderr=subprocess.PIPE,
        )
        for name in ("new", "old", "other") * 2
    ]
    said = [process.communicate()[1].decode() for process in racing]
    assert [process.returncode for process in racing] == [0] * len(racing), said
    ended = []
    for name in site.trees:
        try:
            site.refuse_unclean(name)
            ended.append(name)
        except AssertionError:
            continue
    assert len(ended) == 1


def test_a_second_writer_waits_and_gives_up(run: Run, tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    tree({"topology.yaml": GOOD})
    with monkeypatch.context() as impatient, exclusive.exclusive(Path("deploy")):
        impatient.setattr(exclusive, "PATIENCE", 0.01)
        outcome = run("render")
        assert outcome.code == ExitCode.FAILED
        assert "another composegen is writing to deploy" in outcome.err
        assert run("render", "--dry-run").code == 0
    assert not Path("deploy").exists()
    assert run("render").code == 0


def test_a_render_that_was_broken_off_is_said_and_repaired(run: Run, tree: Make) -> None:
    tree(
        {"topology.yaml": GOOD, "deploy/.composegen.staging/new-0": "half", "deploy/.composegen.staging/.gitignore": ""}
    )
    outcome = run("render")
    assert outcome.code == 0
    assert "an earlier write was broken off" in outcome.err
    assert not Path("deploy", STAGING).exists()


# -- what stops a render --


@pytest.fixture
def twelve(run: Run, tree: Make) -> Run:
    """Twelve files of hosts, four for all of them and the lock file are in `deploy`."""
    tree({"topology.yaml": topology("x", range(6))})
    assert run("render").code == 0
    assert len(files(Path("deploy"))) == 17
    return run


@pytest.mark.slow
@pytest.mark.parametrize(("hosts", "stops"), [(3, True), (4, False)])
def test_removing_more_than_a_third_must_be_forced(twelve: Run, tree: Make, hosts: int, *, stops: bool) -> None:
    tree({"topology.yaml": topology("x", range(hosts))})
    before = files(Path("deploy"))
    outcome = twelve("render")
    assert outcome.code == (ExitCode.FINDINGS if stops else ExitCode.DONE)
    assert (files(Path("deploy")) == before) is stops
    if stops:
        assert "6 of the 16 files in deploy would be removed; nothing was written" in outcome.err
        assert "  - h5/compose.yaml\n" in twelve("render", "--dry-run").out
        assert twelve("render", "--no-prune").code == 0
        assert Path("deploy/h5/compose.yaml").exists()
        assert twelve("render", "--force").code == 0
    assert not Path("deploy/h5").exists()


def test_somebody_elses_files_and_edits_have_other_ways_on(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "deploy/README.md": "mine\n"})
    outcome = run("render")
    assert outcome.code == ExitCode.FINDINGS
    assert "1 file in deploy that composegen did not write would be lost; nothing was written" in outcome.err
    for way in ("choose another output folder with -o", "move it away", "--force"):
        assert way in outcome.err
    assert "compose.override.yaml" not in outcome.err
    assert files(Path("deploy")) == {"README.md": b"mine\n"}
    assert run("render", "--force").code == 0
    tree({"deploy/box/compose.yaml": "mine\n"})
    tree({"a.env": ""})
    Path("own").mkdir()
    outcome = run("render", "topology.yaml", "--env-file", "a.env", "--templates", "own")
    assert outcome.code == ExitCode.FINDINGS
    for way in (
        "compose.override.yaml",
        "git diff deploy",
        (
            "composegen render topology.yaml --env-file a.env --templates own --stdout box/compose.yaml"
            " | diff deploy/box/compose.yaml -"
        ),
        "--force",
    ):
        assert way in outcome.err
    assert "-o" not in outcome.err


@pytest.mark.slow
def test_an_edited_orphan_stays_until_it_is_forced(twelve: Run, tree: Make) -> None:
    tree({"topology.yaml": topology("x", range(5)), "deploy/h5/compose.yaml": "mine\n"})
    assert twelve("render").code == ExitCode.FINDINGS
    assert Path("deploy/h5/compose.yaml").read_text() == "mine\n"
    assert twelve("render", "--force").code == 0
    assert not Path("deploy/h5").exists()


@pytest.mark.parametrize("output", ["..", "../elsewhere", "a/../../elsewhere", "a/..", "/elsewhere"])
def test_a_topology_writes_only_below_itself(run: Run, tree: Make, output: str) -> None:
    tree({"sub/topology.yaml": GOOD + f"output: {output}\n"})
    outcome = run("render", "sub/topology.yaml")
    assert outcome.code == ExitCode.FINDINGS
    assert "[CG103]" in outcome.err
    assert f"sub/topology.yaml:{len(GOOD.splitlines()) + 1}:9\n" in outcome.err
    assert "a path below the folder of the topology" in outcome.err
    assert files(Path()).keys() == {"sub/topology.yaml"}


@pytest.mark.parametrize("output", [".", "./a", "..a", "a/..b", "a..", "a/.../b", "~"])
def test_dots_of_names_lead_nowhere_else(run: Run, tree: Make, output: str) -> None:
    tree({"sub/topology.yaml": GOOD + f'output: "{output}"\n'})
    assert run("render", "sub/topology.yaml").code == 0
    assert Path("sub", output, "verify.sh").exists()


def test_a_person_may_write_anywhere(run: Run, tree: Make) -> None:
    tree({"sub/topology.yaml": GOOD})
    assert run("render", "sub/topology.yaml", "-o", "sub/../elsewhere").code == 0
    assert Path("elsewhere/verify.sh").exists()


def test_a_topology_writes_through_no_link_but_a_person_may(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "elsewhere/x": ""})
    Path("deploy").symlink_to("elsewhere")
    outcome = run("render")
    assert outcome.code == ExitCode.FAILED
    assert "leads through the symbolic link deploy" in outcome.err
    assert files(Path("elsewhere")).keys() == {"x"}
    assert run("render", "-o", "deploy").code == 0
    assert "verify.sh" in files(Path("elsewhere"))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["box", "box/compose.yaml", "composegen.lock.json", STAGING, "box/nfs"])
@pytest.mark.parametrize("target", [".", "elsewhere", "missing"])
def test_no_link_below_the_output_folder_is_followed(run: Run, tree: Make, part: str, target: str) -> None:
    tree({"topology.yaml": GOOD.replace("local-llm", "first"), "elsewhere/x": ""})
    assert run("render").code == 0
    tree({"topology.yaml": GOOD})
    place = Path("deploy", part)
    if place.exists():
        place.rename("away")
    place.symlink_to(Path(target).resolve())
    before = files(Path("deploy"))
    outcome = run("render", "--force")
    assert outcome.code == (0 if part == "box/nfs" else ExitCode.FAILED)  # nothing of ours is at that place
    assert files(Path("elsewhere")) == {"x": b""}
    assert not Path("missing").exists()
    if outcome.code:
        assert f"{place} is a symbolic link" in outcome.err
        assert files(Path("deploy")) == before


def test_a_file_in_place_of_the_output_folder(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "deploy": "mine\n"})
    outcome = run("render")
    assert outcome.code == ExitCode.FAILED
    assert "the output folder deploy is a file; move it away, or choose another one with -o" in outcome.err
    assert Path("deploy").read_text() == "mine\n"


@pytest.mark.parametrize("part", ["deploy", "deploy/box", "deploy/box/compose.yaml", f"deploy/{STAGING}"])
def test_something_else_in_the_way(run: Run, tree: Make, part: str) -> None:
    tree({"topology.yaml": GOOD})
    Path(part).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(part)
    outcome = run("render", "--force")
    assert outcome.code == ExitCode.FAILED
    assert part in outcome.err
    assert "Traceback" not in outcome.err
    assert not files(Path("deploy"))


@pytest.mark.parametrize("paths", [["../x"], ["/etc/passwd"], ["box/.git/config"], [f"{STAGING}/x"], ["a/x", "A/y"]])
def test_a_hostile_lock_file_removes_nothing(run: Run, tree: Make, paths: list[str]) -> None:
    entry = {"sha256": "0" * 64, "mode": "0644"}
    lock = {"format": 1, "target": "compose", "files": dict.fromkeys(paths, entry)}
    tree({"topology.yaml": GOOD, "x": "", "deploy/composegen.lock.json": json.dumps(lock)})
    for arguments in (["render"], ["render", "--force"], ["render", "--host", "box"]):
        outcome = run(*arguments)
        assert outcome.code == ExitCode.FAILED
        assert "deploy/composegen.lock.json is damaged" in outcome.err
    assert files(Path()).keys() == {"topology.yaml", "x", "deploy/composegen.lock.json"}


# -- init --


def test_init_leaves_equal_files_alone(run: Run, tree: Make) -> None:
    tree({"topology.schema.json": (CHECKOUT / "schemas" / "topology.schema.json").read_bytes()})
    outcome = run("init")
    assert outcome.code == 0
    assert outcome.err.splitlines()[:2] == ["    topology.schema.json", "  + topology.yaml"]
    assert run("init").code == 0


def test_init_refuses_another_schema(run: Run, tree: Make) -> None:
    tree({"topology.schema.json": "{}"})
    outcome = run("init")
    assert outcome.code == ExitCode.FAILED
    assert "topology.schema.json exists already" in outcome.err
    assert files(Path()) == {"topology.schema.json": b"{}"}
