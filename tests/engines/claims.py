"""What must be true of a site that was brought up, on whatever engine; every function fails with what it saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from composegen.plan import Condition, Container, Instance, ModelInit, Role
from tests.engines.site import Site

ANSWER = {"num_predict": 6, "num_ctx": 512, "num_thread": 1, "temperature": 0}


def everything_runs(site: Site) -> None:
    """Containers with a probe are healthy, the others run, those that run once have ended with 0."""
    for host, container, seen in _containers(site):
        state = seen["State"]
        what = f"{container.name} on {host}: {state}"
        if not container.restart and container.role is not Role.APP:
            assert (state["Status"], state["ExitCode"]) == ("exited", 0), what
        elif "Health" in state:
            assert state["Health"]["Status"] == "healthy", what
        else:
            assert state["Status"] == "running", what
        assert seen["RestartCount"] == 0, what


def models_came_from_the_registry(site: Site, asked: list[str]) -> None:
    """Every model that is not built was fetched, and model-init says that all are there."""
    fetched = {f"{site.lab.registry.host}/{name}" for name in asked}
    for host in site.plan.hosts:
        for init in host.inits:
            plain = {model.name for model in init.models if model.modelfile is None}
            assert plain <= fetched, f"{plain - fetched} never fetched, only {fetched}"
            said = site.logs(host.name, init.container.name)
            assert f"all {len(init.models)} model(s) are there" in said, said


def every_instance_lists_its_models(site: Site) -> None:
    """The models that the writer of its store brought."""
    for instance, init in served(site):
        listed = {model["name"] for model in site.lab.ask(f"{site.url(instance)}/api/tags").json["models"]}
        wanted = {_tagged(model.name) for model in init.models}
        assert wanted <= listed, f"{instance.name} on {instance.host.name}: {wanted - listed} missing"


def every_instance_streams(site: Site) -> None:
    """An answer in several pieces, the last of which says that it is done."""
    for instance, init in served(site):
        wanted = {"model": init.models[0].name, "prompt": "hello", "options": ANSWER}
        answer = site.lab.ask(f"{site.url(instance)}/api/generate", wanted)
        assert answer.status == 200, f"{instance.name} on {instance.host.name}: {answer}"
        assert len(answer.times) > ANSWER["num_predict"] - 1, answer.text
        assert answer.text.rstrip().splitlines()[-1].count('"done":true') == 1, answer.text


def replicas_cannot_write(site: Site) -> None:
    """Neither through the server nor past it; every one is asked."""
    spare = site.lab.registry.push("team/spare:1", seed=98)
    replicas = [(instance, init) for instance, init in served(site) if not instance.writer]
    assert len(replicas) == sum(not instance.writer for instance in site.instances)
    for instance, init in replicas:
        url = site.url(instance)
        pulled = site.lab.ask(f"{url}/api/pull", {"model": spare, "insecure": True, "stream": False})
        assert "read-only file system" in pulled.text, f"{instance.name} on {instance.host.name}: {pulled}"
        gone = site.lab.ask(f"{url}/api/delete", {"model": init.models[0].name}, method="DELETE")
        assert gone.status == 500, f"{instance.name} on {instance.host.name}: {gone}"
        tried = site.compose(instance.host.name, "exec", "-T", instance.name, "touch", "/models/blobs/mine")
        assert "Read-only file system" in tried.stderr, f"{instance.name}: {tried}"


def applications_waited(site: Site) -> None:
    """Each started only when what it needs had completed; where one needs something, something was waited for."""
    waits = 0
    for host, container, seen in _containers(site):
        if container.role is not Role.APP:
            continue
        others = site.containers(host)
        for needed in container.dependencies:
            if needed.condition is Condition.COMPLETED:
                state = others[needed.container]["State"]
                assert state["FinishedAt"] <= seen["State"]["StartedAt"], f"{container.name} before {needed.container}"
                waits += 1
        said = site.logs(host, container.name)
        assert "started" in said, said
        assert "no model" not in said, said
    assert (waits > 0) == any(app.needs for app in site.plan.topology.apps.values())


def a_second_up_changes_nothing(site: Site) -> None:
    """No container is made anew or started again, but for those that run once, and no registry is asked."""
    before = {host: _identities(site, host) for host in site.hosts}
    asked = list(site.lab.registry.asked)
    said = "".join(site.up(host) for host in site.hosts)
    assert {host: _identities(site, host) for host in site.hosts} == before
    assert "Recreate" not in said, said
    if not _always(site):
        assert site.lab.registry.asked == asked


def served(site: Site) -> Iterator[tuple[Instance, ModelInit]]:
    """Instances with the model-init that fills their store; without those whose models are brought by hand."""
    inits = [init for host in site.plan.hosts for init in host.inits]
    for use in site.plan.stores:
        writers = list(use.writers.values())
        for init in inits:
            if init.instance not in writers:
                continue
            for instance in site.instances:
                near = len(writers) == 1 or instance.host.name == init.instance.host.name
                if near and instance.service in use.services:
                    yield instance, init


def _containers(site: Site) -> Iterator[tuple[str, Container, Any]]:
    for host in site.plan.hosts:
        seen = site.containers(host.name) if host.name in site.hosts else {}
        for container in host.containers:
            if container.role is not Role.ADOPTER:
                assert container.name in seen, f"{container.name} is not there: {sorted(seen)}"
                yield host.name, container, seen[container.name]


def _identities(site: Site, host: str) -> dict[str, tuple[str, str]]:
    once = {container.name for one in site.plan.hosts for container in one.containers if not container.restart}
    return {
        name: (seen["Id"], "" if name in once else seen["State"]["StartedAt"])
        for name, seen in site.containers(host).items()
    }


def _always(site: Site) -> bool:
    words = [word for host in site.plan.hosts for init in host.inits for word in init.container.command]
    return "always" in words


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
