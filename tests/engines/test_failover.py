"""What clients lose when an instance dies, a host goes down, the writer is stopped or an instance hangs.

A request is lost when its client has seen anything but a whole answer. One that an instance was about to answer when it
died cannot be saved; no other may be lost. Each test leaves the pool whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import yaml

from tests.engines import farm as farms
from tests.engines.farm import Farm, Load
from tests.engines.lab import Lab
from tests.engines.space import wait_until
from tests.engines.victims import KILL, Instance, instances, left_out, together, whole

pytestmark = [pytest.mark.engine, pytest.mark.alone]

CLIENTS = 16
DOWN = 5
"""Seconds; longer than the gateway takes to see that an instance is down."""

PATIENCE = 8
"""Seconds that clients wait for a hanging instance; longer than the gateway takes to see that it hangs."""

IDLE = 2
"""Seconds for which the gateway keeps a connection that it does not use (`idleConnTimeout`)."""


@pytest.fixture(scope="module")
def farm(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with farms.opened(lab, tmp_path_factory.mktemp("failover")) as found:
        yield found


@dataclass(frozen=True, kw_only=True)
class Strike:
    """When something was done to instances: before it nothing had happened, after it everything had."""

    begun: float
    ended: float


def strike(act: Callable[[], object]) -> Strike:
    begun = time.time()
    act()
    return Strike(begun=begun, ended=time.time())


def only_what_was_under_way_is_lost(load: Load, strike: Strike, later: float = 0) -> None:
    """Nothing that was not under way when something was done to instances, and no more than one request of a client.

    `later`: for so many seconds requests are still sent over connections that nobody has closed.
    """
    last = strike.ended + later
    others = [lost for lost in load.lost if not (lost["begun"] <= last and lost["ended"] >= strike.begun)]
    assert others == []
    assert len(load.lost) <= load.clients, load.lost


def settle(seconds: float = 3) -> None:
    time.sleep(seconds)


@pytest.mark.proves("Without a fault no request is lost", "Traefik", "Ollama")
def test_without_a_fault_nothing_is_lost(farm: Farm, proof: Callable[[str], None]) -> None:
    with farm.under_load(CLIENTS) as load:
        farm.lab.run("sleep", "10")
    proof(f"without a fault: {load}")
    assert load.lost == []


@pytest.mark.proves(
    "A killed Ollama loses only what it was answering, and is whole again by itself",
    "Docker Engine",
    "Traefik",
    "Ollama",
)
def test_a_killed_process_loses_what_it_was_answering(farm: Farm, proof: Callable[[str], None]) -> None:
    victim = instances(farm, "server84", ["ollama-1"])[0]
    with farm.under_load(CLIENTS) as load:
        settle()
        connections, process = victim.connections(), victim.server
        died = strike(lambda: farm.lab.must("sh", "-c", KILL, "kill", process))
        seconds = whole([victim], died.ended)
        settle()
    proof(f"kill -9 of one of four, {connections} connections: {load}; whole again after {seconds:.1f} s")
    only_what_was_under_way_is_lost(load, died)


@pytest.mark.parametrize(
    ("what", "host", "services", "command"),
    [
        ("an instance, one of four,", "server84", ["ollama-2"], "kill"),
        ("a host, three of four instances,", "server84", ["ollama-1", "ollama-2", "ollama-3"], "kill"),
        ("the writer", "server80", ["ollama-1"], "stop"),
    ],
    ids=["instance", "host", "writer"],
)
@pytest.mark.proves(
    "An instance, a host and the writer that go down lose only what they were answering",
    "Docker Engine",
    "Traefik",
    "Ollama",
)
def test_what_goes_down_loses_what_it_was_answering(
    farm: Farm, proof: Callable[[str], None], what: str, host: str, services: list[str], command: str
) -> None:
    victims = instances(farm, host, services)
    containers = [one.container for one in victims]
    with farm.under_load(CLIENTS) as load:
        settle()
        die = together(victims) if command == "kill" else lambda: farm.lab.docker(command, *containers)
        died = strike(die)
        settle(DOWN)
        out = left_out(victims, died.ended)
        begun = time.time()
        farm.lab.docker("start", *containers)
        seconds = whole(victims, begun)
    farm.lab.docker("update", "--restart", "unless-stopped", *containers)
    proof(f"{what} left out of the pool after {out:.1f} s")
    proof(f"{what} down for {DOWN} s: {load}; whole again {seconds:.1f} s after the start")
    only_what_was_under_way_is_lost(load, died)


@pytest.mark.proves(
    "One of a pair that goes down under p2c loses only what it was answering", "Docker Engine", "Traefik", "Ollama"
)
def test_one_of_a_pair_that_is_chosen_by_requests_in_flight(farm: Farm, proof: Callable[[str], None]) -> None:
    """The dead one always has the fewest: every request goes there until the health check has seen it."""
    (victim,) = instances(farm, "server84", ["ollama-1"])
    with pair(farm), farm.under_load(CLIENTS) as load:
        settle()
        died = strike(lambda: farm.lab.docker("kill", victim.container))
        settle(DOWN)
        out = left_out([victim], died.ended)
        begun = time.time()
        farm.lab.docker("start", victim.container)
        seconds = whole([victim], begun)
    proof(f"one of a pair left out of the pool after {out:.1f} s")
    proof(f"one of a pair down for {DOWN} s, p2c: {load}; whole again {seconds:.1f} s after the start")
    only_what_was_under_way_is_lost(load, died)


@pytest.mark.proves(
    "A host that no packet reaches any more costs only what its instances were answering, or got over open connections",
    "Docker Engine",
    "Traefik",
    "Ollama",
)
def test_a_host_that_is_cut_off(farm: Farm, proof: Callable[[str], None]) -> None:
    """Nobody refuses a connection: each attempt waits until it is given up."""
    victims = instances(farm, "server84", ["ollama-1", "ollama-2", "ollama-3"])
    rule = ("PREROUTING", "-d", "10.0.0.84", "-p", "tcp", "-j", "DROP")
    # What was on the way still comes when nobody waits for it any more, and may take an instance's only slot: below.
    with restarted_afterwards(victims), farm.under_load(CLIENTS, 2 * PATIENCE) as load:
        settle()
        cut = strike(lambda: farm.lab.must("iptables", "-t", "raw", "-I", *rule))
        try:
            settle(2 * PATIENCE + DOWN)
            out = left_out(victims, cut.ended)
        finally:
            farm.lab.must("iptables", "-t", "raw", "-D", *rule)
        seconds = whole(victims, time.time())
    proof(f"a host that is cut off left out of the pool after {out:.1f} s")
    proof(f"a host, three of four instances, cut off: {load}; whole again {seconds:.1f} s after it is back")
    only_what_was_under_way_is_lost(load, cut, later=IDLE)


@pytest.mark.proves(
    "An instance that hangs loses at most one request of each client", "Docker Engine", "Traefik", "Ollama"
)
def test_a_hanging_instance_loses_at_most_one_request_of_each_client(farm: Farm, proof: Callable[[str], None]) -> None:
    (victim,) = instances(farm, "server84", ["ollama-3"])
    with farm.under_load(CLIENTS, PATIENCE) as load:
        settle()
        hung = strike(lambda: victim.signal("STOP"))
        # Whoever asks after the health check has seen it is answered by another one.
        settle(PATIENCE * 1.5)
        out = left_out([victim], hung.ended)
        begun = time.time()
        farm.lab.docker("restart", "--timeout", "1", victim.container)
        seconds = whole([victim], begun)
    proof(f"one of four that hangs left out of the pool after {out:.1f} s")
    proof(f"one of four hangs: {load}; whole again {seconds:.1f} s after its restart")
    assert len(load.lost) <= CLIENTS


@pytest.mark.proves(
    "An instance whose streams are left by their clients may answer no more, unseen by health checks, until a restart",
    "Docker Engine",
    "Ollama",
)
def test_an_instance_that_its_clients_have_left_is_back_after_a_restart(
    farm: Farm, proof: Callable[[str], None]
) -> None:
    """ollama/ollama#17131: a stream that is left at the wrong moment keeps its slot, and there is one by default."""
    (victim,) = instances(farm, "server84", ["ollama-2"])
    left = 0
    assert victim.status() == 200
    with restarted_afterwards([victim]):
        while victim.status() == 200:
            assert left < 5000, "no question waits: the run book need not tell of this any more"
            left += victim.leave_streams()
        settle(20)
        assert victim.status() == 0, "it was busy only"
        assert farm.lab.ask(f"{victim.url}/api/version").status == 200
        health = farm.lab.docker("inspect", "--format", "{{.State.Health.Status}}", victim.container)
        assert health.strip() == "healthy"
    proof(f"after {left} streams that were left")


@contextmanager
def restarted_afterwards(victims: Sequence[Instance]) -> Iterator[None]:
    """In the end they begin anew, and answer."""
    try:
        yield
    finally:
        victims[0].farm.lab.docker("restart", "--timeout", "1", *[one.container for one in victims])
        wait_until(lambda: all(one.status() == 200 for one in victims), "they answer again")


@contextmanager
def pair(farm: Farm) -> Iterator[None]:
    """The gateway knows the writer and one reader only, and takes the one with fewer requests in flight."""
    text, content = farm.site.moved.text, farm.dynamic.read_bytes()
    told = yaml.safe_load(text)
    told["services"]["ollama"]["hosts"]["server84"] = {"instances": 1, "port": 11434}
    del told["gateway"]["balance"]
    farm.site.moved.text = yaml.safe_dump(told, sort_keys=False)
    farm.site.render()
    farm.put_dynamic(farm.rendered_dynamic.read_bytes())
    try:
        yield
    finally:
        farm.site.moved.text = text
        farm.site.render()
        farm.put_dynamic(content)
