"""Engines built from Go modules: Docker Engine and what belongs to it, its command line, a registry, Ollama."""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
from pathlib import Path

from tests.engines import versions
from tests.engines.programs import run
from tests.engines.stored import stored
from tests.engines.toolchain import build, go, install

SWARMKIT = "github.com/moby/swarmkit/v2"


def docker_engine() -> Path:
    """A folder with dockerd and the programs that it starts; first in its PATH."""
    version = f"{versions.DOCKER_ENGINE}-{versions.CONTAINERD}-{versions.RUNC}"
    return stored("docker-engine", version, _docker_engine)


def docker_command_line() -> Path:
    """A folder with the program `docker`."""
    version = f"{versions.DOCKER_COMMAND_LINE}-{versions.SWARMKIT}"
    return stored("docker-cli", version, _docker_command_line)


def registry() -> Path:
    """The program of the registry (Distribution)."""
    package = f"github.com/distribution/distribution/v3/cmd/registry@v{versions.REGISTRY}"
    return stored("registry", versions.REGISTRY, lambda into: install(package, into)) / "registry"


def ollama() -> Path:
    """The program `ollama`, with llama.cpp inside, for the processor only."""
    return stored("ollama", f"{versions.OLLAMA}-{versions.MINIAUDIO}", _ollama) / "ollama"


def _docker_engine(folder: Path) -> None:
    moby = f"v{versions.DOCKER_ENGINE}"
    containerd = f"v{versions.CONTAINERD}"
    flags = f"-s -w -X github.com/moby/moby/v2/dockerversion.Version={versions.DOCKER_ENGINE}"
    install(f"github.com/moby/moby/v2/cmd/dockerd@{moby}", folder, tags="exclude_graphdriver_btrfs", flags=flags)
    install(f"github.com/moby/moby/v2/cmd/docker-proxy@{moby}", folder)
    install(f"github.com/containerd/containerd/v2/cmd/containerd@{containerd}", folder, tags="no_btrfs")
    install(f"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@{containerd}", folder, tags="no_btrfs")
    install(f"github.com/opencontainers/runc@v{versions.RUNC}", folder, tags="seccomp")
    shutil.copy("/usr/bin/tini-static", folder / "docker-init")


def _docker_command_line(folder: Path) -> None:
    """The module has no go.mod of its own: its authors keep it as vendor.mod.

    It is built with the swarmkit that the engine is built with, because the module proxy does not have its own.
    """
    wanted = f"github.com/docker/cli@v{versions.DOCKER_COMMAND_LINE}+incompatible"
    download: list[str | Path] = [go(), "mod", "download", "-json", wanted]
    source = json.loads(build(download, {}, folder=folder))["Dir"]
    copy = folder / "source"
    shutil.copytree(source, copy, copy_function=shutil.copyfile)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.copy(copy / "vendor.mod", copy / "go.mod")
    shutil.copy(copy / "vendor.sum", copy / "go.sum")
    swarmkit = f"-replace={SWARMKIT}={SWARMKIT}@v{versions.SWARMKIT}"
    build([go(), "mod", "edit", swarmkit], {}, folder=copy)
    flags = f"-s -w -X github.com/docker/cli/cli/version.Version={versions.DOCKER_COMMAND_LINE}"
    program: list[str | Path] = [go(), "build", "-mod=mod", "-ldflags", flags, "-o", folder / "docker", "./cmd/docker"]
    build(program, {"CGO_ENABLED": "0"}, folder=copy)
    shutil.rmtree(copy)


def _ollama(folder: Path) -> None:
    """The module archive lacks folders named vendor: two headers come from Debian, miniaudio.h from PyPI."""
    wanted = f"miniaudio=={versions.MINIAUDIO}"
    source = ["--no-deps", "--no-binary", "miniaudio"]
    run([sys.executable, "-m", "pip", "download", "-q", *source, "-d", folder, wanted])
    archive = next(folder.glob("miniaudio-*.tar.gz"))
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    headers = folder / f"miniaudio-{versions.MINIAUDIO}"
    settings = {"CGO_CFLAGS": f"-O2 -I{headers}", "CGO_CXXFLAGS": f"-O2 -I{headers}"}
    flags = f"-s -w -X github.com/ollama/ollama/version.Version={versions.OLLAMA}"
    install(f"github.com/ollama/ollama@v{versions.OLLAMA}", folder, flags=flags, environment=settings)
    shutil.rmtree(headers)
    archive.unlink()
