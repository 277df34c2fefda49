"""The programs that read fstab and exports accept the lines of all samples, each in a mount namespace of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from composegen.plan import Plan
from tests.sampling import SAMPLES, compiled, tree, write

pytestmark = pytest.mark.engine


def planned(sample: str) -> Plan:
    plan = compiled(sample).plan
    assert plan is not None
    return plan


MOUNTING = [name for name in SAMPLES if any(host.nfs_mounts for host in planned(name).hosts)]
EXPORTING = [name for name in SAMPLES if any(host.exports for host in planned(name).hosts)]


def in_namespace(script: str, *arguments: str) -> str:
    """Run a shell script that may mount what it likes; nothing of it is seen outside. Returns what it printed."""
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", script, "sh", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def empty(path: str) -> str:
    """Shell text that makes a folder exist, in place of everything that was beside it."""
    top = "/" + path.strip("/").split("/")[0]
    return f"mkdir -p '{top}'; mountpoint -q '{top}' || mount -t tmpfs tmpfs '{top}'; mkdir -p '{path}'; "


def test_there_are_samples_for_both() -> None:
    assert {"nfs-replicas", "kitchen-sink"} <= set(MOUNTING) & set(EXPORTING)


@pytest.mark.parametrize("sample", MOUNTING)
@pytest.mark.proves("findmnt finds no fault in the fstab lines of any sample", "findmnt", each="samples")
def test_findmnt_finds_no_fault_in_fstab(sample: str, tmp_path: Path) -> None:
    write(tree(sample), tmp_path)
    for host in planned(sample).hosts:
        if not host.nfs_mounts:
            continue
        # The file is read before the namespace hides what is beside the mount points.
        table = (tmp_path / host.name / "nfs" / "fstab").read_text()
        folders = "".join(empty(mount.mountpoint) for mount in host.nfs_mounts)
        script = folders + "mkdir -p /mnt; printf '%s' \"$1\" >/run/composegen-fstab; "
        told = in_namespace(
            "mount -t tmpfs tmpfs /run; " + script + "findmnt --verify --verbose --tab-file /run/composegen-fstab",
            table,
        )
        assert "no errors or warnings" in told, told
        assert all(mount.mountpoint in told for mount in host.nfs_mounts)


@pytest.mark.parametrize("sample", EXPORTING)
@pytest.mark.proves("exportfs understands the exports of every sample as they were meant", "exportfs", each="samples")
def test_exportfs_understands_what_was_meant(sample: str, tmp_path: Path) -> None:
    write(tree(sample), tmp_path)
    for host in planned(sample).hosts:
        for export in host.exports:
            name = f"{planned(sample).topology.name}-{export.store.name}.exports"
            text = (tmp_path / host.name / "nfs" / name).read_text()
            told = in_namespace(
                empty(export.store.path)
                + "mkdir -p /etc/exports.d /var/lib/nfs; mount -t tmpfs tmpfs /etc/exports.d; "
                + "mount -t tmpfs tmpfs /var/lib/nfs; touch /var/lib/nfs/etab /var/lib/nfs/rmtab; "
                + "touch /run/composegen-exports; mount --bind /run/composegen-exports /etc/exports; "
                + "printf '%s' \"$1\" >/etc/exports.d/it.exports; exportfs -ar; cat /var/lib/nfs/etab",
                text,
            )
            table = dict(line.split("\t")[1].split("(") for line in told.splitlines() if line.startswith("/"))
            assert set(table) == {client.host.address for client in export.clients}, told
            for client in export.clients:
                options = table[client.host.address].rstrip(")").split(",")
                assert ("rw" if client.writes else "ro") in options
                assert ("no_root_squash" if client.writes else "root_squash") in options
            assert "exportfs:" not in told, told
