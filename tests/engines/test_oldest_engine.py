"""Samples come up on Debian's Docker Engine 20.10, the oldest supported; test_starts.py says what is pretended.

Not those that state a newer engine or need devices of the Container Device Interface.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines import claims, versions
from tests.engines.lab import Lab
from tests.engines.naming import as_parameters
from tests.engines.site import Site
from tests.sampling import SAMPLES, compiled

pytestmark = pytest.mark.engine


def _is_for_it(sample: str) -> bool:
    plan = compiled(sample).plan
    assert plan is not None
    return all(str(host.spec.docker.engine) == versions.OLDEST_ENGINE for host in plan.hosts)


FOR_IT = [sample for sample in SAMPLES if _is_for_it(sample)]


@pytest.fixture(scope="module", params=as_parameters(FOR_IT))
def site(request: pytest.FixtureRequest, oldest_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A sample of which every host is up; `docker-compose up -d --wait` ended with 0."""
    one = oldest_lab.site(request.param, tmp_path_factory.mktemp(request.param))
    try:
        for host in one.hosts:
            one.up(host)
        yield one
    finally:
        one.down()


def test_it_is_that_engine(oldest_lab: Lab) -> None:
    assert oldest_lab.engine.version.startswith("20.10.")


def test_all_samples_but_those_that_state_an_engine() -> None:
    assert {"minimal", "shared-volume", "nfs-replicas", "init-and-apps", "isolated-gpu"} <= set(FOR_IT)


@pytest.mark.proves(
    "On the oldest engine every container is healthy and every instance serves its models",
    "Docker Engine of Debian",
    "Docker Compose",
    "Ollama",
    each="samples",
)
def test_every_container_is_healthy_and_serves_its_models(site: Site) -> None:
    claims.everything_runs(site)
    claims.every_instance_lists_its_models(site)
    claims.every_instance_streams(site)


@pytest.mark.proves(
    "On the oldest engine no replica can write models", "Docker Engine of Debian", "Ollama", each="samples"
)
def test_no_replica_can_write(site: Site) -> None:
    claims.replicas_cannot_write(site)


@pytest.mark.proves(
    "On the oldest engine applications start after the models that they need",
    "Docker Engine of Debian",
    "Docker Compose",
    each="samples",
)
def test_applications_start_after_the_models(site: Site) -> None:
    claims.applications_waited(site)


@pytest.mark.proves(
    "On the oldest engine a second `up` recreates nothing and pulls nothing",
    "Docker Engine of Debian",
    "Docker Compose",
    each="samples",
)
def test_a_second_up_changes_and_pulls_nothing(site: Site) -> None:
    claims.a_second_up_changes_nothing(site)
