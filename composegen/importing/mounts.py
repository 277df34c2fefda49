"""Where the models of a server are: the mount that holds them, in each of the forms of Compose."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from composegen.importing.interpolation import references, static, translated
from composegen.importing.notes import Account
from composegen.importing.spots import Place, Spot, mapping_of

HOME = "/root/.ollama"
MODELS = f"{HOME}/models"


class StoreMount(Struct, frozen=True, kw_only=True):
    """What holds the models of a server."""

    kind: Literal["volume", "directory", "nfs"]
    source: str
    """Name of the volume in the file, or folder of the host: absolute, or relative to the Compose file."""
    below: str
    """Where in it `blobs/` and `manifests/` are; "" for at the top."""
    read_only: bool
    place: Place
    docker_name: str = ""
    """Name of the volume in Docker where the project does not stand before it."""
    server: str = ""
    """Address of the NFS server."""
    options: tuple[str, ...] = ()
    """How it is mounted, beside read-only or not."""


class Mount(Struct, frozen=True, kw_only=True):
    """An entry of `volumes`."""

    source: str
    target: str
    read_only: bool
    place: Place
    written: str


def mounts_of(service: Spot) -> list[Mount]:
    """Every mount of a service that names a source."""
    volumes = service.get("volumes")
    entries = volumes.each() if volumes is not None else ()
    return [mount for entry in entries if (mount := _mount(entry)) is not None]


def _without_source(service: Spot) -> list[Spot]:
    """Entries of `volumes` that name no source: volumes without a name, and memory."""
    volumes = service.get("volumes")
    return [entry for entry in volumes.each() if _mount(entry) is None] if volumes is not None else []


def _mount(entry: Spot) -> Mount | None:
    if entry.is_mapping:
        source, target, read_only = (entry.get(key) for key in ("source", "target", "read_only"))
        if source is None or target is None:
            return None
        return Mount(
            source=static(source.text or ""),
            target=static(target.text or "").rstrip("/"),
            read_only=read_only is not None and read_only.value is True,
            place=entry.place,
            written=source.text or "",
        )
    written = entry.text or ""
    pieces = re.findall(r"(?:\$\{[^}]*\}|[^:])+", written)
    if re.match(r"[A-Za-z]:[\\/]", written):
        pieces = [":".join(pieces[:2]), *pieces[2:]]
    if len(pieces) < 2:  # noqa: PLR2004 - source and target
        return None
    source, target, *options = pieces
    return Mount(
        source=static(source),
        target=static(target).rstrip("/"),
        read_only=any("ro" in option.split(",") for option in options),
        place=entry.place,
        written=source,
    )


def store_mount(root: Spot, service: Spot, name: str, account: Account) -> StoreMount | None:
    """The mount that holds the models of a server, with a note on every other one."""
    stated = mapping_of(service.get("environment")).get("OLLAMA_MODELS")
    models = static(stated.text or "").rstrip("/") if stated is not None and stated.text else MODELS
    holding = [mount for mount in mounts_of(service) if PurePosixPath(models).is_relative_to(mount.target or "/")]
    best = max(holding, key=lambda mount: len(mount.target), default=None)
    for mount in mounts_of(service):
        if mount != best:
            _other(mount, name, account)
    for entry in _without_source(service):
        account.left(
            entry.place,
            f"mount `{entry.text or entry.text_at('target')}` of `{name}`",
            "instances mount their store only; this one has no source, and is empty in every new container",
        )
    if best is None:
        account.different(
            service.place, f"the models of `{name}` are in a volume", "they were in the container, and lost with it"
        )
        return None
    below = PurePosixPath(models).relative_to(best.target or "/").as_posix()
    found = _store(root, best, "" if below == "." else below, account)
    if found is not None and found.read_only and best.target == HOME:
        account.different(
            best.place,
            f"`{HOME}` of `{name}` is no longer read-only",
            "Ollama keeps its key there and exits when it can write none; only the models are read-only",
        )
    return found


def _other(mount: Mount, name: str, account: Account) -> None:
    """A mount that holds no models."""
    if mount.target == HOME:
        account.different(
            mount.place,
            f"`{mount.written}` of `{name}` is not mounted",
            "it holds the key and the history of one server; each instance has a small volume of its own for that",
        )
    elif re.search(r"(localtime|timezone)$", mount.target):
        account.different(
            mount.place, f"`{mount.target}` of `{name}` is not mounted", "logs carry the time zone themselves"
        )
    else:
        account.left(
            mount.place,
            f"mount `{mount.written}:{mount.target}` of `{name}`",
            "instances mount their store only; a script there that pulls models is replaced by `models:`",
        )


def _store(root: Spot, mount: Mount, below: str, account: Account) -> StoreMount | None:
    base = StoreMount(kind="directory", source=mount.source, below=below, read_only=mount.read_only, place=mount.place)
    if any(reference.default is None for reference in references(mount.written)) or re.match(
        r"[A-Za-z]:|\\\\", mount.source
    ):
        account.todo(
            mount.place,
            f"state where the models are (`{mount.written}`): a store of kind `directory` with its `path:`",
            "the folder is known on that machine only; a volume takes its place here",
        )
        return None
    if references(mount.written):
        account.todo(
            mount.place,
            f"check the path of the store: `{mount.source}`",
            "a variable says where it is, in the shell or in `.env`; its default was taken",
        )
    if mount.source.startswith("~"):
        account.todo(
            mount.place,
            f"check the path of the store: `{mount.source}`",
            "`~` is the home of whoever runs Docker; root's was taken",
        )
        return replace(base, source=f"/root{mount.source[1:]}")
    if mount.source.startswith("/"):
        return replace(base, source=PurePosixPath(mount.source).as_posix())
    if mount.source.startswith("."):
        return base
    definition = root.get("volumes", mount.source)
    found = _volume(definition, base)
    if definition is not None:
        _tell_options(definition, mount.source, found, account)
    return found


def _tell_options(definition: Spot, name: str, found: StoreMount, account: Account) -> None:
    """Say which options of a volume are in no store."""
    taken = {"name", "external", *(("driver_opts",) if found.kind != "volume" else ())}
    for key, spot in definition.items():
        means_nothing = (
            not spot.value or key.startswith("x-") or (key == "driver" and static(spot.text or "") == "local")
        )
        if key not in taken and not means_nothing:
            account.left(spot.place, f"`{key}` of volume `{name}`", _NO_OPTIONS)


_NO_OPTIONS = (
    "a store has no such key, a compose.override.yaml can state it; where the volume stays the same one, Compose "
    "otherwise asks whether to make it anew, and with yes its models are lost"
)


def _volume(definition: Spot | None, base: StoreMount) -> StoreMount:
    """A named volume; one that mounts an NFS export or a folder is that."""
    if definition is None:
        return replace(base, kind="volume")
    options = {key: static(spot.text or "") for key, spot in mapping_of(definition.get("driver_opts")).items()}
    device = options.get("device", "")
    if options.get("type", "").startswith("nfs"):
        address = re.search(r"(?:^|,)addr=([^,]+)", options.get("o", ""))
        host, _, path = device.rpartition(":")
        stated = [option.strip() for option in options.get("o", "").split(",")]
        return replace(
            base,
            kind="nfs",
            source=path,
            server=address[1] if address else host,
            read_only=base.read_only or "ro" in stated,
            options=tuple(one for one in stated if one not in {"", "rw", "ro"} and not one.startswith("addr=")),
        )
    if "bind" in options.get("o", "").split(",") and device.startswith("/"):
        return replace(base, source=device)
    external = definition.get("external")
    docker_name = static(definition.text_at("name"))
    if not docker_name and external is not None and external.value not in (False, None):
        inner = external.get("name")
        docker_name = static(inner.text or "") if inner is not None else base.source
    return replace(base, kind="volume", docker_name=docker_name)


def translated_data(spot: Spot) -> Any:
    """A value of Compose as it stands under `compose:` of a topology."""
    match spot.value:
        case dict():
            return {key: translated_data(item) for key, item in spot.value.items()}
        case list():
            return [translated_data(item) for item in spot.value]
        case str() as text:
            return translated(text)
        case int() if spot.source is not None and re.fullmatch("0[0-7]+", spot.source):
            return int(spot.source, 8)  # Compose reads it so, YAML 1.2 does not
        case value:
            return value
