"""What the real Docker Compose takes a service for: the hash by which `up` decides whether to make a container anew."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.tools.compose import BIN


def of_services(folder: Path, secrets: tuple[str, ...] = ()) -> Mapping[str, str]:
    """The hash of each service of the `compose.yaml` in a folder; the test fails with what Compose says against it."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | dict.fromkeys(secrets, "secret-value")
    done = subprocess.run(
        [BIN / "docker-compose", "config", "--hash", "*"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())
