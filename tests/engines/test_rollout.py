"""rollout.sh on a real engine and a real Traefik, under steady load: what it loses, and what a broken image does.

Two hosts are two Compose projects on one engine; `ssh` between them runs a shell on this machine, so that the script
goes the same way as between machines: it sends itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import yaml

from tests.engines import farm as farms
from tests.engines.farm import Farm
from tests.engines.lab import Lab

pytestmark = [pytest.mark.engine, pytest.mark.alone]

FIRST, SECOND = "ollama-1", "ollama-2"
"""Of the four that are replaced."""

GRACE = 50
"""Seconds that Traefik gives answers under way: `graceTimeOut` in its file."""


@pytest.fixture(scope="module")
def farm(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with farms.opened(lab, tmp_path_factory.mktemp("rollout")) as found:
        yield found


@pytest.mark.proves(
    "rollout.sh replaces all instances under load, and goes back, without losing a request",
    "Docker Engine",
    "Traefik",
    "Ollama",
)
def test_a_full_roll_and_the_way_back_lose_no_request(farm: Farm, proof: Callable[[str], None]) -> None:
    (old,) = farm.images()
    file = farm.dynamic.read_bytes()
    with farm.under_load() as quiet:
        farm.lab.run("sleep", "10")
    proof(f"without a roll: {quiet}")
    assert quiet.lost == []
    farm.change(image="ollama/ollama:next")
    with farm.under_load() as rolling:
        code, said = farm.rollout("--copy")
    assert code == 0, said
    assert farm.images() == {"ollama/ollama:next"}
    proof(f"a roll of 4 instances on 2 hosts: {rolling}")
    assert rolling.lost == []
    assert farm.dynamic.read_bytes() == file
    with farm.under_load() as back:
        code, said = farm.rollout("--rollback")
    assert code == 0, said
    assert farm.images() == {old}
    proof(f"the way back: {back}")
    assert back.lost == []


@pytest.mark.proves(
    "An image that never turns healthy leaves the others serving, and is rolled back by one command",
    "Docker Engine",
    "Traefik",
    "Ollama",
)
def test_an_image_that_never_turns_healthy_leaves_the_others_serving(farm: Farm, proof: Callable[[str], None]) -> None:
    old = farm.images()
    file = farm.dynamic.read_bytes()
    broken = farm.lab.image("broken", 'ENTRYPOINT ["/bin/sleep"]', 'CMD ["infinity"]')
    farm.change(image=broken)
    with farm.under_load() as failing:
        code, said = farm.rollout("--copy")
        farm.lab.run("sleep", "10")
    assert code == 1, said
    assert "server84 ollama-1: did not turn healthy" in said
    assert farm.images() == old, "what runs and is healthy"
    assert farm.dynamic.read_bytes() == file
    proof(f"a broken image, one of four instances down: {failing}")
    assert failing.lost == []
    with farm.under_load() as back:
        code, said = farm.rollout("--rollback")
    assert code == 0, said
    assert farm.images() == old
    proof(f"the way back from it: {back}")
    assert back.lost == []


@pytest.mark.proves("rollout.sh goes back by itself where the topology says so", "Docker Engine", "Traefik", "Ollama")
def test_it_goes_back_by_itself_where_the_topology_says_so(farm: Farm, proof: Callable[[str], None]) -> None:
    old = farm.images()
    file = farm.dynamic.read_bytes()
    farm.change(image=farm.lab.image("broken", 'ENTRYPOINT ["/bin/sleep"]', 'CMD ["infinity"]'), rollback="automatic")
    with farm.under_load() as failing:
        code, said = farm.rollout("--copy")
    assert code == 1, said
    assert "going back by itself" in said
    assert farm.images() == old
    assert farm.dynamic.read_bytes() == file
    proof(f"a broken image, back by itself: {failing}")
    assert failing.lost == []


@pytest.mark.proves(
    "rollout.sh that moves instances to other ports, killed in the middle, is resumed without losing a request",
    "Docker Engine",
    "Traefik",
    "Ollama",
)
def test_killed_in_the_middle_it_is_resumed_also_when_ports_change(farm: Farm, proof: Callable[[str], None]) -> None:
    farm.change(image=farm.lab.image("another", "LABEL another=yes"), port=11534)
    with farm.under_load() as killed:
        said = farm.rollout_killed_at(f"server84 {SECOND}: docker compose up", "--copy")
        code, resumed = farm.rollout("--resume")
    assert code == 0, said + resumed
    assert "as it was before an interrupted drain" in resumed
    assert farm.images() == {"ollama/ollama:another"}
    assert farm.dynamic.read_bytes() == farm.rendered_dynamic.read_bytes()
    proof(f"killed with signal 9 at the second of four, three of which change ports, and resumed: {killed}")
    assert killed.lost == []


@pytest.mark.proves(
    "rollout.sh, killed in the middle, is rolled back without losing a request", "Docker Engine", "Traefik", "Ollama"
)
def test_killed_in_the_middle_it_is_rolled_back(farm: Farm, proof: Callable[[str], None]) -> None:
    old = farm.images()
    file = farm.dynamic.read_bytes()
    farm.change(image=farm.lab.image("newest", "LABEL newest=yes"))
    with farm.under_load() as killed:
        said = farm.rollout_killed_at(f"server84 {FIRST}: docker compose up", "--copy")
        code, back = farm.rollout("--rollback")
    assert code == 0, said + back
    assert farm.images() == old
    assert farm.dynamic.read_bytes() == file
    proof(f"killed with signal 9 at the first of four, and rolled back: {killed}")
    assert killed.lost == []


@pytest.mark.proves(
    "Traefik's own restart, at the end of a rollout, refuses requests and cuts no answer that takes less than 50 s",
    "Docker Engine",
    "Traefik",
    "Ollama",
)
def test_the_restart_of_traefik_refuses_requests_and_cuts_none(farm: Farm, proof: Callable[[str], None]) -> None:
    version = yaml.safe_load(farm.site.moved.text)["gateway"]["traefik"]["version"]
    major, minor, patch = version.split(".")
    other = f"{major}.{minor}.{int(patch) + 1}"
    farm.lab.docker("tag", f"traefik:v{version}", f"traefik:v{other}")
    farm.change(image=farm.lab.ollama_image or "ollama/ollama:next", traefik=other)
    with farm.under_load() as rolling:
        code, said = farm.rollout("--copy")
    assert code == 0, said
    assert "server80 traefik: restarted" in said
    assert rolling.lost, "no request came while it was down: nothing is measured"
    gap = max(lost["ended"] for lost in rolling.lost) - min(lost["begun"] for lost in rolling.lost)
    proof(f"Traefik restarted: {rolling}, within {gap:.1f} s")
    # It listens a moment before it has read its routes. No answer under way is cut before `graceTimeOut` is over.
    early = ("ConnectionRefusedError", "HTTP/1.1 404 ")
    others = [lost for lost in rolling.lost if not lost["fault"].startswith(early)]
    assert [lost for lost in others if lost["ended"] - lost["begun"] < GRACE] == [], said
    if others:
        proof(f"still without an end after {GRACE} s, and cut: {Counter(lost['fault'][:80] for lost in others)}")
