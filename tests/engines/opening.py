"""Opening a lab: its folder, its space, its engine with the images in it, its registry."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path

from tests.engines import binaries, debian, engine, gpus, images, model_registry, pulled, versions
from tests.engines.engine import Engine
from tests.engines.lab import TOOLS, Lab
from tests.engines.model_registry import ModelRegistry
from tests.engines.space import Space

FOLDERS = Path("/var/tmp")  # noqa: S108 - paths of sockets must be short, and the engine needs a real file system
PREFIX = "composegen-lab-"


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
    for held in FOLDERS.glob(f"{PREFIX}*/.held"):
        with held.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(held.parent, ignore_errors=True)


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
    if pulled.is_wanted():
        for archive in pulled.official():
            running.must("load", "--input", archive)
    else:
        _import(running, f"ollama/ollama:{versions.OLLAMA}", images.ollama())
        _import(running, f"traefik:v{versions.TRAEFIK}", images.traefik(TOOLS / "traefik"))
    _import(running, "application:1", images.application())


def _import(running: Engine, name: str, image: images.Image) -> None:
    running.must("import", *(word for change in image.changes for word in ("-c", change)), image.archive, name)
