"""Debian's docker.io, unpacked into a folder: no service is installed, and nothing on the machine sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.engines import versions
from tests.engines.programs import run
from tests.engines.stored import stored

PACKAGES = ("docker.io", "containerd", "runc", "tini")
PROGRAMS = ("dockerd", "docker", "docker-proxy", "containerd", "containerd-shim-runc-v2", "ctr", "runc")


def oldest_engine() -> Path:
    """A folder with the programs of the oldest engine that composegen renders for, its command line too."""
    return stored("debian-docker", versions.OLDEST_ENGINE, _unpacked)


def _unpacked(folder: Path) -> None:
    packages = folder / "packages"
    packages.mkdir()
    run(["apt-get", "update", "-q"])
    run(["apt-get", "download", *PACKAGES], folder=packages)
    for package in packages.glob("*.deb"):
        run(["dpkg-deb", "--extract", package, folder / "root"])
    for name in PROGRAMS:
        shutil.copy(next((folder / "root" / "usr").glob(f"*bin/{name}")), folder / name)
    shutil.copy(folder / "root" / "usr" / "bin" / "tini-static", folder / "docker-init")
    shutil.rmtree(packages)
    shutil.rmtree(folder / "root")
