"""From what people run today to a topology: Compose files, one or more per host, and dynamic files of Traefik.

Pure: bytes in, the text of a topology and an account of the import out. What a topology cannot say is told, with its
line; what composegen would do better is told, with the reason. What comes out validates and renders.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from composegen.document import Document
from composegen.findings import Findings
from composegen.importing import (
    drafting,
    files,
    gateways,
    hiding,
    interpolation,
    neighbours,
    ports,
    proxies,
    remaining,
    replaced,
    servers,
    spots,
    stacks,
    storing,
    variables,
)
from composegen.importing.files import Given, ImportingError
from composegen.importing.notes import Account, Note
from composegen.importing.placing import group
from composegen.importing.proxies import Dynamic
from composegen.importing.repairing import repaired
from composegen.importing.servers import Server
from composegen.importing.spots import Spot, mapping_of
from composegen.importing.stacks import Stack
from composegen.pipeline import Compiled, World

__all__ = ["Given", "Imported", "ImportingError", "convert"]

HEAD = """\
# Written by `composegen init --from`. Its report says what was taken over, what was not, and what to look at.
"""


class Imported(Struct, frozen=True, kw_only=True):
    """The topology, what is to be said, and, where a file could not be read or nothing came of it, the findings."""

    text: str = ""
    notes: tuple[Note, ...] = ()
    compiled: Compiled | None = None
    faults: tuple[tuple[Document | None, Given, Findings], ...] = ()
    obstacles: Findings = ()


def convert(given: Sequence[Given], profiles: Sequence[str], world: World) -> Imported:
    """The topology of these files. Raises ImportingError where they run nothing that composegen serves."""
    read = [(file, *spots.read(file.name, file.data)) for file in given]
    faults = tuple((parsed, file, findings) for file, _, parsed, findings in read if findings)
    if faults:
        return Imported(faults=faults)
    roots = [(file, root) for file, root, _, _ in read if root is not None]
    dynamic = [root for _, root in roots if proxies.is_dynamic(root)]
    compose = [(file, root) for file, root in roots if not proxies.is_dynamic(root)]
    account = Account()
    compose = [(file, files.newer(root, account)) for file, root in compose]
    for file, root in compose:
        files.expect_services(file, root)
    replaced.sections(dynamic, account)
    found = [_stack(host, own, profiles, account) for host, own in files.by_host(compose).items()]
    return _converted(found, proxies.dynamic(dynamic), files.project(compose, account), world, account)


def _stack(host: tuple[str, str | None], files: Sequence[Spot], profiles: Sequence[str], account: Account) -> Stack:
    root = stacks.merged(files)
    known = {name: servers.is_server(name, service) for name, service in stacks.services_of(root)}
    default = stacks.default_profile(root, known) if not profiles else None
    return stacks.stack(host[0], host[1], root, profiles or ([default] if default else []), account)


def _converted(found: Sequence[Stack], dynamic: Dynamic, project: str, world: World, account: Account) -> Imported:
    for stack in found:
        for name, service in stack.services.items():
            _tell_unsaid(service, name, account)
    known = hiding.known(service for stack in found for service in stack.services.values())
    secrets = {stack.host: variables.Secrets(host=stack.host, account=account, known=known) for stack in found}
    serving = [
        servers.server(stack, name, service, secrets[stack.host])
        for stack in found
        for name, service in stack.services.items()
        if servers.is_server(name, service)
    ]
    if not serving:
        raise ImportingError(
            "none of the files runs Ollama (an image such as ollama/ollama), and that is what composegen serves models "
            "with; to start from nothing: composegen init"
        )
    serving = ports.settled(serving, found, account)
    addresses = gateways.addresses(found, serving, dynamic, account)
    scene = gateways.Scene(stacks=found, servers=serving, addresses=addresses, dynamic=dynamic, account=account)
    front = gateways.front(scene)
    places = {(stack.host, name): spot for stack in found for name, spot in stack.services.items()}
    serving = [_settled(server, places[server.host, server.name], front, secrets[server.host]) for server in serving]
    groups = group(serving, [stack.host for stack in found])
    pullers, models = neighbours.pullers(found, serving, account)
    plan = storing.Plan(
        project=project,
        stacks=found,
        addresses=addresses,
        groups=groups,
        weights=front.weights,
        models=models,
        account=account,
    )
    result = drafting.draft(plan)
    if front.gateway:
        scene = replace(scene, servers=serving)
        result.put(("gateway",), gateways.routes(front.gateway, groups, scene, account), front.place)
    others = {
        *pullers,
        *((server.host, server.name) for server in serving),
        *([front.replaced] if front.replaced else []),
    }
    neighbours.add_apps(result, plan, others, secrets)
    done = repaired(result, HEAD, world, account)
    return Imported(text=done.text, notes=tuple(account.notes), compiled=done.compiled, obstacles=done.obstacles)


def _tell_unsaid(service: Spot, name: str, account: Account) -> None:
    """Say which variables of Compose no longer decide anything; the texts they stand in may be secrets."""
    for spot in hiding.texts(service):
        for variable in interpolation.unsaid(spot.text or ""):
            account.left(
                spot.place,
                f"what {variable} decides here in `{name}`",
                "a topology has `${NAME}` and `${NAME:-default}` only; what Compose takes where it is not set is "
                "written out",
            )


def _settled(server: Server, service: Spot, front: gateways.Front, secrets: variables.Secrets) -> Server:
    """The server without labels that hold secrets, nor those for Traefik where a gateway replaces them."""
    stated = service.get("labels")
    if stated is None:
        return server
    account = secrets.account
    own = {key: spot for key, spot in mapping_of(stated).items() if not key.startswith(remaining.TRAEFIK)}
    if own.keys() != mapping_of(stated).keys() and front.gateway:
        account.different(
            stated.place,
            f"labels for Traefik of `{server.name}` are left out",
            "the gateway has its servers from a file; labels would make a second router with a rule of its own",
        )
    elif own.keys() != mapping_of(stated).keys():
        account.kept(stated.place, f"labels for Traefik of `{server.name}`", "they are the same on every instance")
        own = dict(mapping_of(stated))
    told = hiding.shown(Spot(value=own, place=stated.place), "labels", server.name, secrets.known, account)
    labels = {key: server.extra["labels"][key] for key, _ in told.items()} if told is not None else {}
    extra = {key: value for key, value in server.extra.items() if key != "labels"}
    return replace(server, extra=extra | ({"labels": labels} if labels else {}))
