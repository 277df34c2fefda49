"""Every sample comes up on the current Docker Engine, with real Ollama servers that pull real models.

Hosts are addresses in one network namespace, on one engine. NFS is a folder that all hosts have in common: who may
write is decided by the mounts of the containers. GPUs are only pretended to be there.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines import claims
from tests.engines.lab import Lab
from tests.engines.naming import as_parameters
from tests.engines.site import Site

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=as_parameters())
def site(request: pytest.FixtureRequest, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A sample of which every host is up; `docker-compose up -d --wait` ended with 0."""
    one = lab.site(request.param, tmp_path_factory.mktemp(request.param))
    asked = len(lab.registry.asked)
    try:
        for host in one.hosts:
            one.up(host)
        one.asked = lab.registry.asked[asked:]
        yield one
    finally:
        one.down()


@pytest.mark.proves(
    "`docker-compose up -d --wait` succeeds, every container is healthy, and what runs once has ended with 0",
    "Docker Engine",
    "Docker Compose",
    "Traefik",
    each="samples",
)
def test_every_container_is_healthy(site: Site) -> None:
    claims.everything_runs(site)


@pytest.mark.proves(
    "model-init pulls every model from a registry", "Docker Engine", "Ollama", "registry", each="samples"
)
def test_model_init_pulls_every_model(site: Site) -> None:
    claims.models_came_from_the_registry(site, site.asked)


@pytest.mark.proves("Every instance lists the models of its store", "Docker Engine", "Ollama", each="samples")
def test_every_instance_lists_the_models(site: Site) -> None:
    claims.every_instance_lists_its_models(site)


@pytest.mark.proves(
    "Every instance answers with a stream, the last piece of which says that it is done",
    "Docker Engine",
    "Ollama",
    each="samples",
)
def test_every_instance_answers_with_a_stream(site: Site) -> None:
    claims.every_instance_streams(site)


@pytest.mark.proves(
    "No replica can write models, neither by its server nor past it", "Docker Engine", "Ollama", each="samples"
)
def test_no_replica_can_write(site: Site) -> None:
    claims.replicas_cannot_write(site)


@pytest.mark.proves(
    "Applications start only after the models that they need are there",
    "Docker Engine",
    "Docker Compose",
    each="samples",
)
def test_applications_start_after_the_models(site: Site) -> None:
    claims.applications_waited(site)


@pytest.mark.proves(
    "A second `up` recreates nothing and pulls nothing", "Docker Engine", "Docker Compose", "registry", each="samples"
)
def test_a_second_up_changes_and_pulls_nothing(site: Site) -> None:
    claims.a_second_up_changes_nothing(site)
