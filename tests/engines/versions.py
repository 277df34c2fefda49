"""Which engines the tests run: their versions, and where each comes from.

Builds are cached under name and version, with those of what they are made of, so a new version here is a new build.
"""

from __future__ import annotations

GO = "1.26.6"
"""The toolchain taken from PyPI where the machine has none that is at least this new in its first two parts."""

DOCKER_ENGINE = "2.0.0-beta.24"
"""The version of the Go module; the engine itself says API 1.56."""

CONTAINERD = "2.4.2"
RUNC = "1.5.2"
DOCKER_COMMAND_LINE = "29.9.3"
SWARMKIT = "2.1.3-0.20260828175525-ad0357aedfca"
"""What the engine's go.mod names."""

REGISTRY = "3.1.2"
OLLAMA = "0.17.4"
TRAEFIK = "3.7.15"
MINIAUDIO = "1.71"
GGUF = "0.19.0"
DEBIAN = "bookworm"
"""Of images and machines."""

MIRROR = "http://deb.debian.org/debian"

OLDEST_ENGINE = "20.10"
"""Debian's docker.io; the oldest engine that composegen renders for."""
