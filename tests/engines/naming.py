"""The samples as parameters, named after what stands for what is not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.sampling import SAMPLES, compiled


def as_parameters(samples: Iterable[str] = SAMPLES) -> list[Any]:
    """Each sample, with what is only pretended in its name: NFS is a common folder, GPUs do not compute."""
    return [pytest.param(sample, id=f"{sample}{_pretence(sample)}") for sample in samples]


def _pretence(sample: str) -> str:
    plan = compiled(sample).plan
    assert plan is not None
    containers = [container for host in plan.hosts for container in host.containers]
    volumes = [volume for host in plan.hosts for volume in host.volumes]
    nfs = any(host.nfs_mounts for host in plan.hosts) or any(volume.nfs_device for volume in volumes)
    words = ["-a-common-folder-for-nfs"] if nfs else []
    words += ["-pretended-gpus"] if any(container.gpus for container in containers) else []
    return "".join(words)
