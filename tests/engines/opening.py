"""Opening a lab: its folder, its space, its engine with the images in it, its registry."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.engines import binaries, debian, engine, gpus, images, model_registry, pulled
from tests.engines.engine import Engine
from tests.engines.lab import TOOLS, Lab
from tests.engines.model_registry import ModelRegistry
from tests.engines.space import Space

FOLDERS = Path("/var/tmp")  # noqa: S108 - paths of sockets must be short, and the engine needs a real file system
PREFIX = "composegen-lab-"
HOUR = 3600


def opened(*, oldest: bool = False) -> Lab:
    """A new lab, on the oldest engine or the current one; whoever opens it closes it."""
    _sweep()
    programs = debian.oldest_engine() if oldest else binaries.docker_engine()
    client = (programs if oldest else binaries.docker_command_line()) / "docker"
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=FOLDERS))
    held = (folder / ".held").open("w")
    fcntl.flock(held, fcntl.LOCK_EX)
    space = Space(environment=_environment(folder, client))
    try:
        arguments = [] if oldest else gpus.arguments(folder, programs)
        gpus.make_devices(space)
        running = engine.start(space, folder, (programs, gpus.programs(folder)), client, arguments)
        lab = Lab(folder=folder, space=space, engine=running, registry=_registry(space, folder), held=held)
        lab.hosts([model_registry.ADDRESS, model_registry.BLOBS_ADDRESS])
        lab.registry.start()
        _fill(running)
    except BaseException:
        space.close()
        held.close()
        shutil.rmtree(folder)
        raise
    return lab


def _sweep() -> None:
    """Remove the folders of labs whose run was killed; everything that ran in them ended with it."""
    for folder in FOLDERS.glob(f"{PREFIX}*"):
        held = folder / ".held"
        with suppress(BlockingIOError, FileNotFoundError):
            # Without the file it was killed while it was removed, or is just being made.
            if not held.exists() and time.time() - folder.stat().st_mtime < HOUR:
                continue
            with held.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, client: Path) -> dict[str, str]:
    plugins = folder / "config" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(TOOLS / "docker-compose")
    return {
        "PATH": f"{client.parent}:{TOOLS}",
        "DOCKER_HOST": f"unix://{folder / 'docker.sock'}",
        "DOCKER_CONFIG": str(folder / "config"),
        "HOME": str(folder),
    }


def _registry(space: Space, folder: Path) -> ModelRegistry:
    space.must("ip", "link", "add", "hosts0", "type", "bridge")
    space.must("ip", "link", "set", "hosts0", "up")
    return ModelRegistry(space=space, folder=folder)


def _fill(running: Engine) -> None:
    own = (images.ollama(), images.traefik(TOOLS / "traefik"))
    taken = pulled.official() if pulled.is_wanted() else [image.archive for image in own]
    for archive in (*taken, images.application().archive):
        running.must("load", "--input", archive)
