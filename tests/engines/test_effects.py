"""What `composegen diff` says of a change is what happens to the containers when it is rolled out, on a real engine.

One set-up is changed step by step. Each step says what is expected; the review must say the same, and so must the ids
and start times of the containers. `tests/properties/test_impact_oracle.py` does it for many more changes, by Compose's
hashes only.
"""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from composegen.impact.model import Effect
from tests.engines import topology_changes, versions
from tests.engines.changing import Changing
from tests.engines.lab import Lab
from tests.engines.space import wait_until
from tests.engines.topology_changes import STEPS, Step

pytestmark = pytest.mark.engine

TRAEFIK = f"traefik:v{versions.TRAEFIK}"
DYNAMIC = "traefik/dynamic/effects.yaml"
NOT_FOUND = 404
SECONDS_TO_RELOAD = 3
Proof = Callable[[str], None]
RELOAD = Effect.HOT_RELOAD


@pytest.fixture(scope="module")
def changing(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changing]:
    """A set-up that is up."""
    found = Changing(lab=lab, folder=tmp_path_factory.mktemp("effects"))
    lab.docker("tag", TRAEFIK, "traefik:v3.7.14")
    lab.image("next", "LABEL x=y")
    found.put("mine.Modelfile", f"FROM {lab.registry.push('library/one:latest')}\nPARAMETER top_k 7\n")
    try:
        found.change(topology_changes.topology(found))
        yield found
    finally:
        found.close()


def _status(changing: Changing, path: str) -> int:
    """What the gateway answers."""
    return changing.lab.ask(f"http://10.0.0.80:11400{path}", seconds=5).status


def _answers(changing: Changing, port: int) -> bool:
    """Whether Traefik has that entry point, published or not."""
    return changing.lab.ask(f"http://{changing.address('box', 'traefik')}:{port}/", seconds=5).status == NOT_FOUND


@pytest.mark.proves("Traefik takes up a changed dynamic file by itself and runs on, as `diff` says", "Traefik")
def test_a_dynamic_file_is_taken_up(changing: Changing, proof: Proof) -> None:
    wait_until(lambda: _status(changing, "/api/version") == 200, "the gateway answers")
    before = changing.container("box", "traefik")
    changing.edit("box", DYNAMIC, "Path(`/api/version`)", "Path(`/api/gone`)")
    wait_until(lambda: _status(changing, "/api/version") == NOT_FOUND, "what was edited is in force")
    found = changing.review(changing.topology)
    assert {one.effect for one in found.review.impacts} == {RELOAD}
    began = time.monotonic()
    changing.write(found)
    wait_until(lambda: _status(changing, "/api/version") == 200, "what was rendered is in force", seconds=20)
    proof(f"in force {time.monotonic() - began:.1f} s after it was brought")
    assert changing.container("box", "traefik") == before


@pytest.mark.proves(
    "Traefik takes up a changed static file only when it starts again: by `up`, or by the command that `diff` names",
    "Traefik",
    "Docker Compose",
)
def test_a_static_file_is_taken_up_at_the_start(changing: Changing) -> None:
    before, topology = changing.container("box", "traefik"), copy.deepcopy(changing.topology)
    topology["patches"] = [
        {"file": "traefik/traefik.yaml", "match": "entryPoints", "merge": {"other": {"address": ":11402"}}}
    ]
    changing.edit("box", DYNAMIC, "Path(`/api/version`)", "Path(`/api/gone`)")
    wait_until(lambda: _status(changing, "/api/version") == NOT_FOUND, "what was edited is in force")
    found = changing.review(topology)
    assert {one.effect for one in found.review.impacts if one.subject == "traefik"} == {Effect.RECREATE}
    changing.write(found)
    wait_until(lambda: _status(changing, "/api/version") == 200, "the dynamic file, brought with it, is in force")
    time.sleep(SECONDS_TO_RELOAD)
    assert changing.container("box", "traefik") == before
    assert not _answers(changing, 11402), "Traefik has taken up a static file"
    changing.up("box")
    wait_until(lambda: _answers(changing, 11402), "Traefik has the new entry point")
    _restarted_by_the_command(changing)


def _restarted_by_the_command(changing: Changing) -> None:
    """The static file is another one than that which runs, and no label says so."""
    changing.edit("box", "traefik/traefik.yaml", ":11402", ":11403")
    done = changing.lab.compose(changing.host("box"), "restart", "traefik")
    assert done.returncode == 0, done.stderr
    wait_until(lambda: _answers(changing, 11403), "Traefik has what was edited")
    before = changing.container("box", "traefik")
    happened = changing.change(changing.topology)
    assert happened.planned == happened.in_all == {("box", "traefik"): Effect.RESTART}
    assert happened.by_up == {}
    wait_until(lambda: _answers(changing, 11402), "Traefik has what was rendered")
    assert changing.container("box", "traefik").identity == before.identity


@pytest.mark.proves(
    "A volume of another definition is made anew, and emptied, only where Compose is told yes", "Docker Compose"
)
def test_a_volume_is_made_anew_by_somebody_who_says_yes(changing: Changing) -> None:
    def kept() -> str:
        return changing.lab.compose(changing.host("box"), "exec", "-T", "notes", "ls", "/data").stdout.strip()

    changing.lab.compose(changing.host("box"), "exec", "-T", "notes", "touch", "/data/note")
    topology = copy.deepcopy(changing.topology)
    topology["apps"]["notes"]["volumes"] = {"kept": {"labels": {"n": "2"}}}
    happened = changing.change(topology)
    assert any(risk.grave and "effects_kept" in risk.message for risk in happened.review.risks)
    assert happened.in_all == {}, "nobody has said yes"
    assert kept() == "note"
    before = changing.containers()
    changing.up("box", "--yes")
    both = dict.fromkeys((("box", "notes"), ("box", "beside")), Effect.RECREATE)
    assert changing.effects(before) == happened.planned == both
    assert kept() == ""


@pytest.mark.proves(
    "What `diff` says of containers is what `up -d --remove-orphans` and the commands that it names do to them",
    "Docker Engine",
    "Docker Compose",
    each="changes",
)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name.replace(" ", "-"))
def test_what_is_said_is_what_happens(changing: Changing, step: Step) -> None:
    topology = copy.deepcopy(changing.topology)
    if step.edit is not None:
        step.edit(changing)
    step.change(topology)
    happened = changing.change(topology)
    sys.stdout.write(happened.said)
    assert happened.planned == happened.in_all
    assert happened.planned_by_up == happened.by_up
    assert happened.in_all == step.effects
    assert bool(happened.review.count(RELOAD)) == step.dynamic
    assert not happened.stopped
