"""Apps: the user's own containers, and how they wait for the models and find them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from composegen import environment
from composegen.engines import WaitOrder, engines
from composegen.fields import seconds_of
from composegen.plan import Condition, Container, Dependency, ModelInit, Role, Variable, Volume
from composegen.resolve.ports import published
from composegen.resolve.reaching import Surroundings, reach, reach_of_wait
from composegen.topology import App, Init, Service


class HostApps(Struct, frozen=True, kw_only=True):
    """What the apps put on one host."""

    containers: tuple[Container, ...]
    volumes: tuple[Volume, ...]
    networks: Mapping[str, Any]


def host_apps(around: Surroundings) -> HostApps:
    """The apps of one host, with the containers that wait for models of other hosts."""
    apps = [app for _, app in sorted(around.topology.apps.items()) if app.host == around.host.name]
    needed = sorted({need.service for app in apps for need in app.needs} & set(around.topology.services))
    waits = {name: wait for name in needed if (wait := _wait(around, around.topology.services[name]))}
    containers = (*waits.values(), *(_app(around, app, waits) for app in apps))
    return HostApps(
        containers=containers,
        volumes=tuple(sorted((v for app in apps for v in _volumes(app)), key=_with_options_first)),
        networks=dict(sorted((pair for app in apps for pair in _networks(app)), key=_without_options_first)),
    )


def _init_of(around: Surroundings, service: Service) -> ModelInit | None:
    """The model-init of this host that fills the store of the service."""
    shared = around.sharings[service.name].services
    return next((init for init in around.inits if init.instance.service in shared), None)


def _wait(around: Surroundings, service: Service) -> Container | None:
    """What waits for models that another host brings; None where nobody brings any, or this host does."""
    sharing = around.sharings[service.name]
    init = next((writing.init for _, writing in sorted(sharing.writing.items())), False)
    if _init_of(around, service) or not isinstance(init, Init) or not sharing.models:
        return None
    engine, way = engines()[service.engine], reach_of_wait(around, service)
    return engine.wait(
        WaitOrder(
            service=service,
            image=service.image or engine.image,
            address=way.address,
            deadline=seconds_of(init.deadline),
            models=sharing.models,
            dependencies=way.dependencies,
            extra_hosts=way.extra_hosts or None,
            origin=service.origin,
        )
    )


def _app(around: Surroundings, app: App, waits: Mapping[str, Container]) -> Container:
    compose = dict(app.compose)
    named = "network_mode" not in compose
    variables = environment.of_compose(compose.pop("environment", None), app.at("compose", "environment"))
    compose.pop("depends_on", None)
    dependencies: list[Dependency] = []
    extra_hosts: dict[str, str] = {}
    for need in app.needs:
        service = around.topology.services.get(need.service)
        if service is None:
            dependencies.append(_on_app(around.topology.apps[need.service]))
            continue
        way = reach(around, service, named=named)
        extra_hosts |= way.extra_hosts
        dependencies += [*way.dependencies, *_on_models(around, service, waits)]
        variables.setdefault(need.variable, Variable(name=need.variable, value=way.address, origin=need.origin))
    if any(dependency.container != app.name for dependency in dependencies) and "networks" in compose:
        compose["networks"] = _with_default(compose["networks"])
    return Container(
        name=app.name,
        role=Role.APP,
        image=str(compose.get("image", "")),
        spec=app,
        origin=app.origin,
        environment=environment.sorted_variables(variables),
        bindings=tuple(published(compose.get("ports"), app.name, app.at("compose", "ports"))),
        dependencies=tuple(dict.fromkeys(dependencies)),
        extra_hosts=extra_hosts or None,
        extra=compose,
    )


def _on_app(app: App) -> Dependency:
    """Healthy when it says how to tell, else started."""
    check = app.compose.get("healthcheck")
    probed = isinstance(check, Mapping) and not check.get("disable")
    return Dependency(container=app.name, condition=Condition.HEALTHY if probed else Condition.STARTED)


def _on_models(around: Surroundings, service: Service, waits: Mapping[str, Container]) -> Iterator[Dependency]:
    if (init := _init_of(around, service)) is not None:
        yield Dependency(container=init.container.name, condition=Condition.COMPLETED)
    elif service.name in waits:
        yield Dependency(container=waits[service.name].name, condition=Condition.COMPLETED)


def _with_default(networks: Any) -> Any:
    """An app on networks of its own still has to reach the containers that it needs."""
    if isinstance(networks, Mapping):
        return {"default": None} | dict(networks)
    return list(networks) if "default" in networks else ["default", *networks]


def _volumes(app: App) -> Iterator[Volume]:
    """The named volumes that an app uses, with the options that it states."""
    used = {name for entry in app.compose.get("volumes") or () if (name := volume_name(entry))}
    for name in sorted(used | set(app.volumes)):
        origin = app.at("volumes", name) if name in app.volumes else app.at("compose", "volumes")
        yield Volume(name=name, options=app.volumes.get(name), origin=origin)


def volume_name(entry: Any) -> str | None:
    """The named volume that an entry of `volumes` mounts; None for a folder or one without name."""
    match entry:
        case {"type": "volume", "source": str(name)}:
            return name
        case str() if ":" in entry:
            source = entry.split(":", 1)[0]
            return None if source.startswith(("/", ".", "~")) else source
        case _:
            return None


def _with_options_first(volume: Volume) -> tuple[str, bool]:
    """By name; of several apps on one volume the one that states its options is the first."""
    return volume.name, volume.options is None


def _without_options_first(network: tuple[str, Any]) -> tuple[str, bool]:
    """By name; of several apps on one network the options of the one that states some are the last word."""
    name, options = network
    return name, options is not None


def _networks(app: App) -> Iterator[tuple[str, Any]]:
    used = set(app.compose.get("networks") or ())
    for name in sorted((used | set(app.networks)) - {"default"}):
        yield name, app.networks.get(name)
