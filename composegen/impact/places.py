"""Where the topology says what stands at a path of a service in the Compose file."""

from __future__ import annotations

from composegen.impact.commands import models_of
from composegen.impact.model import Difference
from composegen.keypath import KeyPath
from composegen.plan import STORE, Container, Role
from composegen.topology import App, Gateway, Service

_ONE_SHOTS = frozenset({Role.INIT, Role.WAIT})


def model(container: Container, difference: Difference) -> KeyPath | None:
    """The model that the command of a model-init has come to name, or how that works; None for any other difference."""
    before, after = difference.before, difference.after
    if difference.path != ("command",) or not isinstance(after, list) or not isinstance(container.spec, Service):
        return None
    known = before if isinstance(before, list) else []
    if container.role in _ONE_SHOTS and models_of(known) == models_of(after):
        return container.spec.at("init")
    named = (model for model in container.spec.models if model.name in after and model.name not in known)
    return next((model.origin for model in named), None)


def place(container: Container, path: KeyPath) -> KeyPath:  # noqa: PLR0911 - one for each kind of place
    """Where the topology says what stands at a path of the service."""
    spec = container.spec
    match path:
        case ("environment", str(name), *_):
            return _variable(container, name)
        case ("ports", *_) if container.bindings:
            return container.bindings[0].origin
        case ("volumes", int(index), *_) if index < len(container.mounts) and not isinstance(spec, App):
            return container.mounts[index].origin or container.origin
        case ("labels", str(label), *_) if label.startswith("composegen."):
            return _labelled(container, label)
        case ("deploy", "resources", "limits" | "reservations" as kind, str(key), *_) if isinstance(spec, Service):
            if (stated := _RESOURCES.get((kind, key))) in (container.extra or {}):
                return spec.at("compose", str(stated))
            if (kind, key) == ("limits", "memory"):
                return spec.at("memory")
            return container.gpus.origin if container.gpus and container.gpus.origin else container.origin
        case ("gpus" | "devices" | "runtime", *_) if container.gpus:
            return container.gpus.origin or container.origin
        case ("command" | "entrypoint", *_) if container.role in _ONE_SHOTS:
            return spec.at("models")
    return _stated(container, spec, path)


def _stated(container: Container, spec: Service | App | Gateway, path: KeyPath) -> KeyPath:
    """For what stands under its own name in the topology, or under `compose:`."""
    match spec, path:
        case Gateway(), ("image", *_):
            return spec.at("traefik", "version")
        case Gateway(), ("networks", *_):
            return spec.at("hostname")
        case App(), _:
            return spec.at("compose", *path)
        case Service(), ("image", *_):
            return spec.at("image")
        case Service(), (str(key), *_) if key in (container.extra or {}):
            return spec.at("compose", *path)
    return container.origin


_RESOURCES = {
    ("limits", "cpus"): "cpus",
    ("limits", "pids"): "pids_limit",
    ("reservations", "memory"): "mem_reservation",
}
"""Where keys under `compose:` stand in the Compose file."""

_GENERATED = {
    "OLLAMA_NO_CLOUD": "hosts",
    "OLLAMA_LOAD_TIMEOUT": "store",
    "OLLAMASTORE": "store",
    "OLLAMA_HOST": "hosts",
}
"""Variables that composegen sets itself, and the field of a service from which each follows."""


def _variable(container: Container, name: str) -> KeyPath:
    spec = container.spec
    stated = next((one.origin for one in container.environment if one.name == name), ())
    if stated or not isinstance(spec, Service):
        return stated or container.origin
    if name.endswith("_VISIBLE_DEVICES") and name not in spec.environment:
        return container.gpus.origin if container.gpus and container.gpus.origin else spec.at("hosts")
    if name in _GENERATED and name not in spec.environment:
        store = next((mount.origin for mount in container.mounts if mount.target == STORE), ())
        return store if store and _GENERATED[name] == "store" else spec.at(_GENERATED[name])
    return spec.at("environment", name)


def _labelled(container: Container, label: str) -> KeyPath:
    """What a label of composegen's own goes by."""
    spec = container.spec
    match label, spec:
        case "composegen.modelfiles", Service():
            built = [model for model in spec.models if model.modelfile is not None]
            return built[0].at("modelfile") if built else spec.at("models")
        case "composegen.entrypoint", Gateway():
            return spec.at("entrypoint")
        case "composegen.resolver", Gateway():
            return spec.at("tls")
    return container.origin
