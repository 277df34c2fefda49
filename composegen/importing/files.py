"""The files that were given: which host each one is of, what the project is called, what is no Compose file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from msgspec import Struct

from composegen.importing.names import free, name_of, project_of
from composegen.importing.notes import Account
from composegen.importing.spots import Spot

MOST_SERVICES = 500
"""Services of one import; more is no file that anybody runs."""


class ImportingError(Exception):
    """There is nothing to make a topology of; the message says why and what to do."""


class Given(Struct, frozen=True, kw_only=True):
    """A file as the user gave it: its name, the name of its folder, its bytes, and the host if one was named."""

    name: str
    folder: str
    data: bytes
    host: str | None = None
    address: str | None = None


_BESIDE_SERVICES = frozenset({"version", "name", "volumes", "networks", "configs", "secrets"})


def newer(root: Spot, account: Account) -> Spot:
    """A file in Compose's first format, or a part of one, which has its services at the top."""
    services = {k: v for k, v in root.items() if k not in _BESIDE_SERVICES and not k.startswith("x-")}
    if root.get("services") is not None or not any(v.get("image") or v.get("build") for v in services.values()):
        return root
    account.different(
        root.place, "services stand under `services:`", "Compose no longer reads files that have them at the top"
    )
    rest = {key: spot for key, spot in root.items() if key not in services}
    return Spot(value={**rest, "services": Spot(value=services, place=root.place)}, place=root.place)


def expect_services(file: Given, root: Spot) -> None:
    """Raise ImportingError for what is neither a Compose file nor dynamic configuration of Traefik."""
    section = root.get("services")
    if section is None or not section.is_mapping:
        raise ImportingError(
            f"{file.name} is no Compose file: it has no mapping `services`; nor is it a dynamic file of Traefik, "
            "which has `http`"
        )
    if len(section.value) > MOST_SERVICES:
        raise ImportingError(f"{file.name} has more than {MOST_SERVICES} services: split it, and import the parts")


def by_host(files: Sequence[tuple[Given, Spot]]) -> dict[tuple[str, str | None], list[Spot]]:
    """Files of a named host together, each other one as a host of its own."""
    found: dict[tuple[str, str | None], list[Spot]] = {}
    names: dict[str, str] = {}
    for file, root in files:
        if file.host is not None:
            host = names.setdefault(file.host, free(name_of(file.host, "box"), set(names.values())))
        else:
            host = free(_host_name(file, len(files)), {name for name, _ in found})
        key = next((known for known in found if known[0] == host and file.host is not None), (host, file.address))
        found.setdefault(key, []).append(root)
    return found


_ORDINARY = frozenset({"compose", "docker-compose"})


def _host_name(file: Given, number: int) -> str:
    """A name for the host of a file that has none: that of its folder, or what sets its own name apart."""
    if number == 1:
        return "box"
    stem = PurePosixPath(file.name).name.rsplit(".", 1)[0]
    apart = stem.removeprefix("docker-compose").removeprefix("compose").strip(".-_")
    return name_of(apart if apart and stem not in _ORDINARY else file.folder, "box")


def project(files: Sequence[tuple[Given, Spot]], account: Account) -> str:
    """The name of the Compose project: as stated, or that of the first folder, as with Compose."""
    names: list[str] = []
    for file, root in files:
        stated = root.get("name")
        text = stated.text if stated is not None else None
        names.append(
            project_of(text or file.folder, "models") if "$" not in (text or "") else project_of(file.folder, "models")
        )
        if names[-1] != names[0]:
            account.different(
                root.place,
                f"project `{names[-1]}` becomes `{names[0]}`",
                "a topology has one name on all hosts; volumes of the other project are not reused",
            )
        default = root.get("networks", "default")
        if default is not None and default.value:
            account.left(
                default.place, "options of the network `default`", "containers are on the network of the project"
            )
        version = root.get("version")
        if version is not None:
            account.different(
                version.place, "`version:` is left out", "Compose ignores it, and warns with every command"
            )
        for key, spot in root.items():
            if key in {"configs", "secrets", "models", "include"}:
                account.left(
                    spot.place,
                    f"`{key}:`",
                    "composegen writes none; a compose.override.yaml beside the generated file can"
                    if key != "include"
                    else "included files are not followed; name them with --from HOST=...",
                )
    return names[0] if names else "models"
