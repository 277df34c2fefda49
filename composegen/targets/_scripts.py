"""The files at the root of the tree: `verify.sh`, which asks every endpoint, and the run book `README.md`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from composegen.artifacts import Artifact, Syntax
from composegen.plan import GatewayPlan, HostPlan, Instance, Plan, StoreUse
from composegen.resolve.address import endpoint_url, is_loopback, url
from composegen.resolve.firewall import is_guarded
from composegen.targets import _runbook
from composegen.targets._nfs import mount_source
from composegen.targets._runbook import listed_name


def script_artifacts(plan: Plan) -> Iterator[Artifact]:
    """`verify.sh` and `README.md`."""
    yield Artifact(
        path=PurePosixPath("verify.sh"),
        template="common/verify.sh.j2",
        syntax=Syntax.SHELL,
        context=_verify(plan),
        mode=0o755,
    )
    yield Artifact(
        path=PurePosixPath("README.md"),
        template="common/README.md.j2",
        syntax=Syntax.MARKDOWN,
        context=_runbook.context(plan),
    )


def _verify(plan: Plan) -> dict[str, object]:
    """What `verify.sh` asks; each entry is the arguments of one call of a function there."""
    return {
        "name": plan.topology.name,
        "hosts": [host.name for host in plan.hosts],
        "stores": [
            {"name": use.name, "models": [listed_name(model.name) for model in use.models]} for use in plan.stores
        ],
        "services": sorted({instance.service.name for instance in plan.instances}),
        "instances": [_instance(plan, instance) for instance in plan.instances],
        "mounts": list(_mounts(plan)),
        "gpus": list(_gpus(plan)),
        "gateway": _gateway(plan, plan.gateway) if plan.gateway else [],
    }


def _instance(plan: Plan, instance: Instance) -> list[str]:
    use = plan.store_of(instance)
    folder = shlex.quote(plan.host(instance.host.name).directory)
    return [
        instance.host.name,
        folder,
        instance.name,
        endpoint_url(instance),
        instance.service.name,
        use.name,
        _models_hint(plan, use, instance),
        _yes(is_guarded(plan, instance)),
        *_there(plan, plan.host(instance.host.name)),
    ]


def _yes(flag: bool) -> str:  # noqa: FBT001 - a word of a shell command
    return "yes" if flag else "no"


def _there(plan: Plan, host: HostPlan) -> tuple[str, str]:
    """How the script gets to a host: by ssh, or as the only host that can be the machine on which it runs."""
    return host.spec.ssh or "", _yes(host.spec.ssh is None and len(plan.local) == 1)


def _models_hint(plan: Plan, use: StoreUse, instance: Instance) -> str:
    """What to do when models are missing: model-init of the writer brings them."""
    for host, writer in use.writers.items():
        if len(use.writers) == 1 or host == instance.host.name:
            found = plan.host(host)
            folder = shlex.quote(found.directory)
            for init in found.inits:
                if init.instance is writer:
                    logs = f"docker compose logs {init.container.name}"
                    return f"on {host}: cd {folder} && docker compose up -d --wait; if that fails: {logs}"
            return f"on {host}: cd {folder} && docker compose exec {writer.name} ollama pull MODEL"
    return "nobody writes this store: the topology gives it no writer"


def _mounts(plan: Plan) -> Iterator[list[str]]:
    for host in plan.hosts:
        for mount in host.nfs_mounts:
            yield [
                host.name,
                *_there(plan, host),
                shlex.join(["findmnt", "-n", "-o", "SOURCE", "-M", mount.mountpoint]),
                mount.mountpoint,
                mount_source(mount),
            ]


def _gateway(plan: Plan, gateway: GatewayPlan) -> list[str]:
    host: HostPlan = plan.host(gateway.host.name)
    address = host.bind if is_loopback(host.bind) else gateway.host.address
    port = gateway.spec.entrypoint.port
    folder = shlex.quote(host.directory)
    own = gateway.container
    logs = f"cd {folder} && docker compose logs --tail 50 {own.name}" if own else "look at the log of your Traefik"
    listens = url("tcp", address, port).removeprefix("tcp://")
    admin = gateway.spec.admin is not None and any(route.primary for route in gateway.routes)
    return [host.name, folder, gateway.url, listens, logs, _yes(admin), _yes(own is not None)]


def _gpus(plan: Plan) -> Iterator[list[str]]:
    """Each instance that was promised GPUs, and how many; of all of a host's, at least one must be there."""
    for instance in plan.instances:
        grant = instance.container.gpus
        if grant is not None:
            host = plan.host(instance.host.name)
            folder = shlex.quote(host.directory)
            yield [
                host.name,
                *_there(plan, host),
                _look_for_gpus(folder, instance.name),
                folder,
                instance.name,
                endpoint_url(instance),
                _yes(is_guarded(plan, instance)),
                str(len(grant.devices) or 1),
            ]


_TOOLS = (
    "if command -v nvidia-smi >/dev/null; then echo nvidia-smi; nvidia-smi -L; fi; "
    "ls -d /dev/kfd /dev/dri/renderD* /dev/nvidia[0-9]*"
)


def _look_for_gpus(folder: str, name: str) -> str:
    """What is run on the host: prints what Ollama said of GPUs when it started, and what is seen in its container."""
    log = f"docker compose logs --no-log-prefix {name} | grep -e 'msg=\"Listening on' -e 'msg=\"inference compute\"'"
    return f"cd {folder} && {{ {log}; docker compose exec -T {name} sh -c {shlex.quote(_TOOLS)}; }} 2>/dev/null; true"
