"""Changes of a topology, one after the other, each with what it does; and the topology that they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from composegen.impact.model import Effect
from tests.engines.changing import Changing
from tests.engines.moved import Topology

NEW, ANEW, GONE, AGAIN = Effect.CREATE, Effect.RECREATE, Effect.REMOVE, Effect.RESTART


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change, and what it does to services of the host `box`, or of others as `host/service`."""

    name: str
    change: Callable[[Topology], Any]
    edit: Callable[[Changing], None] | None = None
    """What somebody has done to the files in between; the change takes it back."""
    does: Mapping[str, Effect] = field(default_factory=dict)
    dynamic: bool = False
    """Whether Traefik takes something up by itself."""

    @property
    def effects(self) -> dict[tuple[str, str], Effect]:
        places = {one: f"box/{one}".split("/")[-2:] for one in self.does}
        return {(host, service): self.does[one] for one, (host, service) in places.items()}


def _app(topology: Topology, name: str, **keys: Any) -> None:
    topology["apps"][name]["compose"] |= keys


def _service(topology: Topology, **keys: Any) -> None:
    topology["services"]["ollama"] |= keys


def _gateway(topology: Topology, **keys: Any) -> None:
    topology["gateway"] |= keys


def _nothing(_: Topology) -> None:
    """The topology stays."""


def _nas(topology: Topology, address: str) -> None:
    store = {"kind": "nfs", "external": address, "path": "/export", "mount": "volume", "writer": "box"}
    topology["stores"] = {"nas": store}


def _on_a_nas(topology: Topology) -> None:
    _nas(topology, "10.0.0.8")
    models = [one for one in topology["services"]["ollama"]["models"] if "modelfile" not in one]
    topology["services"]["pool"] = {"store": "nas", "models": models, "hosts": {"box": {"port": 11460}}}


def _rename_far(topology: Topology) -> None:
    for places in (topology["hosts"], topology["services"]["ollama"]["hosts"]):
        places["away"] = places.pop("far")


def _one_less(topology: Topology) -> None:
    _service(topology, hosts={"box": {"port": 11450}})
    topology["gateway"].pop("sticky", None)


ALL = ("ollama-1", "ollama-init", "traefik", "notes", "beside", "after")
REST = ("ollama-1", "ollama-init", "pool-1", "pool-init", "notes", "beside", "after")
"""What runs when there is no gateway any more."""

STEPS = (
    Step(name="nothing", change=_nothing),
    Step(
        name="a comment of another version",
        change=_nothing,
        edit=lambda found: found.edit("box", "compose.yaml", "# Written by", "# Made by"),
    ),
    Step(
        name="what a script does that runs once",
        change=_nothing,
        edit=lambda found: found.edit("box", "model-init.sh", "set -", "true; set -"),
    ),
    Step(
        name="what a Traefik does that nobody told",
        change=_nothing,
        edit=lambda found: found.edit("box", "traefik/traefik.yaml", "INFO", "WARN"),
        does={"traefik": AGAIN},
    ),
    Step(name="where rollout.sh goes", change=lambda t: t["hosts"]["box"].update(ssh="ops@box")),
    Step(
        name="image",
        change=lambda t: _service(t, image="ollama/ollama:next"),
        does={"ollama-1": ANEW, "ollama-init": ANEW},
    ),
    Step(
        name="variable", change=lambda t: _service(t, environment={"OLLAMA_KEEP_ALIVE": "7m"}), does={"ollama-1": ANEW}
    ),
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
        change=_one_less,
        does={"ollama-1": ANEW, "ollama-2": GONE},
        dynamic=True,
    ),
    Step(
        name="a model more",
        change=lambda t: t["services"]["ollama"]["models"].append({"name": "mine", "modelfile": "mine.Modelfile"}),
        does={"ollama-init": ANEW},
    ),
    Step(
        name="what a Modelfile says",
        change=_nothing,
        edit=lambda found: found.put("mine.Modelfile", found.read("mine.Modelfile").replace("top_k 7", "top_k 8")),
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
    Step(
        name="the same in another form", change=lambda t: _app(t, "notes", environment=["A=1"], networks={"back": None})
    ),
    Step(name="two containers of an app", change=lambda t: _app(t, "after", scale=2), does={"after": NEW}),
    Step(name="one container less", change=lambda t: _app(t, "after", scale=1), does={"after": GONE}),
    Step(
        name="a network",
        change=lambda t: t["apps"]["notes"].update(networks={"back": {"internal": True}}),
        does={"notes": AGAIN, "beside": AGAIN},
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
    Step(name="a host of another name", change=_rename_far),
    Step(
        name="a host less",
        change=lambda t: t["services"]["ollama"]["hosts"].pop("away"),
        does={"ollama-1": ANEW, "away/ollama-1": GONE, "away/ollama-init": GONE},
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
    Step(
        name="models on a NAS",
        change=_on_a_nas,
        does={"pool-1": NEW, "pool-init": NEW},
    ),
    Step(name="another NAS", change=lambda t: _nas(t, "10.0.0.9"), does=dict.fromkeys(REST, ANEW)),
)


def topology(changing: Changing) -> Topology:
    """An instance behind Traefik, and three apps, all on the host `box`; nothing runs on `far` yet."""
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
