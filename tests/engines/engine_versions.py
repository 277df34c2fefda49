"""The engines that claims name, and how to learn which version of each ran."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping

from tests.engines import debian, pulled, uml_root, versions
from tests.engines.lab import TOOLS


def _said(*command: str) -> str:
    """The first number with dots that a program says of itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"\d+(\.\d+)+[^\s,)]*", done.stdout + done.stderr)
    assert found, f"{' '.join(command)} says no version: {done.stdout}"
    return found[0]


def _in_guest(package: str) -> str:
    """The version of a package on the disk of the machines with NFS."""
    command = ("debugfs", "-R", "cat /var/lib/dpkg/status", str(uml_root.root_image()))
    status = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(rf"^Package: {package}\n(?:.+\n)*?Version: (.+)$", status, re.MULTILINE)
    assert found, f"no {package} on the disk"
    return found[1]


VERSIONS: Mapping[str, Callable[[], str]] = {
    "Docker Engine": lambda: versions.DOCKER_ENGINE,
    "Docker Engine of Debian": lambda: _said(str(debian.oldest_engine() / "dockerd"), "--version"),
    "Docker Compose": lambda: _said(str(TOOLS / "docker-compose"), "version"),
    "Traefik": lambda: versions.TRAEFIK if pulled.is_wanted() else _said(str(TOOLS / "traefik"), "version"),
    "Ollama": lambda: pulled.OLLAMA_TAG if pulled.is_wanted() else versions.OLLAMA,
    "registry": lambda: versions.REGISTRY,
    "kernel NFS": uml_root._kernel,
    "systemd": lambda: _in_guest("systemd"),
    "iptables": lambda: _said("iptables", "--version"),
    "nftables": lambda: _said("nft", "--version"),
    "findmnt": lambda: _said("findmnt", "--version"),
    "exportfs": lambda: _said("dpkg-query", "-W", "nfs-kernel-server"),
    "Linux": lambda: platform.release().partition("-")[0],
}
"""By the names that tests give them."""


def of(engines: Iterable[str]) -> dict[str, str]:
    """The version of each engine here."""
    return {engine: VERSIONS[engine]() for engine in sorted(engines)}
