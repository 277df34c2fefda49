"""Ollama servers of Compose files: what each one is, in terms of the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from composegen.importing import gpus, mounts, published, pulls, remaining, variables, visible
from composegen.importing.interpolation import references, static, translated
from composegen.importing.notes import Account
from composegen.importing.spots import Place, Spot, mapping_of
from composegen.importing.stacks import Stack, networks_of

_IMAGE = re.compile(r"(?:docker\.io/|index\.docker\.io/|[\w.-]+(?::\d+)?/(?:[\w./-]+/)?)?ollama/ollama(?::|@|$)")
_OTHERS = re.compile(r"(?:^|/)ollama(?::|@|$)|^alpine/ollama")
_FLOATING = frozenset({"", "latest", "main", "rocm"})


class Server(Struct, frozen=True, kw_only=True):
    """One Ollama of one host; `image` is None for the one that composegen takes by itself."""

    host: str
    name: str
    place: Place
    image: str | None
    port: int
    """`published.ANY` until it has one that is free."""
    written_port: str | None
    """The port as a topology writes it, where a variable decides."""
    bind: str | None
    """The address on which it is published; None: on all, "": not at all."""
    instances: int
    environment: Mapping[str, Any]
    memory: str | None
    gpu: visible.Request | None
    mount: mounts.StoreMount | None
    models: tuple[str, ...]
    extra: Mapping[str, Any]
    aliases: tuple[str, ...] = ()
    """Other names by which containers reach it."""


def is_server(name: str, service: Spot) -> bool:
    """Whether a service is an Ollama that serves: not one that only pulls with the client."""
    image = static(service.text_at("image"))
    if not _IMAGE.match(image) and not _OTHERS.search(image):
        built = service.get("build") is not None and not image
        return built and re.fullmatch(r"ollama([-_]?(server|service|llm|gpu|cpu|[0-9]+))?", name.lower()) is not None
    return pulls.serves(service) or not (pulls.of_service(service) or _is_client(service))


def _is_client(service: Spot) -> bool:
    """Whether its command is one of the client, and no script that may start the server."""
    command = service.get("command")
    words = command.words() if command is not None else []
    return (
        service.get("entrypoint") is None
        and bool(words)
        and words[0].split(" ")[0] in {"pull", "run", "list", "create"}
    )


def is_puller(service: Spot) -> bool:
    """Whether a service is there to pull models and ends then."""
    return bool(pulls.of_service(service)) and not pulls.serves(service.without("healthcheck"))


def server(stack: Stack, name: str, service: Spot, secrets: variables.Secrets) -> Server:
    """What a service of Compose is, with a note on each of its keys."""
    account = secrets.account
    environment = _environment(service, name, secrets)
    port, written, bind = published.port(service, name, account)
    pulled = pulls.of_service(service)
    note_pulls(pulled, name, account)
    found = Server(
        host=stack.host,
        name=name,
        place=service.place,
        image=_image(service, name, account),
        port=port,
        written_port=written,
        bind=bind,
        instances=_instances(service, name, account),
        environment=environment,
        memory=_memory(service, name, account),
        gpu=gpus.request(service, name, account),
        mount=mounts.store_mount(stack.root, service, name, account),
        models=pulled.models,
        extra=dict(remaining.kept(service, name, secrets)),
        aliases=aliases(service),
    )
    remaining.decided(service, name, account)
    _external_networks(stack, service, name, account)
    return found


def _external_networks(stack: Stack, service: Spot, name: str, account: Account) -> None:
    """Tell of networks on which containers of other projects reach a server today."""
    for network in networks_of(service):
        external = stack.root.get("networks", network, "external")
        if external is not None and external.value not in (False, None):
            account.left(
                external.place,
                f"`{name}` on the network `{network}` of other projects",
                "containers there, a Traefik that reads labels among them, no longer reach it by name: put it on "
                f"`default` and `{network}` in a compose.override.yaml, or give them address and port of the host",
            )


def aliases(service: Spot) -> tuple[str, ...]:
    """Names by which other containers reach a service, besides its own."""
    named = service.get("container_name")
    found = [static(named.text or "")] if named is not None else []
    for options in mapping_of(service.get("networks")).values():
        listed = options.get("aliases")
        found += [static(word) for word in listed.words()] if listed is not None else []
    return tuple(dict.fromkeys(name for name in found if name))


def note_pulls(pulled: pulls.Pulls, name: str, account: Account) -> None:
    """Say which models were found in scripts, and which were not."""
    for model in pulled.models:
        account.taken(pulled.place, f"`ollama pull {model}` of `{name}` -> `models:`")
    for text in pulled.unknown:
        shown = re.sub("\x01([^:\x01]*)[^\x01]*\x01", r"${\1}", text)
        account.todo(
            pulled.place,
            f"list the model of `ollama pull {shown}` under `models:`",
            "its name is known at run time only",
        )
    for model in pulled.created:
        account.todo(
            pulled.place,
            f"put the Modelfile of `{model}` beside the topology, and list `{{name: {model}, modelfile: ...}}`",
            "`ollama create` reads a file that was not imported",
        )


def _image(service: Spot, name: str, account: Account) -> str | None:
    spot = service.get("image")
    if spot is None:
        build = service.get("build")
        account.left(
            build.place if build is not None else service.place,
            f"`build` of `{name}`: what its Dockerfile adds",
            "composegen runs the official image; list models that the build pulled under `models:`",
        )
        return None
    image = translated(service.text_at("image"))
    repository, _, tag = static(service.text_at("image")).rpartition("/")[2].partition(":")
    if repository == "ollama" and tag in _FLOATING and _IMAGE.fullmatch(static(service.text_at("image")).split(":")[0]):
        account.different(
            spot.place,
            f"`{service.text_at('image')}` of `{name}` becomes a fixed version",
            "a floating tag is another program after every pull, and there is no way back",
        )
        return None
    account.taken(spot.place, f"image of `{name}` -> `image:`")
    if (build := service.get("build")) is not None:
        account.left(
            build.place, f"`build` of `{name}`", "composegen builds no images: build it beforehand, under that name"
        )
    return image


def _instances(service: Spot, name: str, account: Account) -> int:
    for keys in (("deploy", "replicas"), ("scale",)):
        spot = service.get(*keys)
        number = static(spot.text or "") if spot is not None else ""
        if spot is not None and number.isdecimal() and 1 < int(number) <= 1000:  # noqa: PLR2004 - the language's limit
            account.taken(spot.place, f"{number} replicas of `{name}` -> `instances:`, each with a port of its own")
            return int(number)
    return 1


def _environment(service: Spot, name: str, secrets: variables.Secrets) -> dict[str, Any]:
    """The variables of a server; those that composegen sets itself, or that mean nothing, are told."""
    account = secrets.account
    stated = dict(mapping_of(service.get("environment")))
    for key, (reason, gone) in _DECIDED.items():
        spot = stated.get(key)
        of_the_host = key == "OLLAMA_HOST" and published.on_host(service)
        if spot is not None and (of_the_host or gone(static(spot.text or ""))):
            account.different(spot.place, f"`{key}` of `{name}` is left out", reason)
            del stated[key]
    result = variables.of_container(stated, name, secrets)
    for key, spot in stated.items():
        account.taken(spot.place, f"`{key}` of `{name}` -> `environment:`")
    return result


def _any(_: str) -> bool:
    return True


def _plain_host(value: str) -> bool:
    """Whether `OLLAMA_HOST` says no more than what composegen sets: every address, on the usual port."""
    port = re.search(r":(\d+)/?$", value)
    return port is None or port[1] == str(published.DEFAULT_PORT)


_GPU = "`gpus` of the placement decides which GPUs an instance gets"
_DECIDED: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "OLLAMA_HOST": ("composegen sets it, with the port", _plain_host),
    "OLLAMA_MODELS": ("the store is mounted at a place of its own, read-only for all but its writer", _any),
    "OLLAMA_NOPRUNE": ("composegen sets it: a reader must not clear up a store that it may not write", _any),
    "NVIDIA_VISIBLE_DEVICES": (_GPU, _any),
    "NVIDIA_DRIVER_CAPABILITIES": ("the image sets it", _any),
    "CUDA_VISIBLE_DEVICES": (_GPU, _any),
    "ROCR_VISIBLE_DEVICES": (_GPU, _any),
    "HIP_VISIBLE_DEVICES": (_GPU, _any),
    "OLLAMA_MODEL": ("Ollama reads no such variable", _any),
    "OLLAMA_API_BASE_URL": ("Ollama reads no such variable", _any),
}


_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([kKmMgGtT])?([iI]?[bB])?")


def _memory(service: Spot, name: str, account: Account) -> str | None:
    for keys in (("deploy", "resources", "limits", "memory"), ("mem_limit",)):
        spot = service.get(*keys)
        if spot is None:
            continue
        match = _SIZE.fullmatch(static(spot.text or "").strip())
        if match is None or float(match[1]) == 0:
            account.left(spot.place, f"memory limit `{spot.text}` of `{name}`", "it is no amount of memory")
            continue
        account.taken(spot.place, f"memory limit of `{name}` -> `memory:`")
        if references(spot.text or ""):
            return translated(spot.text or "")
        return match[0] if match[2] else f"{max(1, round(float(match[1])) // 1024**2)}MiB"
    return None
