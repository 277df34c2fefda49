"""A sample, changed as little as it takes to run on one machine without the internet.

Changed are: models (the local registry's tiny ones, under the same names), the image's tag, paths (below one folder, so
that an NFS export and its mounts are one common folder), host names (their addresses), and the number of processors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.engines.model_registry import ModelRegistry, tiny_model
from tests.sampling import FOLDER

Topology = dict[str, Any]
Change = Callable[[Topology], None]


@dataclass(kw_only=True)
class Moved:
    """A topology that can run here, and the files beside it."""

    text: str
    files: Mapping[str, str]
    models: Mapping[str, str] = field(default_factory=dict)
    """Whole names in the local registry, by the names in the sample."""


def moved(sample: str, folder: Path, registry: ModelRegistry, image: str | None, change: Change | None = None) -> Moved:
    """A sample whose paths are below `folder`; `change` may alter it first, in the language of the samples."""
    topology: Topology = yaml.safe_load((FOLDER / sample / "topology.yaml").read_text(encoding="utf-8"))
    if change is not None:
        change(topology)
    names = _names(topology, registry)
    _place_hosts(topology, folder)
    _place_stores(topology, folder)
    _limit(topology)
    if image is not None:
        _use_image(topology, image)
    files = {model["modelfile"]: _modelfile(sample, model, names) for model in _built(topology)}
    _place_files(topology, folder)
    told = _renamed(topology, names)
    _insecure(told, set(names.values()))
    return Moved(text=yaml.safe_dump(told, sort_keys=False), files=files, models=names)


def _services(topology: Topology) -> list[Topology]:
    return list(topology.get("services", {}).values())


def _models(topology: Topology) -> list[Any]:
    return [model for service in _services(topology) for model in service.get("models", [])]


def _built(topology: Topology) -> list[Topology]:
    return [model for model in _models(topology) if isinstance(model, dict) and "modelfile" in model]


def _names(topology: Topology, registry: ModelRegistry) -> dict[str, str]:
    """Pushes a tiny model of its own weights for every name that is pulled; names in the registry stay as they are."""
    plain = [model if isinstance(model, str) else model["name"] for model in _models(topology)]
    built = {model["name"] for model in _built(topology)}
    wanted = [name for name in dict.fromkeys(plain) if name not in built and not name.startswith(registry.host)]
    return {name: registry.push(_short(name), seed) for seed, name in enumerate(wanted, start=1)}


def _short(name: str) -> str:
    first, slash, rest = name.partition("/")
    path = rest if slash and ("." in first or ":" in first) else name
    path = path if "/" in path else f"library/{path}"
    return path if ":" in path else f"{path}:latest"


def _place_hosts(topology: Topology, folder: Path) -> None:
    for name, host in topology["hosts"].items():
        host["address"] = host.pop("bind", host["address"])
        host["directory"] = str(folder / name)
        host.pop("ssh", None)


def _place_stores(topology: Topology, folder: Path) -> None:
    for name, store in topology.get("stores", {}).items():
        if "path" in store and "external" not in store:
            path = folder / "stores" / name
            path.mkdir(parents=True, exist_ok=True)
            store["path"] = str(path)
            store.pop("mountpoint", None)


def _place_files(topology: Topology, folder: Path) -> None:
    for model in _built(topology):
        if "files" in model:
            files = folder / "files" / model["name"]
            files.mkdir(parents=True, exist_ok=True)
            (files / "writer.gguf").write_bytes(tiny_model(99).read_bytes())
            model["files"] = str(files)


def _limit(topology: Topology) -> None:
    for service in _services(topology):
        if "cpus" in service.get("compose", {}):
            service["compose"]["cpus"] = min(service["compose"]["cpus"], os.cpu_count() or 1)


def _use_image(topology: Topology, image: str) -> None:
    topology.setdefault("defaults", {})["image"] = image
    for service in _services(topology):
        service.pop("image", None)


def _modelfile(sample: str, model: Topology, names: Mapping[str, str]) -> str:
    text = (FOLDER / sample / model["modelfile"]).read_text(encoding="utf-8")
    first, _, rest = text.partition("\n")
    base = first.removeprefix("FROM ").strip()
    return f"FROM {names.get(base, base)}\n{rest}"


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case str():
            return names.get(value, value)
        case list():
            return [_renamed(item, names) for item in value]
        case dict():
            return {key: _renamed(item, names) for key, item in value.items()}
    return value


def _insecure(topology: Topology, pulled: set[str]) -> None:
    """The local registry speaks plain http."""
    for service in _services(topology):
        service["models"] = [
            {"name": model, "insecure": True} if isinstance(model, str) and model in pulled else model
            for model in service.get("models", [])
        ]
