"""Random valid topologies: the programs that read fstab and exports accept the lines of all their hosts."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from tests.engines.test_nfs_files import empty, in_namespace
from tests.properties.test_valid_topologies import many

pytestmark = pytest.mark.engine


def _folders(paths: list[str]) -> str:
    """Shell text that makes folders exist below fresh top folders."""
    tops = sorted({"/" + path.strip("/").split("/")[0] for path in paths})
    fresh = "".join(empty(top) for top in tops)
    return fresh + "".join(f"mkdir -p {shlex.quote(path)}; " for path in paths)


@pytest.mark.proves("findmnt finds no fault in the fstab lines of random topologies", "findmnt")
def test_findmnt_finds_no_fault_in_any_fstab(proof: Callable[[str], None]) -> None:
    tables = 0
    for case in many():
        for host in case.plan.hosts:
            table = next((e.data.decode() for p, e in case.tree.items() if p.parts == (host.name, "nfs", "fstab")), "")
            if table:
                script = _folders([mount.mountpoint for mount in host.nfs_mounts])
                script += "mount -t tmpfs tmpfs /run; printf '%s' \"$1\" >/run/tab; "
                told = in_namespace(script + "findmnt --verify --verbose --tab-file /run/tab", table)
                assert "no errors or warnings" in told, (told, case.text)
                tables += 1
    assert tables
    proof(f"{tables} hosts that mount")


@pytest.mark.proves("exportfs understands every export of random topologies", "exportfs")
def test_exportfs_understands_every_export(proof: Callable[[str], None]) -> None:
    exports = 0
    for case in many():
        for host in case.plan.hosts:
            files = [
                e.data.decode() for p, e in case.tree.items() if p.parts[0] == host.name and p.suffix == ".exports"
            ]
            if files:
                script = _folders([export.store.path for export in host.exports])
                names = sorted({client.host.address for export in host.exports for client in export.clients})
                known = "".join(f"10.99.0.{number} {name}\\n" for number, name in enumerate(names, 1))
                script += (
                    "mount -t tmpfs tmpfs /run; "
                    f"printf '{known}' >/run/hosts; mount --bind /run/hosts /etc/hosts; "
                    "mkdir -p /etc/exports.d /var/lib/nfs; mount -t tmpfs tmpfs /etc/exports.d; "
                    "mount -t tmpfs tmpfs /var/lib/nfs; touch /var/lib/nfs/etab /var/lib/nfs/rmtab; "
                    "touch /run/none; mount --bind /run/none /etc/exports; "
                    "printf '%s' \"$1\" >/etc/exports.d/it.exports; exportfs -ar; cat /var/lib/nfs/etab"
                )
                told = in_namespace(script, "\n".join(files))
                lines = [line for line in told.splitlines() if line.startswith("/")]
                assert len(lines) == sum(len(export.clients) for export in host.exports), (told, case.text)
                assert "exportfs:" not in told, (told, case.text)
                exports += len(lines)
    assert exports
    proof(f"{exports} exports")
