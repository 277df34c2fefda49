"""What becomes of the keys of a server that the language has no field for: kept as they are, left out, or decided."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from composegen.importing import hiding, mounts
from composegen.importing.notes import Account
from composegen.importing.spots import Spot, mapping_of
from composegen.importing.variables import Secrets
from composegen.rules.owned_key import OWNED, OWNED_BY_THE_FILE

TRAEFIK = "traefik."
"""What labels for Traefik begin with."""


_HANDLED = frozenset(
    {"image", "build", "environment", "ports", "volumes", "deploy", "mem_limit", "runtime", "gpus", "devices", "scale"}
)


_NOTHING = {
    "tty": "a server reads no terminal",
    "stdin_open": "a server reads no terminal",
    "expose": "containers of one network reach each other on every port",
    "init": "composegen sets it",
    "pull_policy": "the version is fixed, so there is nothing to pull again",
    "hostname": "instances are reached by the name of their service",
    "links": "containers of one network reach each other by name",
    "group_add": "the image runs as root, which needs no group for the GPU",
    "platform": "the image is there for every platform that Ollama knows",
    "attach": "it concerns the terminal of `up` only",
}


def kept(service: Spot, name: str, secrets: Secrets) -> Iterator[tuple[str, Any]]:
    """Keys that composegen leaves to the user; the others are told."""
    account = secrets.account
    for key, spot in service.items():
        if key in _NOTHING:
            account.different(spot.place, f"`{key}` of `{name}` is left out", _NOTHING[key])
        elif key == "build" or key in _HANDLED or key in OWNED or key in _OF_ITS_OWN:
            continue
        elif key in OWNED_BY_THE_FILE:
            account.left(
                spot.place, f"`{key}` of `{name}`", "it names a part of the file that composegen does not write"
            )
        elif key == "labels":
            yield from _labels(spot, name, account)
        elif (clean := hiding.shown(spot, key, name, secrets.known, account)) is not None:
            account.kept(spot.place, f"`{key}` of `{name}`")
            yield key, mounts.translated_data(clean)
    resources = service.get("deploy", "resources", "limits")
    for key, instead in (("cpus", "cpus"), ("pids", "pids_limit")):
        limit = resources.get(key) if resources is not None else None
        if limit is not None:
            account.kept(limit.place, f"limit of `{key}` of `{name}` -> `{instead}`")
            yield instead, mounts.translated_data(limit)


def _labels(spot: Spot, name: str, account: Account) -> Iterator[tuple[str, Any]]:
    """All labels as a mapping; what is said of those for Traefik depends on the gateway."""
    stated = mapping_of(spot)
    if any(not key.startswith(TRAEFIK) for key in stated):
        account.kept(spot.place, f"`labels` of `{name}`")
    if stated:
        yield "labels", {key: mounts.translated_data(value) or "" for key, value in stated.items()}


_OF_ITS_OWN = frozenset({"post_start", "pre_stop", "depends_on"})


def decided(service: Spot, name: str, account: Account) -> None:
    """What composegen decides itself for every instance, with the reason."""
    _deploy(service, name, account)
    _restart(service, name, account)
    check = service.get("healthcheck")
    if check is not None:
        account.different(check.place, f"the health check of `{name}` is another one", _health_reason(check))
    for key, reason in _REASONS.items():
        spot = service.get(key)
        if spot is not None:
            account.different(spot.place, f"`{key}` of `{name}` is composegen's", reason)
    for key in ("env_file", "network_mode", "post_start", "pre_stop"):
        spot = service.get(key)
        if spot is not None:
            account.left(spot.place, f"`{key}` of `{name}`", _LOST[key])
    depends = service.get("depends_on")
    if depends is not None:
        account.left(depends.place, f"`depends_on` of `{name}`", "a service waits for nothing; apps wait for services")


def _restart(service: Spot, name: str, account: Account) -> None:
    restart = service.get("restart")
    if restart is not None and restart.text == "unless-stopped":
        account.taken(restart.place, f"`restart: unless-stopped` of `{name}` is what composegen writes")
    elif restart is not None:
        account.different(
            restart.place,
            f"`restart: {restart.text}` of `{name}` becomes `unless-stopped`",
            "a server that was stopped by hand stays so, any other one comes back",
        )


def _health_reason(check: Spot) -> str:
    test = " ".join(check.get("test").words()) if check.get("test") is not None else ""  # type: ignore[union-attr]
    if re.search(r"\b(curl|wget)\b", test):
        program = "curl" if "curl" in test else "wget"
        return f"the image of Ollama has no {program}, so this one fails for ever and nothing that waits for it starts"
    return "composegen asks with `ollama ps`, which is in the image and needs no model"


def _deploy(service: Spot, name: str, account: Account) -> None:
    """What else stands under `deploy`, which is composegen's."""
    deploy = service.get("deploy")
    for key, spot in deploy.items() if deploy is not None else ():
        if key == "resources":
            reserved = spot.get("reservations")
            for inner, value in reserved.items() if reserved is not None else ():
                if inner != "devices":
                    account.left(
                        value.place,
                        f"`{inner}` that `{name}` reserves",
                        "only Swarm keeps such promises; `memory:` limits",
                    )
        elif key != "replicas":
            account.left(spot.place, f"`deploy.{key}` of `{name}`", "it is for Swarm; instances restart by themselves")


_REASONS = {
    "container_name": "instances are called after their service and a number; so there can be several",
    "networks": "instances are on the network of the project, and apps that need them are put on it as well",
    "entrypoint": "an instance only serves; models are brought by model-init, with retries and an exit code",
    "command": "an instance only serves; models are brought by model-init, with retries and an exit code",
    "logging": "composegen limits the size of logs",
    "stop_grace_period": "composegen leaves running answers time to end",
}


_LOST = {
    "env_file": "the file was not read: put what it sets for Ollama under `environment:`",
    "network_mode": "instances are on the network of the project, with a published port",
    "post_start": "hooks of instances are composegen's; models are brought by model-init",
    "pre_stop": "hooks of instances are composegen's",
}
