"""Engines: the programs that serve models. One module each, found by being in this folder.

An engine is told what to make as an *order*, which holds every decision already taken (`resolve` takes them), and
answers with a neutral `plan.Container`. It knows the program: its flags, variables, probe and image.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache

from msgspec import Struct

from composegen.keypath import KeyPath
from composegen.plan import Binding, Container, Dependency, GpuGrant, Mount
from composegen.registry import collect
from composegen.topology import Init, Model, Service


class InstanceOrder(Struct, frozen=True, kw_only=True):
    """One instance to be made."""

    name: str
    service: Service
    image: str
    binding: Callable[[int], Binding]
    """Makes the published port from the port inside the container."""
    store: Mount
    writer: bool
    over_nfs: bool
    """Whether this host reaches the store through NFS."""
    pooled: bool
    """Whether other instances serve the same store, so that all must answer alike."""
    quick_probes: bool
    """Whether the host's Docker knows probes that are denser during the start."""
    gpus: GpuGrant | None
    gpu_environment: Mapping[str, str]
    dependencies: tuple[Dependency, ...]
    origin: KeyPath


class InitOrder(Struct, frozen=True, kw_only=True):
    """One model-init to be made, for the store that the container `writer` writes. `deadline` in seconds."""

    service: Service
    init: Init
    deadline: int
    writer: Container
    models: tuple[Model, ...]
    folders: Mapping[str, str]
    """Folder of each model that has a Modelfile, below `/init/models`."""
    store: Mount
    mounts: tuple[Mount, ...]
    identity: Mapping[str, str]
    origin: KeyPath


class WaitOrder(Struct, frozen=True, kw_only=True):
    """One container that waits for the models of a service at `address`. `deadline` in seconds."""

    service: Service
    image: str
    address: str
    deadline: int
    models: tuple[Model, ...]
    dependencies: tuple[Dependency, ...]
    extra_hosts: Mapping[str, str] | None
    origin: KeyPath


class Engine(Struct, frozen=True, kw_only=True):
    """One engine: its default image, and how its containers are made."""

    name: str
    summary: str
    image: str
    instance: Callable[[InstanceOrder], Container]
    init: Callable[[InitOrder], Container]
    wait: Callable[[WaitOrder], Container]


@cache
def engines() -> dict[str, Engine]:
    """Every engine, by name."""
    return {engine.name: engine for engine in collect(sys.modules[__name__], "ENGINE")}
