"""The programs that read the files accept them: Compose, Traefik, a shell, shellcheck. All samples, every file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from composegen.io import resources
from tests.sampling import SAMPLES, compiled, tree, write
from tests.tools import compose, traefik

pytestmark = pytest.mark.tool

SHELLCHECK = Path(sys.executable).parent / "shellcheck"


@pytest.mark.parametrize("sample", SAMPLES)
def test_compose_accepts_every_host(sample: str, tmp_path: Path) -> None:
    plan = compiled(sample).plan
    assert plan is not None
    write(tree(sample), tmp_path)
    validator = jsonschema.Draft202012Validator(dict(resources.compose_schema()))
    for host in plan.hosts:
        folder = tmp_path / host.name
        if not host.containers:
            assert not (folder / "compose.yaml").exists()
            continue
        accepted = compose.config(folder, host.secrets)
        assert set(accepted["services"]) == {container.name for container in host.containers}
        validator.validate(yaml.safe_load((folder / "compose.yaml").read_text()))


@pytest.mark.parametrize("sample", SAMPLES)
def test_traefik_enables_every_router(sample: str, tmp_path: Path) -> None:
    plan = compiled(sample).plan
    assert plan is not None
    if plan.gateway is None:
        assert not [path for path in tree(sample) if "traefik" in path.parts]
        return
    write(tree(sample), tmp_path)
    folder = tmp_path / plan.gateway.host.name / "traefik" / "dynamic"
    traefik.supply(folder, tmp_path)
    with traefik.running(folder, plan.gateway.spec.entrypoint.name, tmp_path) as running:
        routers, services = running.ask("routers"), running.ask("services")
        middlewares = running.ask("middlewares")
        complaints = running.errors()
    mutating = sum(route.primary is not None for route in plan.gateway.routes)
    assert len(routers) == len(plan.gateway.routes) + mutating
    assert {entry["status"] for entry in (*routers, *services, *middlewares)} == {"enabled"}
    assert not complaints
    pools = {frozenset(s["url"] for s in service["loadBalancer"]["servers"]) for service in services}
    for route in plan.gateway.routes:
        assert frozenset(server.url for server in route.servers) in pools
        if route.primary is not None:
            assert frozenset({route.primary.url}) in pools


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_script_is_clean(sample: str, tmp_path: Path) -> None:
    write(tree(sample), tmp_path)
    scripts = [tmp_path / path for path in tree(sample) if path.suffix == ".sh"]
    assert scripts
    for script in scripts:
        assert script.read_text().startswith("#!/bin/sh\n"), script
        assert script.stat().st_mode & 0o111, script
        subprocess.run(["sh", "-n", script], check=True, timeout=20)
    checked = subprocess.run([SHELLCHECK, *scripts], capture_output=True, text=True, timeout=120, check=False)
    assert checked.returncode == 0, checked.stdout
