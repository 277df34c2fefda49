"""What the user has to bring along: variables and files without which nothing starts, or not as meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from composegen.findings import Location
from composegen.impact.causes import of_mount, of_name
from composegen.impact.changed import Changed
from composegen.impact.model import Risk
from composegen.impact.normal import is_own_file, mounts
from composegen.impact.stack import FILE, is_run

_REQUIRED = re.compile(rb"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*):?\?")


def risks(host: Changed) -> Iterator[Risk]:
    """What must be in the folder of a host from now on: all of it where that is another folder."""
    if host.directory != host.old_directory:
        yield from _new_folder(host)
        return
    yield from _new_variables(host)
    yield from _new_files(host)


def _new_folder(host: Changed) -> Iterator[Risk]:
    old, new, named = host.old_directory, host.directory, of_name(host)
    if host.before.services and host.after.services:
        yield Risk(
            host=host.name,
            message=f"the folder is {new} now: bring `.env`, secrets and a compose.override.yaml there from {old}",
            grave=False,
            cause=named.at if named else Location(path=host.plan.spec.at("directory")) if host.plan else None,
        )


def _new_variables(host: Changed) -> Iterator[Risk]:
    if new := _variables(host, after=True) - _variables(host, after=False):
        message = f"{', '.join(sorted(new))} must be set in {host.directory}/.env before `docker compose up`"
        yield Risk(host=host.name, message=message, grave=False)


def _new_files(host: Changed) -> Iterator[Risk]:
    for name, service in host.after.services.items():
        old, new = host.before.services.get(name, {}).get("volumes"), service.get("volumes")
        if old == new or not is_run(service):
            continue
        known = {mount.get("source") for mount in mounts(old)}
        added = {str(mount.get("source")): str(mount.get("target")) for mount in mounts(new)}
        files = [source.removeprefix("./") for source in added if is_own_file(source) and source not in known]
        if missing := [file for file in files if not _is_written(host, file)]:
            said = f"{', '.join(missing)} must be in {host.directory} before {name} starts"
            yield Risk(
                host=host.name,
                message=f"{said}: composegen writes no such file",
                cause=of_mount(host, name, added[f"./{missing[0]}"]),
                grave=False,
            )


def _variables(host: Changed, *, after: bool) -> frozenset[str]:
    """The variables without which Compose refuses its file."""
    pair = host.files.get(FILE)
    entry = None if pair is None else pair.after if after else pair.before
    return frozenset(name.decode() for name in _REQUIRED.findall(entry.data)) if entry else frozenset()


def _is_written(host: Changed, path: str) -> bool:
    folder = f"{path.rstrip('/')}/"
    return any(
        pair.after is not None and (file == path or file.startswith(folder) or path in ("", "."))
        for file, pair in host.files.items()
    )
