"""What `composegen diff` says of a change is what happens to the containers when it is rolled out, on a real engine.

One set-up is changed step by step. Each step says what is expected; the review must say the same, and so must the ids
and start times of the containers. `tests/properties/test_impact_oracle.py` does it for many more changes, by Compose's
hashes only.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from composegen.impact.model import Effect
from tests.engines import versions
from tests.engines.changing import Changing
from tests.engines.lab import Lab
from tests.engines.moved import Topology

pytestmark = pytest.mark.engine

TRAEFIK = f"traefik:v{versions.TRAEFIK}"
DYNAMIC = "traefik/dynamic/effects.yaml"
NEW, ANEW, GONE, AGAIN = Effect.CREATE, Effect.RECREATE, Effect.REMOVE, Effect.RESTART
RELOAD = Effect.HOT_RELOAD


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change, and what it does to services of the host `box`, or of others as `host/service`."""

    name: str
    change: Callable[[Topology], Any]
    does: Mapping[str, Effect] = field(default_factory=dict)
    dynamic: bool = False
    """Whether Traefik takes something up by itself."""

    @property
    def effects(self) -> dict[tuple[str, str], Effect]:
        places = (one if "/" in one else f"box/{one}" for one in self.does)
        return {(place.split("/")[0], place.split("/")[1]): self.does[one] for one, place in zip(self.does, places)}


def _app(topology: Topology, name: str, **keys: Any) -> None:
    topology["apps"][name]["compose"] |= keys


def _service(topology: Topology, **keys: Any) -> None:
    topology["services"]["ollama"] |= keys


def _gateway(topology: Topology, **keys: Any) -> None:
    topology["gateway"] |= keys


ALL = ("ollama-1", "ollama-init", "traefik", "notes", "beside", "after")

STEPS = (
    Step(name="nothing", change=lambda _: None),
    Step(name="where rollout.sh goes", change=lambda t: t["hosts"]["box"].update(ssh="ops@box")),
    Step(
        name="image",
        change=lambda t: _service(t, image="ollama/ollama:next"),
        does={"ollama-1": ANEW, "ollama-init": ANEW},
    ),
    Step(name="variable", change=lambda t: _service(t, environment={"OLLAMA_KEEP_ALIVE": "7m"}), does={"ollama-1": ANEW}),
    Step(name="memory", change=lambda t: _service(t, memory="2GiB"), does={"ollama-1": ANEW}),
    Step(name="port", change=lambda t: _service(t, hosts={"box": {"port": 11450}}), does={"ollama-1": ANEW}),
    Step(
        name="one more instance",
        change=lambda t: _service(t, hosts={"box": {"port": 11450, "instances": 2}}),
        does={"ollama-1": ANEW, "ollama-2": NEW},
        dynamic=True,
    ),
    Step(name="sticky sessions", change=lambda t: _gateway(t, sticky=True), dynamic=True),
    Step(
        name="one instance less",
        change=lambda t: [_service(t, hosts={"box": {"port": 11450}}), t["gateway"].pop("sticky", None)],
        does={"ollama-1": ANEW, "ollama-2": GONE},
        dynamic=True,
    ),
    Step(
        name="a model more",
        change=lambda t: t["services"]["ollama"]["models"].append({"name": "mine", "modelfile": "mine.Modelfile"}),
        does={"ollama-init": ANEW},
    ),
    Step(
        name="entry point",
        change=lambda t: _gateway(t, entrypoint={"name": "llm", "port": 11401}),
        does={"traefik": ANEW},
    ),
    Step(
        name="version of Traefik",
        change=lambda t: _gateway(t, traefik={"version": "3.7.14", "run": True}),
        does={"traefik": ANEW},
    ),
    Step(
        name="static file by a patch",
        change=lambda t: t.update(patches=[{"file": "traefik/traefik.yaml", "match": "log.level", "set": "WARN"}]),
        does={"traefik": ANEW},
    ),
    Step(
        name="image of an app, and who shares its network",
        change=lambda t: _app(t, "notes", image="example/notes:2"),
        does={"notes": ANEW, "beside": ANEW},
    ),
    Step(name="the same in another form", change=lambda t: _app(t, "notes", environment=["A=1"], networks={"back": None})),
    Step(name="two containers of an app", change=lambda t: _app(t, "after", scale=2), does={"after": NEW}),
    Step(name="one container less", change=lambda t: _app(t, "after", scale=1), does={"after": GONE}),
    Step(
        name="a network",
        change=lambda t: t["apps"]["notes"].update(networks={"back": {"internal": True}}),
        does={"notes": AGAIN},
    ),
    Step(
        name="a volume",
        change=lambda t: t["apps"]["notes"].update(volumes={"kept": {"labels": {"n": "2"}}}),
        does={"notes": ANEW, "beside": ANEW},
    ),
    Step(
        name="an app more",
        change=lambda t: t["apps"].update(more={"host": "box", "compose": {"image": "example/more:1"}}),
        does={"more": NEW},
    ),
    Step(name="an app that waits", change=lambda t: t["apps"]["more"].update(needs=["notes"])),
    Step(
        name="an app of another name",
        change=lambda t: t["apps"].update(other=t["apps"].pop("more")),
        does={"more": GONE, "other": NEW},
    ),
    Step(name="an app less", change=lambda t: t["apps"].pop("other"), does={"other": GONE}),
    Step(
        name="a host more",
        change=lambda t: t["services"]["ollama"]["hosts"].update(far=1),
        does={"ollama-1": ANEW, "far/ollama-1": NEW, "far/ollama-init": NEW},
        dynamic=True,
    ),
    Step(
        name="a weight",
        change=lambda t: t["services"]["ollama"]["hosts"].update(far={"weight": 3}),
        dynamic=True,
    ),
    Step(
        name="a host less",
        change=lambda t: t["services"]["ollama"]["hosts"].pop("far"),
        does={"ollama-1": ANEW, "far/ollama-1": GONE, "far/ollama-init": GONE},
        dynamic=True,
    ),
    Step(
        name="another folder",
        change=lambda t: t["hosts"]["box"].update(directory=f"{t['hosts']['box']['directory']}-moved"),
        does={"ollama-init": ANEW, "traefik": ANEW},
    ),
    Step(
        name="the project's name",
        change=lambda t: t.update(name="renamed"),
        does=dict.fromkeys(ALL, ANEW),
    ),
    Step(
        name="no gateway",
        change=lambda t: [t.pop("gateway"), t.pop("patches", None)],
        does={"traefik": GONE},
    ),
)


@pytest.fixture(scope="module")
def changing(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changing]:
    """A set-up that is up."""
    found = Changing(lab=lab, folder=tmp_path_factory.mktemp("effects"))
    lab.docker("tag", TRAEFIK, "traefik:v3.7.14")
    lab.image("next", "LABEL x=y")
    found.put("mine.Modelfile", f"FROM {lab.registry.push('library/one:latest')}\nPARAMETER top_k 7\n")
    try:
        found.change(_topology(found))
        yield found
    finally:
        found.close()


def _topology(changing: Changing) -> Topology:
    hosts = {
        name: {
            "address": address,
            "directory": str(changing.folder / "hosts" / name),
            "docker": {"engine": "29.2", "compose": "5.6"},
        }
        for name, address in (("box", "10.0.0.80"), ("far", "10.0.0.84"))
    }
    model = {"name": changing.lab.registry.push("library/one:latest"), "insecure": True}
    return {
        "name": "effects",
        "hosts": hosts,
        "defaults": {"image": changing.lab.ollama_image or "ollama/ollama:0.32.15"},
        "services": {"ollama": {"models": [model], "hosts": {"box": 1}}},
        "gateway": {"host": "box"},
        **yaml.safe_load(APPS),
    }


APPS = """
apps:
  notes:
    host: box
    compose: {image: "example/notes:1", networks: [back], volumes: ["kept:/data"], environment: {A: "1"}}
    networks: {back: {labels: {n: "1"}}}
    volumes: {kept: {labels: {n: "1"}}}
  beside: {host: box, compose: {image: "example/beside:1", network_mode: "service:notes"}}
  after: {host: box, needs: [notes], compose: {image: "example/after:1"}}
"""


@pytest.mark.proves(
    "What `diff` says of containers is what `up -d --remove-orphans` and the commands that it names do to them",
    "Docker Engine",
    "Docker Compose",
    each="changes",
)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name.replace(" ", "-"))
def test_what_is_said_is_what_happens(changing: Changing, step: Step) -> None:
    topology = copy.deepcopy(changing.topology)
    step.change(topology)
    happened = changing.change(topology)
    sys.stdout.write(happened.said)
    assert happened.planned == happened.in_all
    assert happened.planned_by_up == happened.by_up
    assert happened.in_all == step.effects
    assert bool(happened.review.count(RELOAD)) == step.dynamic
    assert not happened.stopped
