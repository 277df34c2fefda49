"""Official images instead of those made here, when COMPOSEGEN_ENGINES_PULL is 1, or a registry that has them too.

They are pulled by an engine that shares the machine's network, and kept as archives: a lab itself reaches nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import yaml

from tests.engines import binaries, engine, versions
from tests.engines.space import Space
from tests.engines.stored import stored
from tests.sampling import FOLDER

WANTED = os.environ.get("COMPOSEGEN_ENGINES_PULL", "")
"""Read when this module is imported: tests see no such variable."""


def is_wanted() -> bool:
    """Whether official images are to be pulled."""
    return WANTED not in {"", "0"}


def _source(name: str) -> str:
    """By which name an image is pulled."""
    return name if WANTED == "1" else f"{WANTED}/{name}"


def _image_of_samples() -> str:
    topology = yaml.safe_load((FOLDER / "nfs-replicas" / "topology.yaml").read_text(encoding="utf-8"))
    return str(topology["services"]["ollama"]["image"])


OLLAMA_TAG = _image_of_samples().partition(":")[2]


def official() -> list[Path]:
    """Archives of the images that the samples name, for `docker load`."""
    names = [f"ollama/ollama:{OLLAMA_TAG}", f"ollama/ollama:{OLLAMA_TAG}-rocm", f"traefik:v{versions.TRAEFIK}"]
    return [_archive(name) for name in names]


def _archive(name: str) -> Path:
    def make(folder: Path) -> None:
        work = Path(tempfile.mkdtemp(prefix="composegen-pull-", dir="/var/tmp"))
        space = Space(network=False)
        try:
            alone = ["--bridge=none", "--iptables=false", "--ip6tables=false"]
            client = binaries.docker_command_line() / "docker"
            running = engine.start(space, work, [binaries.docker_engine()], client, alone)
            running.must("pull", _source(name), seconds=3600)
            running.must("tag", _source(name), name)
            running.must("save", "--output", folder / "image.tar", name, seconds=600)
            running.stop()
        finally:
            space.close()
            shutil.rmtree(work)

    label, _, tag = re.sub(r"[^a-z0-9.:-]", "-", name).partition(":")
    return stored(f"official-{label}", tag, make) / "image.tar"
