"""The disk of a user-mode Linux guest: Debian with systemd and kernel NFS, built once and kept outside the checkout."""

from __future__ import annotations

import hashlib
import shutil
from functools import cache
from pathlib import Path

from tests.engines import versions
from tests.engines.programs import run
from tests.engines.stored import stored

PACKAGES = ("systemd", "systemd-sysv", "kmod", "iproute2", "iptables", "nfs-kernel-server", "nfs-common")
MODULES = Path("/usr/lib/uml/modules")
"""Where Debian's package user-mode-linux has the modules of its kernel."""
FILTER = "/usr/sbin/iptables-legacy"
"""What `iptables` is: the kernel of the package has no nf_tables for IP."""
SIZE = "1200M"
GUEST = Path(__file__).parent / "guest"
"""Files that every guest has, by their path there."""

SILENT = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "getty-static.service",
    "modprobe@configfs.service",
    "modprobe@drm.service",
    "modprobe@fuse.service",
    "nfs-blkmap.service",
    "proc-sys-fs-binfmt_misc.automount",
    "sys-fs-fuse-connections.mount",
    "systemd-binfmt.service",
    "systemd-journal-flush.service",
    "systemd-logind.service",
    "systemd-pcrphase.service",
    "systemd-pcrphase-sysinit.service",
    "systemd-sysusers.service",
    "systemd-udev-trigger.service",
    "systemd-udevd.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
)
"""Units that only cost time here; a server and a client of NFS 4 need none of them, nor any device to appear."""


@cache
def root_image() -> Path:
    """The image, made where it is not there yet; that takes some minutes, and needs root and a mirror of Debian."""
    return stored(f"uml-{_kernel()}", _recipe(), _build) / "root.img"


def _recipe() -> str:
    """Changes with all that the image is made of."""
    recipe = hashlib.sha256(repr((versions.DEBIAN, PACKAGES, SILENT, FILTER, SIZE)).encode())
    for path in _guest_files():
        recipe.update(str(path.relative_to(GUEST)).encode() + path.read_bytes())
    return recipe.hexdigest()[:12]


def _kernel() -> str:
    assert shutil.which("linux.uml"), "linux.uml is missing: tests/engines/prepare installs it (user-mode-linux)"
    return max(path.name for path in MODULES.iterdir())


def _guest_files() -> list[Path]:
    return sorted(path for path in GUEST.rglob("*") if path.is_file())


def _build(folder: Path) -> None:
    root = folder / "root"
    wanted = f"--include={','.join(PACKAGES)}"
    run(["nice", "debootstrap", "--variant=minbase", wanted, versions.DEBIAN, root, versions.MIRROR])
    for path in _guest_files():
        target = root / path.relative_to(GUEST)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    version = _kernel()
    shutil.copytree(MODULES / version, root / "lib" / "modules" / version)
    run(["chroot", root, "depmod", version])
    run(["chroot", root, "update-alternatives", "--set", "iptables", FILTER])
    run(["systemctl", "--root", root, "mask", *SILENT])
    run(["systemctl", "--root", root, "enable", "guest-network.service", "guest-agent.service"])
    # A machine that is no server yet: the set-up script has to make it one.
    run(["systemctl", "--root", root, "disable", "nfs-server.service"])
    for waste in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale"):
        shutil.rmtree(root / waste, ignore_errors=True)
    run(["mkfs.ext4", "-q", "-d", root, folder / "root.img", SIZE])
    shutil.rmtree(root)
