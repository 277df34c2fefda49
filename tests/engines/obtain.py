"""Builds or downloads every engine that is not in the cache yet; `make engines` runs it first.

The first run takes a quarter of an hour and more on two cores; later ones only look.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.engines import binaries, debian, images, model_registry, pulled, uml_root
from tests.engines.lab import TOOLS

ENGINES: tuple[tuple[str, Callable[[], object]], ...] = (
    ("Docker Engine", binaries.docker_engine),
    ("docker command line", binaries.docker_command_line),
    ("Docker Engine of Debian", debian.oldest_engine),
    ("registry", binaries.registry),
    ("Ollama", binaries.ollama),
    ("image of Ollama", lambda: images.ollama().archive),
    ("image of Traefik", lambda: images.traefik(TOOLS / "traefik").archive),
    ("image of applications", lambda: images.application().archive),
    ("tiny model", model_registry.tiny_model),
    ("disk of a machine with NFS", uml_root.root_image),
)


def main() -> int:
    """Say what is obtained, and how long it took; 1 when something cannot be, with the reason."""
    official = (("official images", pulled.official),) if pulled.is_wanted() else ()
    for name, obtain in (*ENGINES, *official):
        begun = time.monotonic()
        try:
            obtain()
        except AssertionError as error:
            sys.stderr.write(f"{name}: cannot be obtained. {error}\n")
            return 1
        sys.stdout.write(f"{name}: there after {time.monotonic() - begun:.0f} s\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
