"""How requests for GPUs reach the engine: the wiring, not a GPU. There is none, and gpus.py pretends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.lab import Lab
from tests.engines.moved import Topology
from tests.engines.site import Site

pytestmark = pytest.mark.engine

Make = Callable[..., Site]


@pytest.fixture
def make(lab: Lab, tmp_path: Path) -> Iterator[Make]:
    """Brings up the sample isolated-gpu in a mode; two instances, without models."""
    made: list[Site] = []

    def one(mode: str, vendor: str = "nvidia", share: Any = "one-each") -> Site:
        def change(topology: Topology) -> None:
            host = topology["hosts"]["workstation"]
            host["gpus"] = {"vendor": vendor, "devices": ["0", "1"], "mode": mode}
            host["docker"] = {"engine": "29.2", "compose": "5.6"}
            topology["services"]["ollama"]["hosts"]["workstation"] = {"instances": 2, "gpus": share}
            topology["services"]["ollama"]["init"] = False

        made.append(lab.site("isolated-gpu", tmp_path, change))
        made[-1].up("workstation")
        return made[-1]

    yield one
    for site in made:
        site.down()


def environment(site: Site, name: str) -> dict[str, str]:
    """What the processes of a container see."""
    told = site.compose("workstation", "exec", "-T", name, "cat", "/proc/1/environ").stdout
    return dict(line.split("=", 1) for line in told.split("\0") if "=" in line)


def requested(site: Site, name: str) -> Any:
    """The device requests of a container, as the engine keeps them."""
    return site.containers("workstation")[name]["HostConfig"]["DeviceRequests"]


@pytest.mark.proves("Device reservations reach the engine and name one device per instance", "Docker Engine")
def test_reservations_reach_the_engine_and_name_one_device_per_instance(make: Make) -> None:
    site = make("reservation")
    for number, name in enumerate(("ollama-1", "ollama-2")):
        [request] = requested(site, name)
        assert (request["Driver"], request["DeviceIDs"]) == ("nvidia", [str(number)])
        assert request["Capabilities"] == [["gpu"]]
        assert environment(site, name)["NVIDIA_VISIBLE_DEVICES"] == str(number)


@pytest.mark.proves("`gpus:` reaches the engine and names one device per instance", "Docker Engine")
def test_gpus_reaches_the_engine_and_names_one_device_per_instance(make: Make) -> None:
    site = make("gpus")
    for number, name in enumerate(("ollama-1", "ollama-2")):
        [request] = requested(site, name)
        assert request["DeviceIDs"] == [str(number)]
        assert environment(site, name)["NVIDIA_VISIBLE_DEVICES"] == str(number)


@pytest.mark.proves("The container runs under the runtime called nvidia, and is told one id", "Docker Engine")
def test_the_container_runs_under_the_runtime_called_nvidia_and_sees_one_id(make: Make) -> None:
    site = make("runtime")
    for number, name in enumerate(("ollama-1", "ollama-2")):
        assert site.containers("workstation")[name]["HostConfig"]["Runtime"] == "nvidia"
        assert environment(site, name)["NVIDIA_VISIBLE_DEVICES"] == str(number)


@pytest.mark.proves("What a CDI file says of a device reaches the container of its instance", "Docker Engine")
def test_what_a_cdi_file_says_of_a_device_reaches_the_container(make: Make) -> None:
    site = make("cdi")
    for number, name in enumerate(("ollama-1", "ollama-2")):
        given = {key for key in environment(site, name) if key.startswith("CDI_GPU_")}
        assert given == {f"CDI_GPU_{number}"}


@pytest.mark.proves("Device files of AMD reach the container, and a variable tells instances apart", "Docker Engine")
def test_device_files_of_amd_reach_the_container_and_a_variable_tells_instances_apart(make: Make) -> None:
    site = make("devices", vendor="amd")
    for number, name in enumerate(("ollama-1", "ollama-2")):
        listed = site.compose("workstation", "exec", "-T", name, "ls", "/dev/kfd", "/dev/dri").stdout
        assert {"/dev/kfd", "card0", "renderD128"} <= set(listed.split())
        assert environment(site, name)["ROCR_VISIBLE_DEVICES"] == str(number)


@pytest.mark.proves(
    "An instance without GPUs requests none, and has the word by which NVIDIA's runtime gives it none", "Docker Engine"
)
def test_an_instance_without_gpus_requests_none_and_has_the_word_for_it(make: Make) -> None:
    site = make("reservation", share="none")
    for name in ("ollama-1", "ollama-2"):
        assert not requested(site, name)
        assert environment(site, name)["NVIDIA_VISIBLE_DEVICES"] == "void"
