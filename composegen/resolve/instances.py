"""Instances and model-inits: what runs of each service on each host."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import partial

from msgspec import Struct

from composegen.engines import InitOrder, InstanceOrder, engines
from composegen.fields import seconds_of
from composegen.plan import (
    Binding,
    Condition,
    CopiedFile,
    Dependency,
    GpuGrant,
    Instance,
    ModelInit,
    Mount,
    MountKind,
)
from composegen.resolve import gpus
from composegen.resolve.stores import Sharing, mount
from composegen.topology import Host, Init, Model, Placement, Service, Topology
from composegen.versions import at_least


class HostServices(Struct, frozen=True, kw_only=True):
    """What the services put on one host."""

    instances: tuple[Instance, ...]
    inits: tuple[ModelInit, ...]
    files: tuple[CopiedFile, ...]


def host_services(
    topology: Topology, host: Host, sharings: Mapping[str, Sharing], files: Mapping[str, bytes]
) -> HostServices:
    """The instances and model-inits of one host. `files` maps the path of each Modelfile to its content."""
    instances = tuple(_instances(topology, host, sharings))
    inits: list[ModelInit] = []
    copied: list[CopiedFile] = []
    for instance in instances:
        sharing = sharings[instance.service.name]
        if not instance.writer or not sharing.models or not isinstance(instance.service.init, Init):
            continue
        folders = _folders(sharing.models)
        inits.append(_init(instance, sharing, folders, files))
        copied += _copied(sharing.models, folders, files)
    return HostServices(instances=instances, inits=tuple(inits), files=tuple(copied))


def _instances(topology: Topology, host: Host, sharings: Mapping[str, Sharing]) -> Iterator[Instance]:
    unassigned = iter(host.gpus.devices if host.gpus else ())
    for name in sorted(topology.services):
        service = topology.services[name]
        placement = service.hosts.get(host.name)
        if placement is None:
            continue
        place = _Place(
            host=host,
            service=service,
            placement=placement,
            sharing=sharings[name],
            quick_probes=_has_quick_probes(host),
        )
        granted = gpus.grants(host, placement, unassigned)
        for number, grant in enumerate(granted, start=1):
            yield _instance(place, number, grant)


class _Place(Struct, frozen=True, kw_only=True):
    """A service on a host. Its instances are counted from 1."""

    host: Host
    service: Service
    placement: Placement
    sharing: Sharing
    quick_probes: bool
    """Whether Docker there knows probes that are denser during the start."""

    def name(self, number: int) -> str:
        return f"{self.service.name}-{number}"

    def writes(self, number: int) -> bool:
        return self.sharing.writes(self.service, self.host.name, number)

    def binding(self, number: int, container_port: int) -> Binding:
        return Binding(
            address=self.host.bind or self.host.address,
            port=self.placement.port + number - 1,
            container_port=container_port,
            owner=self.name(number),
            origin=self.placement.origin,
        )


def _instance(place: _Place, number: int, grant: GpuGrant | None) -> Instance:
    container = engines()[place.service.engine].instance(_order(place, number, grant))
    return Instance(
        service=place.service,
        host=place.host,
        placement=place.placement,
        number=number,
        container=container,
        binding=container.bindings[0],
        writer=place.writes(number),
        weight=place.placement.weight or 1,
    )


def _order(place: _Place, number: int, grant: GpuGrant | None) -> InstanceOrder:
    host, service, sharing, writer = place.host, place.service, place.sharing, place.writes(number)
    return InstanceOrder(
        name=place.name(number),
        service=service,
        image=service.image or engines()[service.engine].image,
        binding=partial(place.binding, number),
        store=mount(sharing, host.name, read_only=not writer),
        writer=writer,
        over_nfs=sharing.over_nfs(host.name),
        pooled=sharing.instances > 1,
        quick_probes=place.quick_probes,
        gpus=grant,
        gpu_environment=gpus.environment(grant),
        dependencies=() if writer else _after_writer(sharing, host.name),
        origin=place.placement.origin,
    )


def _has_quick_probes(host: Host) -> bool:
    """`start_interval` of a health check came with Engine 25.0 and with Compose 2.20.2."""
    return at_least(host.docker.engine, "25.0") and at_least(host.docker.compose, "2.20.2")


def _after_writer(sharing: Sharing, host: str) -> tuple[Dependency, ...]:
    """A reader cannot start before its writer has prepared the store; elsewhere it is restarted until then."""
    writing = sharing.writing.get(host)
    return (Dependency(container=f"{writing.name}-1", condition=Condition.HEALTHY),) if writing else ()


def _init(instance: Instance, sharing: Sharing, folders: Mapping[str, str], files: Mapping[str, bytes]) -> ModelInit:
    service = instance.service
    if not isinstance(service.init, Init):  # the caller has looked; this is for the type checker
        raise TypeError(service.init)
    container = engines()[service.engine].init(
        InitOrder(
            service=service,
            init=service.init,
            deadline=seconds_of(service.init.deadline),
            writer=instance.container,
            models=sharing.models,
            folders=folders,
            store=mount(sharing, instance.host.name, read_only=True),
            mounts=tuple(_model_mounts(sharing.models, folders)),
            identity=_identity(sharing.models, files),
            origin=service.at("models"),
        )
    )
    return ModelInit(container=container, instance=instance, models=sharing.models)


def _folders(models: tuple[Model, ...]) -> dict[str, str]:
    """A folder name for each model that has a Modelfile: its name in lower case, other characters as dashes."""
    folders: dict[str, str] = {}
    for model in models:
        if model.modelfile is None:
            continue
        folder = re.sub(r"[^a-z0-9._-]+", "-", model.name.lower()).strip("-.") or "model"
        if folder in folders.values():
            folder += "-" + hashlib.sha256(model.name.encode()).hexdigest()[:8]
        folders[model.name] = folder
    return folders


def _model_mounts(models: tuple[Model, ...], folders: Mapping[str, str]) -> Iterator[Mount]:
    for model in models:
        if model.modelfile is None:
            continue
        folder = folders[model.name]
        yield Mount(
            kind=MountKind.BIND,
            source=f"./models/{folder}/Modelfile",
            target=f"/init/models/{folder}/Modelfile",
            read_only=True,
            must_exist=True,
            origin=model.at("modelfile"),
        )
        if model.files is not None:
            yield Mount(
                kind=MountKind.BIND,
                source=model.files,
                target=f"/init/models/{folder}/files",
                read_only=True,
                must_exist=True,
                origin=model.at("files"),
            )


def _copied(models: tuple[Model, ...], folders: Mapping[str, str], files: Mapping[str, bytes]) -> Iterator[CopiedFile]:
    for model in models:
        if model.modelfile is not None and model.modelfile in files:
            yield CopiedFile(
                path=f"models/{folders[model.name]}/Modelfile",
                content=files[model.modelfile],
                origin=model.at("modelfile"),
            )


def _identity(models: tuple[Model, ...], files: Mapping[str, bytes]) -> Mapping[str, str]:
    """A label that changes with the content of the Modelfiles: Compose does not look into mounted files."""
    contents = [files.get(model.modelfile, b"") for model in models if model.modelfile is not None]
    if not contents:
        return {}
    digest = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents))
    return {"composegen.modelfiles": digest.hexdigest()}
