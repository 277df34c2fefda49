"""What stands beside the servers: containers that pull for them, and apps that ask them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from composegen.importing import apps, proxies, pulls, servers, variables
from composegen.importing.draft import Draft
from composegen.importing.needs import Surroundings
from composegen.importing.notes import Account
from composegen.importing.servers import Server
from composegen.importing.spots import Spot
from composegen.importing.stacks import Stack
from composegen.importing.storing import Plan


def pullers(
    found: Sequence[Stack], serving: Sequence[Server], account: Account
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], list[str]]]:
    """Containers that only pull, each with the server that they pull into, and what they pull."""
    pullers: dict[tuple[str, str], str] = {}
    models: dict[tuple[str, str], list[str]] = {}
    for stack in found:
        own = [server.name for server in serving if server.host == stack.host]
        for name, service in stack.services.items():
            if name in own or not own or not servers.is_puller(service):
                continue
            target = _pulls_into(service, own)
            pullers[stack.host, name] = target
            pulled = pulls.of_service(service)
            servers.note_pulls(pulled, name, account)
            models.setdefault((stack.host, target), []).extend(pulled.models)
            account.different(
                service.place,
                f"`{name}` becomes model-init of `{target}`",
                "it waits until the server answers, tries again, skips models that are there, and its exit code counts",
            )
    return pullers, models


def _pulls_into(service: Spot, own: Sequence[str]) -> str:
    """The server of a container that pulls: the one whose name it uses, else the first."""
    text = str(service.plain())
    return next(
        (name for name in sorted(own, key=len, reverse=True) if f"//{name}:" in text or f"'{name}:1" in text), None
    ) or next((name for name in own if f"'{name}'" in text), own[0])


def add_apps(result: Draft, plan: Plan, others: set[tuple[str, str]], secrets: Mapping[str, variables.Secrets]) -> None:
    """Add every service that is none of `others` (servers, what pulls for them, Traefik) to the topology, as an app."""
    reserved = {f"{group.name}{end}" for group in plan.groups for end in ("", "-init", "-ready", "-wait")}
    for stack in plan.stacks:
        mine = {name for host, name in others if host == stack.host}
        names = apps.names(stack, mine, {*reserved, *result.data.get("apps", {})})
        served = _served(plan, stack, mine)
        around = Surroundings(
            stack=stack,
            apps=names,
            servers=served,
            serving={server.name for server in plan.servers(stack.host)},
            endpoints=dict(_endpoints(plan, stack.host)),
            secrets=secrets[stack.host],
        )
        for name, app in names.items():
            apps.add(result, name, app, around)
        for server in plan.servers(stack.host) if names else ():
            _tell_new_name(server, served[server.name][1], plan.account)


def _served(plan: Plan, stack: Stack, others: Collection[str]) -> dict[str, tuple[str, str]]:
    """Service and container of the topology, for every name of a server on this host, and for what pulls for it."""
    own = {
        server.name: (group.name, f"{group.name}-{number}")
        for group in plan.groups
        for run in group.runs
        for number, server in enumerate(run.servers, 1)
        if run.host == stack.host
    }
    aliases = {
        alias: own[server.name]
        for server in plan.servers(stack.host)
        for alias in server.aliases
        if alias not in stack.services
    }
    pulling = {
        name: own[_pulls_into(stack.services[name], list(own))]
        for name in others
        if name not in own and own and not proxies.is_traefik(stack.services[name])
    }
    return {**aliases, **pulling, **own}


def _endpoints(plan: Plan, host: str) -> list[tuple[tuple[str, int], str]]:
    """Services by the addresses and ports on which they can be asked from a host."""
    return [
        ((address, server.port + number), group.name)
        for group in plan.groups
        for server in group.servers
        for number in range(server.instances)
        for address in (plan.addresses.get(server.host), server.host, *(_THIS_HOST if server.host == host else ()))
        if address is not None
    ]


_THIS_HOST = ("host.docker.internal", "172.17.0.1")
"""Names of the host itself inside its containers."""


def _tell_new_name(server: Server, container: str, account: Account) -> None:
    old = [f"`{name}`" for name in dict.fromkeys((server.name, *server.aliases)) if name != container]
    if not old:
        return
    account.todo(
        server.place,
        f"where a configuration of your own names {' or '.join(old)}, write `{container}`",
        "containers are called after their service and a number; in the environment of apps that is done",
    )
