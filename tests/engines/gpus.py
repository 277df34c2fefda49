"""What makes an engine accept requests for GPUs where there are none: it shows how requests arrive, and no GPU.

Devices nvidia.com/gpu=0 to 3 of the Container Device Interface only set a variable in the container; the hook and the
runtime of NVIDIA's toolkit do nothing; /dev/kfd and /dev/dri are devices that swallow what is written to them.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.engines.space import Space

DEVICES = """
mount -t tmpfs -o mode=755 tmpfs /dev
mkdir -p /dev/pts /dev/shm /dev/dri
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
for device in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0' 'kfd 1 3' 'dri/card0 1 3' \\
  'dri/renderD128 1 3'; do
  set -- $device
  mknod -m 666 /dev/$1 c $2 $3
done
ln -s /dev/pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
"""


def make_devices(space: Space) -> None:
    """Give a space device files of its own, with those of AMD's and Intel's GPUs among them."""
    space.must("sh", "-euc", DEVICES)


def programs(folder: Path) -> Path:
    """A folder with the hook that an engine looks for before it accepts reservations of NVIDIA's GPUs."""
    path = folder / "toolkit"
    path.mkdir()
    hook = path / "nvidia-container-runtime-hook"
    hook.write_text("#!/bin/sh\nexit 0\n")
    hook.chmod(0o755)
    return path


def arguments(folder: Path, engine: Path) -> list[str]:
    """Arguments for dockerd: devices of the Container Device Interface, and a runtime called nvidia."""
    path = folder / "cdi"
    path.mkdir()
    devices = [{"name": str(number), "containerEdits": {"env": [f"CDI_GPU_{number}=given"]}} for number in range(4)]
    spec = {"cdiVersion": "0.6.0", "kind": "nvidia.com/gpu", "devices": devices}
    (path / "nvidia.json").write_text(json.dumps(spec))
    return ["--cdi-spec-dir", str(path), "--add-runtime", f"nvidia={engine / 'runc'}"]
