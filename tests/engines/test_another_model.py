"""A model that is added to the topology is the only one that is pulled; NFS is a folder common to all hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines import claims
from tests.engines.lab import Lab
from tests.engines.moved import Topology

pytestmark = pytest.mark.engine


@pytest.mark.proves(
    "A model added to the topology is the only one that is pulled, and no instance is recreated for it",
    "Docker Engine",
    "Docker Compose",
    "Ollama",
    "registry",
)
def test_only_the_added_model_is_pulled_and_every_replica_serves_it(lab: Lab, tmp_path: Path) -> None:
    def add(topology: Topology) -> None:
        topology["services"]["ollama"]["models"].insert(0, "team/added:1")

    site = lab.site("nfs-replicas", tmp_path)
    try:
        for host in site.hosts:
            site.up(host)
        before = {host: site.containers(host) for host in site.hosts}
        asked = len(lab.registry.asked)
        site = lab.site("nfs-replicas", tmp_path, add)
        for host in site.hosts:
            site.up(host)
        assert lab.registry.asked[asked:] == ["team/added:1"]
        for host in site.hosts:
            for name, seen in site.containers(host).items():
                assert (seen["Id"] == before[host][name]["Id"]) == (name != "ollama-init"), f"{name} on {host}"
        claims.every_instance_lists_its_models(site)
        claims.every_instance_streams(site)
    finally:
        site.down()
