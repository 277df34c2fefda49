"""Ollama in a container: what it needs to start, to share a store, and to be healthy.

Facts are from Ollama's source (`cmd/cmd.go`, `server/routes.go`, `envconfig/config.go`, `Dockerfile`): the image holds
neither curl nor wget; a server with a read-only store needs `blobs` and `manifests` to exist, a writable home for its
key, and pruning off; the command line client takes port 80 from a URL without port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composegen import catalogue
from composegen.engines import Engine, InitOrder, InstanceOrder, WaitOrder
from composegen.environment import literal, sorted_variables, variable
from composegen.fields import LAST_PORT
from composegen.plan import STORE, Condition, Container, Dependency, Health, Mount, MountKind, Role, Variable
from composegen.topology import EnvironmentValue, Model

HOME = "/root/.ollama"
SCRIPT = "/init/model-init.sh"

_PREPARE = "mkdir -p /models/blobs /models/manifests && touch /models/manifests/.keep && exec ollama serve"
_ONLY_ON_NFS = (
    'if [ "$(stat -f -c %T /models)" != nfs ]; then '
    "echo 'the model store is not mounted: /models is a local folder' >&2; exit 1; fi; "
)


def instance(order: InstanceOrder) -> Container:
    """The container of one instance: the writer prepares the store, everybody else mounts it read-only."""
    service = order.service
    port = container_port(service.environment)
    return Container(
        name=order.name,
        role=Role.INSTANCE,
        image=_image(order.image, rocm=order.gpus is not None and order.gpus.vendor == "amd"),
        spec=service,
        origin=order.origin,
        entrypoint=("/bin/sh", "-c") if order.writer else (),
        command=((_ONLY_ON_NFS if order.over_nfs else "") + _PREPARE,) if order.writer else (),
        environment=_environment(order, port),
        bindings=(order.binding(port),),
        mounts=(
            order.store,
            Mount(kind=MountKind.VOLUME, source=f"{order.name}-state", target=HOME, origin=order.origin),
        ),
        gpus=order.gpus,
        memory=service.memory,
        health=Health(  # noqa: S604 - no call of a shell
            shell=f"OLLAMA_HOST=127.0.0.1:{port} ollama ps >/dev/null",
            start_period=60 if order.over_nfs else 30,
            start_interval=2 if order.quick_probes else None,
        ),
        dependencies=order.dependencies,
        extra=service.compose,
    )


def init(order: InitOrder) -> Container:
    """The container that brings the models into the store through the writer, once per `up`."""
    arguments = ["--attempts", str(order.init.attempts), "--deadline", str(order.deadline), "--pull", order.init.pull]
    for model in order.models:
        arguments += _model_arguments(model, order.folders)
    return Container(
        name=f"{order.service.name}-init",
        role=Role.INIT,
        image=order.writer.image,
        spec=order.service,
        origin=order.origin,
        entrypoint=("/bin/sh", SCRIPT),
        command=tuple(arguments),
        environment=_client(f"http://{order.writer.name}:{container_port(order.service.environment)}"),
        mounts=(_script(), order.store, *order.mounts),
        dependencies=(Dependency(container=order.writer.name, condition=Condition.HEALTHY),),
        restart=False,
        identity=order.identity or None,
    )


def wait(order: WaitOrder) -> Container:
    """A container that ends as soon as the service behind `address` has all its models; it pulls nothing."""
    arguments = ["--deadline", str(order.deadline), "--pull", "never"]
    for model in order.models:
        arguments += ["--model", model.name]
    return Container(
        name=f"{order.service.name}-wait",
        role=Role.WAIT,
        image=order.image,
        spec=order.service,
        origin=order.origin,
        entrypoint=("/bin/sh", SCRIPT),
        command=tuple(arguments),
        environment=_client(order.address),
        mounts=(_script(),),
        dependencies=order.dependencies,
        restart=False,
        extra_hosts=order.extra_hosts,
    )


def container_port(environment: Mapping[str, EnvironmentValue]) -> int:
    """The port that an instance listens on inside: that of `OLLAMA_HOST` when the user sets one, else 11434."""
    host = environment.get("OLLAMA_HOST")
    if isinstance(host, str):
        _, colon, port = host.rpartition(":")
        if colon and port.isdecimal() and 0 < int(port) <= LAST_PORT:
            return int(port)
    return 11434


def _environment(order: InstanceOrder, port: int) -> tuple[Variable, ...]:
    """What composegen sets, under what the user sets.

    Instances of a pool must answer alike, so cloud models, which only work with the key of one server, are off there.
    """
    own = {"OLLAMA_HOST": f"0.0.0.0:{port}"}
    if order.pooled:
        own["OLLAMA_NO_CLOUD"] = "1"
    if order.over_nfs:
        own["OLLAMA_LOAD_TIMEOUT"] = "15m"
    own |= order.gpu_environment
    users = {
        name: variable(name, value, order.service.at("environment", name))
        for name, value in order.service.environment.items()
    }
    fixed = {"OLLAMA_MODELS": STORE, "OLLAMA_NOPRUNE": "1"}
    return sorted_variables(literal(own) | users | literal(fixed))


def _client(address: str) -> tuple[Variable, ...]:
    """Environment of a container that only talks to a server; a default NVIDIA runtime must not give it GPUs."""
    return sorted_variables(literal({"OLLAMA_HOST": address, "NVIDIA_VISIBLE_DEVICES": "void"}))


def _model_arguments(model: Model, folders: Mapping[str, str]) -> Sequence[str]:
    """How the script is told of one model, with the room that it takes (KiB) where that is known."""
    if model.modelfile is not None:
        return ("--create", model.name, f"/init/models/{folders[model.name]}/Modelfile")
    size = catalogue.size_of(model.name)
    room = ("--need", str(size // 1024)) if size else ()
    return (*room, "--insecure-model" if model.insecure else "--model", model.name)


def _script() -> Mount:
    return Mount(kind=MountKind.BIND, source="./model-init.sh", target=SCRIPT, read_only=True, must_exist=True)


def _image(image: str, *, rocm: bool) -> str:
    """AMD GPUs need the image variant whose tag ends in `-rocm` (Ollama `docs/docker.mdx`)."""
    repository, colon, tag = image.partition(":")
    plain = repository in {"ollama/ollama", "docker.io/ollama/ollama"} and colon and "@" not in tag
    return f"{image}-rocm" if rocm and plain and not tag.endswith("rocm") else image


ENGINE = Engine(
    name="ollama",
    summary="Ollama, the default.",
    image="ollama/ollama:0.32.15",
    instance=instance,
    init=init,
    wait=wait,
)
