"""Plain Docker Compose: every host gets one Compose file, and the files that its containers mount.

How a plan is said in Compose is the business of the template `compose/stack.yaml.j2`; here stands only what is decided
before a line can be printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from composegen.artifacts import Artifact, Literal, Syntax
from composegen.plan import Binding, Container, GpuGrant, HostPlan, Plan, Role
from composegen.targets import Target

_ONE_SHOTS = frozenset({Role.INIT, Role.WAIT})

_SAME_AS = {
    "cpus": ("limits", "cpus"),
    "pids_limit": ("limits", "pids"),
    "mem_reservation": ("reservations", "memory"),
}
"""Keys of a service, and where the same stands below `deploy.resources`: Compose refuses the one beside the other."""


class Stanza(Struct, frozen=True, kw_only=True):
    """A container as its service in the Compose file is printed."""

    container: Container
    bindings: tuple[Binding, ...]
    """Ports that are published for it; those of an app stand among its own keys."""
    mounts: tuple[Mapping[str, object], ...]
    """Its mounts, in Compose's long form."""
    deploy: Mapping[str, Any]
    """What it may use at most, and the GPUs reserved for it."""
    devices: tuple[str, ...]
    """Entries of `devices:`: device nodes, or CDI names."""
    init: bool
    """Whether Docker puts a process of its own in front, which passes signals on and collects what ended."""
    extra_hosts: Mapping[str, str]
    extra: Mapping[str, Any]
    """Keys of the user's, printed as they are."""


def artifacts(plan: Plan) -> Iterator[Artifact | Literal]:
    """Every file of every host; what the hosts themselves need (NFS, scripts, run book) after what containers need."""
    from composegen.targets._agents import agent_artifacts
    from composegen.targets._firewall import firewall_artifacts
    from composegen.targets._migrate import migrate_artifacts
    from composegen.targets._nfs import nfs_artifacts
    from composegen.targets._repository import repository_artifacts
    from composegen.targets._rollout import rollout_artifacts
    from composegen.targets._scripts import script_artifacts
    from composegen.targets._traefik import traefik_artifacts

    of_hosts: list[Artifact | Literal] = []
    for host in plan.hosts:
        of_hosts += _of_host(plan, host)
    of_hosts += traefik_artifacts(plan)
    of_hosts += nfs_artifacts(plan)
    of_hosts += firewall_artifacts(plan)
    of_hosts += migrate_artifacts(plan)
    yield from of_hosts
    yield from script_artifacts(plan)
    yield from rollout_artifacts(plan, of_hosts)
    yield from repository_artifacts()
    yield from agent_artifacts(plan)


def _of_host(plan: Plan, host: HostPlan) -> Iterator[Artifact | Literal]:
    folder = PurePosixPath(host.name)
    if host.containers:
        yield Artifact(
            path=folder / "compose.yaml",
            template="compose/stack.yaml.j2",
            syntax=Syntax.COMPOSE,
            context={"plan": plan, "host": host, "stanzas": [_stanza(container) for container in host.containers]},
        )
    if any(container.role in _ONE_SHOTS for container in host.containers):
        yield Artifact(
            path=folder / "model-init.sh",
            template="common/model-init.sh.j2",
            syntax=Syntax.SHELL,
            context={"plan": plan},
            mode=0o755,
        )
    for file in host.files:
        yield Literal(path=folder / file.path, content=file.content)


def _stanza(container: Container) -> Stanza:
    extra = dict(container.extra or {})
    app = container.role is Role.APP
    # The user's own `extra_hosts` of an app stand beside those that lead to the services it needs.
    own_hosts = _hosts(extra.pop("extra_hosts", None)) if app else {}
    deploy = _deploy(container, extra) if not app else {}
    extra = {key: value for key, value in extra.items() if not (deploy and key in _SAME_AS)}
    return Stanza(
        container=container,
        bindings=container.bindings if not app else (),
        mounts=tuple(_mounts(container)) if not app else (),
        deploy=deploy,
        devices=_devices(container.gpus),
        init=container.role in _ONE_SHOTS | {Role.INSTANCE} and "init" not in extra,
        extra_hosts=dict(container.extra_hosts or {}) | own_hosts,
        extra=extra,
    )


def _mounts(container: Container) -> Iterator[Mapping[str, object]]:
    for mount in container.mounts:
        long: dict[str, object] = {"type": mount.kind.value, "source": _source(mount.source), "target": mount.target}
        if mount.kind.value == "volume":
            long["source"] = mount.source
        if mount.read_only:
            long["read_only"] = True
        if mount.must_exist:
            long["bind"] = {"create_host_path": False}
        yield long


def _source(path: str) -> str:
    """A path that Compose takes for one: a leading `~` would mean the home of whoever runs it."""
    return path if path.startswith(("/", "./", "../")) else f"./{path}"


def _deploy(container: Container, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The limits of a container and its reserved GPUs; empty where it has neither."""
    resources: dict[str, dict[str, Any]] = {}
    if container.memory is not None:
        resources["limits"] = {"memory": container.memory}
    if container.gpus is not None and container.gpus.mode == "reservation":
        resources["reservations"] = {"devices": [_request(container.gpus) | {"capabilities": ["gpu"]}]}
    if not resources:
        return {}
    for key in sorted(_SAME_AS.keys() & extra.keys()):
        section, name = _SAME_AS[key]
        resources.setdefault(section, {})[name] = extra[key]
    return {"resources": resources}


def _request(gpus: GpuGrant) -> dict[str, Any]:
    """Asks the NVIDIA driver for these GPUs, or for all."""
    return {"driver": "nvidia"} | ({"device_ids": list(gpus.devices)} if gpus.devices else {"count": "all"})


def _devices(gpus: GpuGrant | None) -> tuple[str, ...]:
    """Device nodes, or names of the Container Device Interface; none where Docker is asked for GPUs in another way."""
    match gpus:
        case GpuGrant(mode="cdi", vendor=vendor, devices=devices):
            return tuple(f"{vendor}.com/gpu={device}" for device in devices or ("all",))
        case GpuGrant(mode="devices", vendor="amd"):
            return ("/dev/kfd:/dev/kfd", "/dev/dri:/dev/dri")
        case GpuGrant(mode="devices"):
            return ("/dev/dri:/dev/dri",)
        case _:
            return ()


def _hosts(stated: Any) -> dict[str, str]:
    """Compose's `extra_hosts`, which is a mapping or a list of `name:address` or `name=address`."""
    if isinstance(stated, Mapping):
        return {str(name): address for name, address in stated.items()}
    return dict(_host(str(entry)) for entry in stated or ())


def _host(entry: str) -> tuple[str, str]:
    name, equals, address = entry.partition("=")
    if equals:
        return name, address
    name, _, address = entry.partition(":")
    return name, address


TARGET = Target(name="compose", summary="Docker Compose on each host.", artifacts=artifacts)
