"""Nobody goes round the gateway: the rendered firewall script beside a real Docker Engine, asked from other machines.

The host is a network namespace with its own Docker Engine: with each of the two ways in which Docker filters, and the
oldest one.
Containers that answer HTTP stand on the ports of the instances.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from composegen.targets._firewall import installed_name
from tests.engines import binaries, debian, engine, images
from tests.engines.engine import Engine
from tests.engines.neighbour import Neighbour, asked, lan, neighbour
from tests.engines.space import Space, wait_until
from tests.sampling import compile_text, write

pytestmark = pytest.mark.engine

TOPOLOGY = """\
name: {name}
hosts:
  gate: {{address: "{gate}"}}
  box: {{address: "{box}"}}
services:
  chat:
    hosts: {{box: {{instances: 2, port: {port}}}}}
    {more}
gateway: {{{gateway}}}
"""
OLD = {"name": "four", "gate": "10.0.0.80", "box": "10.0.0.84", "port": "11434"}
NEW = {"name": "six", "gate": "fd00::80", "box": "fd00::84", "port": "11440"}
OPEN = 8080
"""A port of something else on the host."""

PLACES = (("10.0.0.84", 11434), ("10.0.0.84", 11435), ("fd00::84", 11440), ("fd00::84", 11441))
"""The ports of instances."""

ANSWERED = "404 Not Found"
REFUSED = "Connection refused"
FOREIGN = "-A DOCKER-USER -s 192.0.2.1/32 -j DROP"


@dataclass(kw_only=True)
class Host:
    """The host, and the machines beside it."""

    folder: Path
    space: Space
    backend: str
    oldest: bool
    """Debian's Docker 20.10, which filters by iptables and does not say so."""
    engine: Engine = field(init=False)
    gate: Neighbour = field(init=False)
    stranger: Neighbour = field(init=False)

    def start(self) -> None:
        """Start Docker."""
        if self.oldest:
            programs = debian.oldest_engine()
            self.engine = engine.start(self.space, self.folder, (programs,), programs / "docker")
        else:
            client = binaries.docker_command_line() / "docker"
            arguments = ("--firewall-backend", self.backend)
            self.engine = engine.start(self.space, self.folder, (binaries.docker_engine(),), client, arguments)

    def script(
        self, values: dict[str, str], *arguments: str, more: str = "", gateway: str = "host: gate"
    ) -> subprocess.CompletedProcess[str]:
        """Render a topology and run its script for this host."""
        result = compile_text(TOPOLOGY.format(**values, more=more, gateway=gateway))
        assert result.tree is not None, result.findings
        shutil.rmtree(self.folder / "tree", ignore_errors=True)
        write(result.tree, self.folder / "tree")
        return self.sh(self.folder / "tree" / "box" / "firewall" / "setup.sh", *arguments)

    def sh(self, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a script as it would run on the host, but for its files, which are below a folder."""
        environment = {"SETUP_ROOT": str(self.folder / "root")}
        return self.space.run("sh", script, *arguments, environment=environment, seconds=60)

    def listing(self) -> list[str]:
        """The rules in Docker's chain for others; none where Docker has no such chain."""
        done = self.space.run("iptables", "-w", "-S", "DOCKER-USER")
        return [line for line in done.stdout.splitlines() if line.startswith("-A")]


@pytest.fixture(scope="module", params=["iptables", "nftables", "oldest"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    folder = Path(tempfile.mkdtemp(prefix="composegen-firewall-", dir="/var/tmp"))
    oldest = request.param == "oldest"
    client = debian.oldest_engine() if oldest else binaries.docker_command_line()
    space = Space(environment={"PATH": str(client), "DOCKER_HOST": f"unix://{folder / 'docker.sock'}"})
    one = Host(folder=folder, space=space, backend="iptables" if oldest else request.param, oldest=oldest)
    try:
        _place(one)
        one.start()
        try:
            _serve(one)
            yield one
        finally:
            one.engine.stop()
    finally:
        space.close()
        shutil.rmtree(folder)


def _place(host: Host) -> None:
    configuration = host.folder / "root" / "etc" / "docker" / "daemon.json"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(f'{{"firewall-backend": "{host.backend}"}}\n')
    lan(host.space, ["10.0.0.84/24", "fd00::84/64"])
    for way in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        host.space.must("sysctl", "-qw", f"{way}=1")
    host.gate = neighbour(host.space, "gate", ["10.0.0.80/24", "fd00::80/64"])
    host.stranger = neighbour(host.space, "stranger", ["10.0.0.85/24", "fd00::85/64"])


def _serve(host: Host) -> None:
    image = images.application()
    docker = host.engine.must
    docker("load", "--input", image.archive)
    docker("network", "create", "old")
    docker("network", "create", "--ipv6", "--subnet", "fd01::/64", "new")
    # fd00::84 is served by docker-proxy on a network without IPv6, and by address translation on one with it.
    ports = {"old": ("10.0.0.84:11434", "10.0.0.84:11435", "[fd00::84]:11440", f"{OPEN}"), "new": ("[fd00::84]:11441",)}
    for network, published in ports.items():
        for number, place in enumerate(published):
            name = f"{network}-{number}"
            docker(
                *("run", "-d", "--restart", "always", "--stop-signal", "KILL", "--name", name, "--network", network),
                *("-p", f"{place}:80", image.name, "/bin/busybox", "httpd", "-f", "-p", "[::]:80"),
            )
    for port in (11434, 11435, OPEN):
        wait_until(lambda port=port: asked(host.space, "10.0.0.84", port).endswith(ANSWERED), f"port {port}")
    for port in (11440, 11441):
        wait_until(lambda port=port: asked(host.space, "fd00::84", port).endswith(ANSWERED), f"port {port}")


def answers(who: Neighbour, *, to: bool) -> None:
    """Whether all ports of the instances answer that machine."""
    for address, port in PLACES:
        told = who.asks(address, port)
        assert (ANSWERED if to else REFUSED) in told, f"{who.name} at [{address}]:{port}: {told}"


@pytest.mark.proves(
    "Without the rules Docker lets everybody in to published ports: the reason for them",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_docker_lets_everybody_in_without_the_rules(host: Host) -> None:
    answers(host.stranger, to=True)
    answers(host.gate, to=True)


@pytest.mark.proves(
    "With the rules instance ports answer the gateway's address only, by IPv4 and IPv6",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_with_the_rules_only_the_gateway_is_answered(host: Host) -> None:
    if host.backend == "iptables":
        host.space.must("iptables", "-w", "-A", *FOREIGN.split()[1:])
    before = host.listing()
    for values in (OLD, NEW):
        done = host.script(values)
        assert done.returncode == 0, done.stdout + done.stderr
    answers(host.gate, to=True)
    answers(host.stranger, to=False)
    assert [line for line in host.listing() if "composegen" not in line] == before
    assert (FOREIGN in before) == (host.backend == "iptables")


@pytest.mark.proves(
    "The host itself and other ports are left alone",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_the_host_itself_and_other_ports_are_left_alone(host: Host) -> None:
    assert ANSWERED in asked(host.space, "10.0.0.84", 11434)
    assert ANSWERED in asked(host.space, "fd00::84", 11440)
    assert ANSWERED in host.stranger.asks("10.0.0.84", OPEN)


@pytest.mark.parametrize("values", [OLD, NEW])
@pytest.mark.proves(
    "A second run of the firewall script changes nothing",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering and addresses",
)
def test_a_second_run_changes_nothing(host: Host, values: dict[str, str]) -> None:
    for arguments in ((), ("--check",), ("--rules", "--check")):
        done = host.script(values, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Everything is in order." in done.stdout
        assert "chang" not in done.stdout


@pytest.mark.proves(
    "The rules hold after Docker was restarted",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_it_holds_after_docker_was_restarted(host: Host) -> None:
    host.engine.running.stop()
    host.start()
    only_the_gateway_is_answered_again(host)


@pytest.mark.proves(
    "The rules hold after a reboot, from the first moment",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_it_holds_after_a_reboot_from_the_first_moment(host: Host) -> None:
    host.engine.running.stop()
    _forget_all_rules(host)
    for name in ("four", "six"):
        # What the unit does at boot, before Docker starts.
        done = host.sh(host.folder / "root" / installed_name(name).lstrip("/"), "--rules")
        assert done.returncode == 0, done.stdout + done.stderr
    host.start()
    only_the_gateway_is_answered_again(host)


@pytest.mark.proves(
    "A port that is no longer served is opened again",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_a_port_that_is_no_longer_served_is_opened_again(host: Host) -> None:
    moved = {**OLD, "port": "11435"}
    assert host.script(moved, "--check").returncode == 1
    assert host.script(moved).returncode == 0
    assert ANSWERED in host.stranger.asks("10.0.0.84", 11434)
    assert REFUSED in host.stranger.asks("10.0.0.84", 11435)


@pytest.mark.proves(
    "A Traefik of the user's own in a container of the host is answered",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_a_traefik_of_the_users_may_be_in_a_container_of_the_host(host: Host) -> None:
    for values in (OLD, NEW):
        done = host.script(values, gateway="host: box, traefik: {run: false}")
        assert done.returncode == 0, done.stdout + done.stderr
    answers(host.stranger, to=False)
    answers(host.gate, to=False)
    pid = host.engine.must("inspect", "--format", "{{.State.Pid}}", "new-0").strip()
    for address, port in (("10.0.0.84", 11434), ("fd00::84", 11440)):
        assert ANSWERED in asked(host.space, address, port, "nsenter", f"--net=/proc/{pid}/ns/net", "--")


@pytest.mark.proves(
    "`direct: true` leaves the ports open, and takes the rules away",
    "Docker Engine",
    "Docker Engine of Debian",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_direct_leaves_the_ports_open(host: Host) -> None:
    for values in (OLD, NEW):
        done = host.script(values, more="direct: true")
        assert done.returncode == 0, done.stdout + done.stderr
        assert host.script(values, "--check", more="direct: true").returncode == 0
    answers(host.stranger, to=True)
    answers(host.gate, to=True)
    assert not [line for line in host.listing() if "composegen" in line]
    assert "composegen" not in host.space.run("nft", "list", "ruleset").stdout


@pytest.mark.proves(
    "A Docker that filters in another way than its configuration says is noticed",
    "Docker Engine",
    "iptables",
    "nftables",
    each="ways of filtering",
)
def test_a_docker_that_filters_in_another_way_than_it_is_told_is_noticed(host: Host) -> None:
    configuration = host.folder / "root" / "etc" / "docker" / "daemon.json"
    right = configuration.read_text()
    configuration.write_text("{}" if host.backend == "nftables" else right.replace("iptables", "nftables"))
    try:
        done = host.script(OLD)
    finally:
        configuration.write_text(right)
    assert done.returncode == (0 if host.oldest else 2), done.stdout + done.stderr
    assert (f"Docker filters by {host.backend}" in done.stderr) != host.oldest


def only_the_gateway_is_answered_again(host: Host) -> None:
    """And meanwhile, too: a stranger asks again and again, until the gateway is answered."""

    def is_back(address: str, port: int) -> bool:
        told = host.stranger.asks(address, port)
        assert ANSWERED not in told, f"a stranger at [{address}]:{port}: {told}"
        return ANSWERED in host.gate.asks(address, port)

    for place in PLACES:
        wait_until(partial(is_back, *place), "the containers are back")
    answers(host.gate, to=True)
    answers(host.stranger, to=False)


def _forget_all_rules(host: Host) -> None:
    for program in ("iptables", "ip6tables"):
        for table in ("filter", "nat", "mangle", "raw"):
            host.space.must(program, "-w", "-t", table, "-F")
            host.space.must(program, "-w", "-t", table, "-X")
    host.space.must("nft", "flush", "ruleset")
