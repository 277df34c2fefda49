"""NFS files: which host gets which, and what stands in them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composegen.plan import Plan
from composegen.targets._nfs import mount_unit, nfs_artifacts
from composegen.topology import Placement
from tests import hostfiles_plans
from tests.hostfiles_plans import nfs_store, ollama, plan


def files(found: Plan) -> dict[str, str]:
    return {path: entry.data.decode() for path, entry in hostfiles_plans.render(nfs_artifacts(found)).items()}


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_each_host_gets_what_it_needs_and_nothing_else() -> None:
    assert set(files(plan())) == {
        "server80/nfs/ollama-models.exports",
        "server80/nfs/setup.sh",
        "server84/nfs/fstab",
        "server84/nfs/docker-needs-models.conf",
        "server84/nfs/setup.sh",
    }


def test_a_reader_may_read_and_its_root_is_nobody() -> None:
    (line,) = lines(files(plan())["server80/nfs/ollama-models.exports"])
    assert line == "/opt/ollama-models 10.0.0.84(ro,sync,no_subtree_check,root_squash)"


def test_a_client_that_writes_may_write_as_root_and_nobody_else() -> None:
    found = files(plan(store=nfs_store(writer="server84"), addresses=THREE, service=ollama(hosts=SPREAD)))
    (line,) = lines(found["server80/nfs/ollama-models.exports"])
    assert line == (
        "/opt/ollama-models 10.0.0.84(rw,sync,no_subtree_check,no_root_squash)"
        " fd00::85(ro,sync,no_subtree_check,root_squash)"
    )
    assert lines(found["server84/nfs/fstab"])[0].split()[3].startswith("rw,")
    assert lines(found["server85/nfs/fstab"])[0].split()[3].startswith("ro,")


THREE = {"server80": "10.0.0.80", "server84": "10.0.0.84", "server85": "fd00::85"}
SPREAD = {name: Placement() for name in THREE}


def test_a_store_without_clients_is_exported_to_nobody() -> None:
    found = plan(service=ollama(hosts={"server80": Placement()}))
    assert files(found) == {}
    alone = replace(plan().host("server80"), exports=(replace(plan().host("server80").exports[0], clients=()),))
    assert files(replace(found, hosts=(alone,))) == {}


def test_blanks_and_quotes_cannot_leave_their_field() -> None:
    found = files(plan(store=nfs_store(path='/srv/my "models" #1', mountpoint="/mnt/a b")))
    (export,) = lines(found["server80/nfs/ollama-models.exports"])
    (mount,) = lines(found["server84/nfs/fstab"])
    assert len(export.split()) == 2
    assert "\\040" in export
    assert len(mount.split()) == 6
    assert mount.split()[1] == "/mnt/a\\040b"


def test_a_reader_mounts_read_only_and_boots_without_the_server() -> None:
    (line,) = lines(files(plan())["server84/nfs/fstab"])
    source, mountpoint, kind, options, dump, check = line.split()
    assert (source, mountpoint, kind, dump, check) == (
        "10.0.0.80:/opt/ollama-models",
        "/opt/ollama-models",
        "nfs",
        "0",
        "0",
    )
    stated = set(options.split(","))
    assert {"ro", "nfsvers=4.2", "hard", "noatime", "nodev", "nosuid", "noexec", "_netdev", "nofail", "bg"} <= stated
    assert {"acdirmin=3", "acdirmax=10", "lookupcache=positive", "nconnect=4"} <= stated
    assert not stated & {"rw", "soft", "softerr", "defaults"}


def test_an_ipv6_server_stands_in_brackets() -> None:
    found = files(plan(addresses={"server80": "fd00::80", "server84": "fd00::84"}))
    assert lines(found["server84/nfs/fstab"])[0].startswith("[fd00::80]:/opt/ollama-models ")
    assert " fd00::84(ro," in found["server80/nfs/ollama-models.exports"]


def test_docker_waits_for_the_mount_but_not_for_ever() -> None:
    text = files(plan())["server84/nfs/docker-needs-models.conf"]
    assert lines(text) == [
        "[Unit]",
        r"Wants=opt-ollama\x2dmodels.mount",
        "[Service]",
        (
            r"ExecStartPre=-/usr/bin/timeout 30 /bin/sh -c 'until systemctl --quiet is-active "
            r""""$$1"; do sleep 1; done' sh opt-ollama\\x2dmodels.mount"""
        ),
    ]


@pytest.mark.parametrize(
    ("path", "unit"),
    [  # each as `systemd-escape --path --suffix=mount` prints it
        ("/opt/ollama-models", r"opt-ollama\x2dmodels.mount"),
        ("/srv/a b/.x", r"srv-a\x20b-.x.mount"),
        ("/.hid/é%$", r"\x2ehid-\xc3\xa9\x25\x24.mount"),
        ("/", "-.mount"),
    ],
)
def test_mount_units_are_named_as_systemd_does(path: str, unit: str) -> None:
    assert mount_unit(path) == unit


def test_a_nas_gets_no_exports() -> None:
    found = files(plan(store=nfs_store(server=None, external="nas.example", writer="server80")))
    assert not [path for path in found if path.endswith(".exports")]
    assert lines(found["server80/nfs/fstab"])[0].startswith("nas.example:/opt/ollama-models ")


def test_what_docker_mounts_needs_only_the_package() -> None:
    found = files(plan(store=nfs_store(mount="volume")))
    assert set(found) == {
        "server80/nfs/ollama-models.exports",
        "server80/nfs/setup.sh",
        "server84/nfs/setup.sh",
    }
    script = found["server84/nfs/setup.sh"]
    assert "need_package mount.nfs" in script
    assert "fstab_lines" not in script
