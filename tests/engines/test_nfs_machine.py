"""What is rendered for NFS, and the unit of the firewall, on machines with systemd and kernel NFS.

It is the sample nfs-replicas, with its own addresses.
One machine is server80, which exports; one is server84, which mounts. Their network leads nowhere else. Each test goes
on from where the one before it ended: a set-up is installed once, and then lived with.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from composegen.targets._firewall import unit_name
from tests.engines.uml import Answer, Guest, guests
from tests.sampling import tree, write

pytestmark = pytest.mark.engine

STORE = "/opt/ollama-models"
SOURCE = f"10.0.0.80:{STORE}"
FIREWALL = unit_name("ollama")
STRANGER = "10.0.0.85"
PROMISED = 10
"""Seconds after which a reader sees a new model, as the run book says."""

DOCKER = """\
[Unit]
Description=Stands in for Docker, with the order of its unit
After=network-online.target nss-lookup.target docker.socket firewalld.service containerd.service time-set.target
Wants=network-online.target containerd.service

[Service]
ExecStart=/bin/sh -c 'findmnt -n -o SOURCE -M /opt/ollama-models >/run/docker-saw; \
    iptables -S >/run/docker-saw-rules; exec sleep infinity'
Type=exec

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, kw_only=True)
class Machines:
    """The server and its client."""

    server: Guest
    client: Guest


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("uml")
    # The client comes as a stranger first.
    with guests(folder, {"server80": "10.0.0.80", "server84": STRANGER}) as found:
        for guest in found.values():
            write(tree("nfs-replicas"), guest.share / "tree")
            guest.switch_on()
        yield Machines(server=found["server80"], client=found["server84"])
    shutil.rmtree(folder, ignore_errors=True)


def booted(guest: Guest) -> None:
    """Wait until everything has been started, or has been given up."""
    must(guest, "until systemctl --quiet is-active multi-user.target; do sleep 0.2; done", timeout=90)


def set_up(guest: Guest, *arguments: str) -> Answer:
    return guest.run(f"sh /share/tree/{guest.name}/nfs/setup.sh {' '.join(arguments)}", timeout=90)


def must(guest: Guest, script: str, timeout: float = 60) -> str:
    """What a command prints that has to end well."""
    answer = guest.run(script, timeout)
    assert answer.code == 0, f"{script}: {answer}"
    return answer.text.strip()


def state(guest: Guest) -> str:
    """Content, mode and time of every file that the script may write."""
    folders = f"/etc/exports.d /etc/fstab /etc/systemd/system {STORE}/manifests/.keep"
    return must(guest, f"find {folders} -type f -exec stat -c '%n %a %Y %Z' {{}} + -exec cksum {{}} + | sort; true")


@pytest.mark.proves("nfs/setup.sh sets the server up; a second run changes nothing", "kernel NFS", "systemd")
def test_the_server_is_set_up_and_then_left_alone(machines: Machines) -> None:
    booted(machines.server)
    first = set_up(machines.server)
    assert first.code == 0, first
    assert "changed       exports /etc/exports.d/ollama-models.exports" in first.text
    assert "changed       service nfs-server runs" in first.text
    before = state(machines.server)
    for arguments in ((), ("--check",)):
        again = set_up(machines.server, *arguments)
        assert again.code == 0, again
        assert "Everything is in order." in again.text
        assert "chang" not in again.text
    assert state(machines.server) == before


@pytest.mark.proves("The kernel exports the store to the replica's address only, read-only", "kernel NFS")
def test_the_kernel_exports_what_was_meant(machines: Machines) -> None:
    lines = must(machines.server, "exportfs -s").splitlines()
    assert len(lines) == 1, lines
    path, _, client = lines[0].partition(" ")
    address, _, options = client.strip().rstrip(")").partition("(")
    assert (path, address) == (STORE, "10.0.0.84")
    assert {"ro", "sync", "root_squash", "no_subtree_check"} <= set(options.split(","))


@pytest.mark.proves("A stranger's address is refused by the NFS server", "kernel NFS")
def test_a_strangers_address_is_refused(machines: Machines) -> None:
    booted(machines.client)
    assert STRANGER in must(machines.client, "ip -o -4 address show dev vec0")
    refused = machines.client.run(f"mount -t nfs -o ro,nfsvers=4.2,retry=0 {SOURCE} /mnt")
    assert refused.code != 0
    assert "access denied by server" in refused.text, refused
    assert machines.client.run("mountpoint -q /mnt").code != 0
    must(machines.client, "ip address flush dev vec0 && ip address add 10.0.0.84/24 dev vec0")
    machines.client.address = "10.0.0.84"


@pytest.mark.proves("nfs/setup.sh sets the replica up; a second run changes nothing", "kernel NFS", "systemd")
def test_the_replica_is_set_up_and_then_left_alone(machines: Machines) -> None:
    must(machines.server, f"echo blob >{STORE}/blobs/sha256-1 && chmod -R a+rX {STORE}")
    (machines.client.share / "docker.service").write_text(DOCKER)
    must(machines.client, "cp /share/docker.service /etc/systemd/system/ && systemctl enable docker")
    first = set_up(machines.client)
    assert first.code == 0, first
    assert f"changed       mount {SOURCE} on {STORE}" in first.text
    before = state(machines.client)
    for arguments in ((), ("--check",)):
        again = set_up(machines.client, *arguments)
        assert again.code == 0, again
        assert "Everything is in order." in again.text
        assert "chang" not in again.text
    assert state(machines.client) == before


@pytest.mark.proves("The replica mounts with the options of the rendered fstab, and reads", "kernel NFS")
def test_the_replica_reads_with_the_options_of_fstab(machines: Machines) -> None:
    assert must(machines.client, f"cat {STORE}/blobs/sha256-1") == "blob"
    options = must(machines.client, f"findmnt -n -o OPTIONS -M {STORE}").split(",")
    assert {"ro", "vers=4.2", "hard", "acdirmin=3", "acdirmax=10", "lookupcache=pos", "nosuid", "noexec"} <= set(
        options
    )


@pytest.mark.proves("The replica cannot write even when it mounts to write", "kernel NFS")
def test_the_replica_cannot_write_even_when_it_mounts_to_write(machines: Machines) -> None:
    assert machines.client.run(f"touch {STORE}/blobs/mine").code != 0
    # A second mount of its own would share the options of the first.
    tried = machines.client.run(f"mount -t nfs -o rw,nfsvers=4.2,nosharecache {SOURCE} /mnt")
    assert tried.code == 0, tried
    try:
        assert "rw" in must(machines.client, "findmnt -n -o OPTIONS -M /mnt").split(",")
        for attempt in ("touch /mnt/blobs/mine", "echo no >/mnt/blobs/sha256-1", "rm -f /mnt/blobs/sha256-1"):
            answer = machines.client.run(attempt)
            assert answer.code != 0, attempt
            assert "Read-only file system" in answer.text, answer
    finally:
        must(machines.client, "umount /mnt")
    assert must(machines.server, f"ls {STORE}/blobs; cat {STORE}/blobs/sha256-1") == "sha256-1\nblob"


@pytest.mark.proves("A replica sees a new model within 10 s", "kernel NFS")
def test_the_replica_sees_a_new_model_in_the_promised_time(machines: Machines, proof: Callable[[str], None]) -> None:
    library = f"{STORE}/manifests/registry.ollama.ai/library"
    must(machines.server, f"mkdir -p {library} && chmod -R a+rX {STORE}/manifests")
    must(machines.client, f"until ls {library}; do sleep 1; done")
    # It is known by now that the model is not there, and would be for 30 s or more with the usual options. A listing
    # of the folder would always ask the server, and what it says would be known from then on.
    asked = f"cat {library}/mistral/7b 2>/dev/null"
    must(machines.client, f"for time in 1 2 3 4; do ! {asked} || exit 1; sleep 1; done")
    must(machines.server, f"mkdir {library}/mistral && echo one >{library}/mistral/7b && chmod -R a+rX {library}")
    patient = f"second=0; until {asked} || [ $second -gt {PROMISED} ]; do sleep 1; second=$((second + 1)); done"
    *content, seconds = must(machines.client, f"{patient}; echo $second").split()
    proof(f"after {seconds} s")
    assert content == ["one"]
    assert int(seconds) <= PROMISED


@pytest.mark.proves("firewall/setup.sh installs its unit; a second run changes nothing", "systemd")
def test_the_firewall_is_set_up_and_then_left_alone(machines: Machines) -> None:
    script = "sh /share/tree/server84/firewall/setup.sh"
    must(machines.client, script)
    assert "enabled" in must(machines.client, f"systemctl is-enabled {FIREWALL}")
    for arguments in ("", " --check"):
        assert "Everything is in order." in must(machines.client, script + arguments)


@pytest.mark.proves("At boot Docker's unit waits for an NFS server that is late", "kernel NFS", "systemd")
def test_docker_waits_at_boot_for_a_server_that_is_late(machines: Machines) -> None:
    client = machines.client
    client.switch_off()
    must(machines.server, "systemctl stop nfs-server")
    client.switch_on()
    waiting = "until systemctl show -p SubState docker | grep start-pre; do sleep 0.2; done"
    must(client, waiting)
    assert client.run(f"findmnt -M {STORE}").code != 0
    assert must(client, "systemctl is-active docker || true") == "activating"
    must(machines.server, "systemctl start nfs-server")
    must(client, "until systemctl --quiet is-active docker; do sleep 0.2; done")
    assert must(client, "until [ -s /run/docker-saw-rules ]; do sleep 0.1; done; cat /run/docker-saw") == SOURCE


@pytest.mark.proves("At boot the firewall's rules are there before Docker's unit starts", "systemd")
def test_docker_finds_the_firewall_there_when_it_starts_at_boot(machines: Machines) -> None:
    assert must(machines.client, f"systemctl is-active {FIREWALL}") == "active"
    rules = must(machines.client, "cat /run/docker-saw-rules")
    assert "-A DOCKER-USER -p tcp" in rules, rules
    assert "-j REJECT" in rules
    assert rules == must(machines.client, "iptables -S")


@pytest.mark.proves("A boot without the NFS server does not hang", "kernel NFS", "systemd")
def test_a_boot_without_the_server_does_not_hang(machines: Machines) -> None:
    client = machines.client
    client.switch_off()
    machines.server.switch_off()
    client.switch_on()
    booted(client)
    assert must(client, "systemctl is-active docker") == "active"
    assert must(client, "cat /run/docker-saw") == ""
    assert client.run(f"findmnt -M {STORE}").code != 0
