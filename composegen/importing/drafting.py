"""The hosts, stores and services of a topology, from what the imported files run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from composegen.importing import placing
from composegen.importing.draft import Draft
from composegen.importing.notes import Account
from composegen.importing.placing import Group
from composegen.importing.published import DEFAULT_PORT
from composegen.importing.servers import Server
from composegen.importing.stacks import Stack
from composegen.importing.storing import Plan, Stores


def draft(plan: Plan) -> Draft:
    """Name, hosts, stores and services."""
    result = Draft()
    result.put(("name",), plan.project)
    for stack in plan.stacks:
        _host(result, plan, stack)
    stores = Stores(plan=plan, draft=result)
    for group in plan.groups:
        _service(result, plan, group, stores)
    return result


def _host(result: Draft, plan: Plan, stack: Stack) -> None:
    name = stack.host
    own = plan.servers(name)
    known = plan.addresses.get(name)
    address = known or ("127.0.0.1" if len(plan.stacks) == 1 else name)
    entry: dict[str, Any] = {"address": address}
    bind = _bind(own, plan.account)
    if bind is not None and bind != address:
        entry["bind"] = bind
    gpus = placing.host_gpus(own)
    if gpus is not None:
        entry["gpus"] = {"vendor": gpus.vendor, "devices": list(gpus.devices)}
        unnamed = next((server.place for server in own if server.gpu and not server.gpu.ids), None)
        if unnamed is not None:
            plan.account.todo(
                unnamed,
                f"list the GPUs of host `{name}` under `gpus.devices`",
                "the imported file asks for a number of them, or for all, and names none",
            )
    comment = ""
    if known is None:
        comment = "The address by which users and other hosts reach it is in no Compose file: write it here."
        plan.account.todo(
            stack.root.place,
            f"write the address of host `{name}`",
            f"no imported file states it; `{address}` stands in for it",
        )
    result.put(("hosts", name), entry, stack.root.place, comment)
    if gpus is not None:
        asking = next(server for server in own if server.gpu is not None)
        result.places["hosts", name, "gpus"] = asking.place


_EVERYWHERE = "0.0.0.0"  # noqa: S104 - what Docker does where no address is stated


def _bind(servers: Sequence[Server], account: Account) -> str | None:
    """The address on which a host publishes: that of the first server; docker's own default is every address."""
    binds = list(dict.fromkeys("127.0.0.1" if server.bind == "" else server.bind or _EVERYWHERE for server in servers))
    valid = [bind for bind in binds if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+", bind)]
    for server in servers[1:]:
        if len(binds) > 1:
            account.different(
                server.place,
                f"`{server.name}` is published on {valid[0] if valid else 'every address'}",
                "a host has one `bind`",
            )
    return valid[0] if valid else None


def _service(result: Draft, plan: Plan, group: Group, stores: Stores) -> None:
    first = group.servers[0]
    store = stores.of(group)
    pulled = (plan.models.get((server.host, server.name), ()) for server in group.servers)
    models = [*(model for server in group.servers for model in server.models), *chain.from_iterable(pulled)]
    entry = {
        "image": first.image,
        "store": store.get("store"),
        "writer": store.get("writer"),
        "memory": first.memory,
        "environment": dict(first.environment),
        "models": list(dict.fromkeys(models)),
        "hosts": {run.host: _placement(plan, run) for run in group.runs},
        "migrate_from": store.get("migrate_from"),
        "compose": dict(first.extra),
    }
    comment = "" if models else _NO_MODELS
    result.put(("services", group.name), {key: value for key, value in entry.items() if value}, first.place, comment)
    if not models:
        what = f"list the models of service `{group.name}` under `models:`"
        plan.account.todo(first.place, what, "no imported file pulls any")
    _tell(plan, group)


_NO_MODELS = "No file says which models it serves: list them, `models: [llama3.2:3b]`, and model-init brings them."


def _tell(plan: Plan, group: Group) -> None:
    """Say which server became what."""
    for run in group.runs:
        for number, server in enumerate(run.servers, 1):
            what = (
                f"service `{group.name}`, container `{group.name}-{number}`"
                if server.instances == 1
                else f"{server.instances} instances of service `{group.name}`"
            )
            plan.account.taken(server.place, f"`{server.name}` -> {what} on host `{run.host}`")


def _placement(plan: Plan, run: placing.Run) -> Any:
    own = plan.servers(run.host)
    choice = placing.gpu_choice(run, own, placing.host_gpus(own))
    first = run.servers[0]
    entry: dict[str, Any] = {"instances": run.instances} if run.instances > 1 else {}
    if first.written_port is not None and len(run.servers) == 1:
        entry["port"] = first.written_port
    elif first.port != DEFAULT_PORT:
        entry["port"] = first.port
    weights = {plan.weights.get((run.host, server.port)) for server in run.servers}
    if len(weights) == 1 and (weight := next(iter(weights))) is not None:
        entry["weight"] = weight
    if choice.gpus is not None:
        entry["gpus"] = choice.gpus
    if choice.shared and choice.gpus != "none":
        entry["shared"] = True
        plan.account.different(
            first.place,
            f"that several instances share GPUs of host `{run.host}` is stated (`shared: true`)",
            "each loads its own copy of the weights; one GPU per instance, or fewer instances, serve more",
        )
    return run.instances if entry.keys() <= {"instances"} else entry
