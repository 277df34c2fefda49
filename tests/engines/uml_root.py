"""The disk of a user-mode Linux guest: Debian with systemd and kernel NFS, built once and kept outside the checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
SUITE = "bookworm"
PACKAGES = ("systemd", "systemd-sysv", "kmod", "iproute2", "nfs-kernel-server", "nfs-common")
MODULES = Path("/usr/lib/uml/modules")
"""Where Debian's package user-mode-linux has the modules of its kernel."""
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
    image = _folder() / "root.img"
    if not image.exists():
        with tempfile.TemporaryDirectory(prefix="composegen-uml-") as work:
            _build(Path(work) / "root", image)
    return image


def _folder() -> Path:
    """A folder of its own for each kernel and each content."""
    recipe = hashlib.sha256(repr((SUITE, PACKAGES, SILENT, SIZE)).encode())
    for path in _guest_files():
        recipe.update(str(path.relative_to(GUEST)).encode() + path.read_bytes())
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "composegen-engines"
    return cached / f"uml-{_kernel()}-{recipe.hexdigest()[:12]}"


def _kernel() -> str:
    assert shutil.which("linux.uml"), "linux.uml is missing: tests/engines/prepare installs it (user-mode-linux)"
    return max(path.name for path in MODULES.iterdir())


def _guest_files() -> list[Path]:
    return sorted(path for path in GUEST.rglob("*") if path.is_file())


def _build(root: Path, image: Path) -> None:
    _run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root), MIRROR)
    for path in _guest_files():
        target = root / path.relative_to(GUEST)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    version = _kernel()
    shutil.copytree(MODULES / version, root / "lib" / "modules" / version)
    _run("chroot", str(root), "depmod", version)
    _run("systemctl", "--root", str(root), "mask", *SILENT)
    _run("systemctl", "--root", str(root), "enable", "guest-network.service", "guest-agent.service")
    # A machine that is no server yet: the set-up script has to make it one.
    _run("systemctl", "--root", str(root), "disable", "nfs-server.service")
    for waste in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale"):
        shutil.rmtree(root / waste, ignore_errors=True)
    image.parent.mkdir(parents=True, exist_ok=True)
    unfinished = image.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    _run("mkfs.ext4", "-q", "-d", str(root), str(unfinished), SIZE)
    unfinished.rename(image)


def _run(*command: str) -> None:
    done = subprocess.run(["nice", *command], capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
