"""`verify.sh` against real instances behind a real Traefik: it finds nothing where all is well, and what is wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.lab import Lab
from tests.engines.site import Site
from tests.engines.space import wait_until

pytestmark = pytest.mark.engine


@pytest.fixture
def site(lab: Lab, tmp_path: Path) -> Iterator[Site]:
    one = lab.site("nfs-replicas", tmp_path)
    try:
        for host in one.hosts:
            one.up(host)
        yield one
    finally:
        one.down()


def verify(site: Site, host: str) -> subprocess.CompletedProcess[str]:
    return site.lab.run("sh", site.folder / "verify.sh", "--host", host)


def failures(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if line.startswith("FAIL")]


@pytest.mark.proves(
    "verify.sh finds nothing where all is well, and finds a gateway that lets everybody change models or is down",
    "Docker Engine",
    "Traefik",
    "Ollama",
)
def test_it_tells_what_is_well_from_what_is_not(site: Site) -> None:
    wait_until(lambda: verify(site, "server80").returncode == 0, "all is well on the gateway's host")
    told = verify(site, "server80").stdout
    assert "/api/generate comes to an instance" in told
    assert "changing models without credentials is refused (40" in told
    assert "a path that nobody serves answers 404" in told

    # What binds a common folder in place of NFS is no NFS: that is the one thing wrong.
    (line,) = failures(verify(site, "server84"))
    assert "is not 10." in line

    dynamic = site.folder / "server80" / "traefik" / "dynamic" / "ollama.yaml"
    guarded = dynamic.read_text()
    opened = guarded.replace('["ollama-allow", "ollama-users"]', '["ollama-retry"]')
    assert opened != guarded
    dynamic.write_text(opened)
    wait_until(lambda: len(failures(verify(site, "server80"))) == 6, "everybody may change models, and it says so")

    site.compose("server80", "stop", "traefik")
    (line,) = failures(verify(site, "server80"))
    assert "gateway: no answer from" in line
