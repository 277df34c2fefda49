"""NFS files of each host: exports, fstab lines, the drop-in for Docker, and the script that applies them.

Only files of the hosts themselves: what Docker mounts (`mount: volume`) is a volume of the Compose file, and needs no
more here than the client's package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from composegen.artifacts import Artifact, Syntax
from composegen.plan import Export, HostPlan, NfsMount, Plan


def nfs_artifacts(plan: Plan) -> Iterator[Artifact]:
    """The NFS files of every host that exports or mounts a store; none where no host does."""
    for host in plan.hosts:
        exports = tuple(export for export in host.exports if export.clients)
        yield from (_exports(plan, host, export) for export in exports)
        if host.nfs_mounts:
            yield _fstab(plan, host)
        yield from (_drop_in(plan, host, mount) for mount in host.nfs_mounts)
        if exports or host.nfs_mounts or mounts_by_docker(host):
            yield _setup(plan, host, exports)


def mounts_by_docker(host: HostPlan) -> bool:
    """Whether Docker itself mounts an export on this host."""
    return any(volume.nfs_device for volume in host.volumes)


def mount_source(mount: NfsMount) -> str:
    """What is mounted, as fstab and findmnt write it: `server:/path`, an IPv6 address in brackets."""
    server = f"[{mount.server}]" if ":" in mount.server else mount.server
    return f"{server}:{mount.path}"


@lru_cache(maxsize=1024)
def mount_unit(mountpoint: str) -> str:
    r"""The name of systemd's unit for a mount point, as `systemd-escape --path --suffix=mount` makes it.

    `/` becomes `-`; letters, digits, `:`, `_` and a `.` that is not at the beginning stay; every other byte becomes
    `\xNN` (man 5 systemd.unit, "String Escaping for Inclusion in Unit Names").
    """
    path = "/".join(part for part in mountpoint.split("/") if part)
    if not path:
        return "-.mount"
    escaped = "".join(_escaped(byte) for byte in path.encode())
    if escaped.startswith("."):
        escaped = r"\x2e" + escaped[1:]
    return f"{escaped}.mount"


def _escaped(byte: int) -> str:
    character = chr(byte)
    if character == "/":
        return "-"
    return character if re.fullmatch(r"[A-Za-z0-9:_.]", character) else rf"\x{byte:02x}"


def _path(host: HostPlan, name: str) -> PurePosixPath:
    return PurePosixPath(host.name, "nfs", name)


def _exports_name(plan: Plan, export: Export) -> str:
    return f"{plan.topology.name}-{export.store.name}.exports"


def _exports(plan: Plan, host: HostPlan, export: Export) -> Artifact:
    return Artifact(
        path=_path(host, _exports_name(plan, export)),
        template="nfs/exports.j2",
        syntax=Syntax.EXPORTS,
        context={
            "name": plan.topology.name,
            "host": host.name,
            "store": export.store.name,
            "path": export.store.path,
            "clients": export.clients,
        },
    )


def _fstab(plan: Plan, host: HostPlan) -> Artifact:
    return Artifact(
        path=_path(host, "fstab"),
        template="nfs/fstab.j2",
        syntax=Syntax.FSTAB,
        context={"name": plan.topology.name, "host": host.name, "mounts": _mounts(host)},
    )


def _drop_in(plan: Plan, host: HostPlan, mount: NfsMount) -> Artifact:
    return Artifact(
        path=_path(host, _drop_in_name(mount)),
        template="nfs/docker-needs.conf.j2",
        syntax=Syntax.SYSTEMD,
        context={
            "name": plan.topology.name,
            "host": host.name,
            "store": mount.store.name,
            "unit": mount_unit(mount.mountpoint),
            # In ExecStartPre backslashes are taken off once more (man 5 systemd.service, "Command Lines").
            "unit_argument": mount_unit(mount.mountpoint).replace("\\", "\\\\"),
        },
    )


def _drop_in_name(mount: NfsMount) -> str:
    return f"docker-needs-{mount.store.name}.conf"


def _setup(plan: Plan, host: HostPlan, exports: tuple[Export, ...]) -> Artifact:
    return Artifact(
        path=_path(host, "setup.sh"),
        template="nfs/setup.sh.j2",
        syntax=Syntax.SHELL,
        context={
            "name": plan.topology.name,
            "host": host.name,
            "exports": [{"file": _exports_name(plan, export), "path": export.store.path} for export in exports],
            "addresses": _client_addresses(exports),
            "mounts": _mounts(host),
            "is_client": bool(host.nfs_mounts) or mounts_by_docker(host),
        },
        mode=0o755,
    )


def _client_addresses(exports: tuple[Export, ...]) -> tuple[str, ...]:
    """The addresses of all clients, each once."""
    return tuple(dict.fromkeys(client.host.address for export in exports for client in export.clients))


def _mounts(host: HostPlan) -> list[dict[str, object]]:
    return [
        {
            "source": mount_source(mount),
            "mountpoint": mount.mountpoint,
            "writes": mount.writes,
            "drop_in": _drop_in_name(mount),
        }
        for mount in host.nfs_mounts
    ]
