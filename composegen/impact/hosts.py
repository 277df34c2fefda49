"""What must be done on the hosts themselves, as commands.

The commands are those of the generated run book: `nfs/setup.sh` and `firewall/setup.sh` apply what is new, what is gone
is taken away by hand (`leaving`).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from composegen.impact import leaving
from composegen.impact.changed import Changed
from composegen.impact.hostfiles import FIREWALL, FSTAB, NFS, SETUP, means_something, mount_points
from composegen.impact.normal import is_nfs
from composegen.impact.stack import changed_definitions
from composegen.impact.steps import Phase, Step, in_folder, umount

_DOWN = "docker compose down --remove-orphans"


def steps(host: Changed, gateway: str) -> Iterator[Step]:
    """Everything to be done on one host; `gateway` says what the gateway knows of it by then, "" without one."""
    if host.is_gone:
        yield from leaving.of_host(host, gateway)
        return
    yield from _down(host)
    yield from _applied(host)
    if is_renamed(host):
        yield from leaving.of_old_project(host)
    else:
        yield from leaving.of_what_is_gone(host)


def is_renamed(host: Changed) -> bool:
    """Whether what runs on the host belongs to a Compose project of another name afterwards."""
    return bool(host.before.services and host.after.services) and host.before.name != host.after.name


def goes_down(host: Changed) -> bool:
    """Whether everything on the host is stopped before it gets its new files."""
    return any(step.phase is Phase.DOWN for step in _down(host))


def _down(host: Changed) -> Iterator[Step]:
    """What must be stopped while the files of before are there."""
    before, after = host.before, host.after
    if is_renamed(host):
        reason = f"project {before.name} becomes {after.name}; its containers keep the ports until they are gone"
        yield in_folder(Phase.DOWN, host, _DOWN, reason)
    elif before.services and not after.services:
        yield in_folder(Phase.DOWN, host, _DOWN, "nothing runs there any more")
    elif volumes := _remade_volumes(host):
        names = " ".join(shlex.quote(before.volume(name)) for name in volumes)
        reason = "Docker keeps a volume as it was made first; the models are on the NFS server and stay"
        yield in_folder(Phase.DOWN, host, f"docker compose down && docker volume rm {names}", reason)
    elif (moved := _moved_mounts(host)) or leaving.uncovered(host):
        yield in_folder(Phase.DOWN, host, "docker compose down", "a folder in use cannot be unmounted")
        yield from (umount(Phase.UNMOUNT, host, folder, "another export is mounted there next") for folder in moved)


def _remade_volumes(host: Changed) -> tuple[str, ...]:
    """The volumes that must be made anew, and that hold nothing themselves: Docker mounts an export with them."""
    before, after = host.before.volumes, host.after.volumes
    return tuple(name for name in changed_definitions(before, after) if is_nfs(before[name]) and is_nfs(after[name]))


def _moved_mounts(host: Changed) -> tuple[str, ...]:
    """Mount points at which something else is to be mounted, or in a way to which nothing can be remounted."""
    pair = host.files.get(FSTAB)
    if pair is None:
        return ()
    before, after = mount_points(pair.before), mount_points(pair.after)
    return tuple(folder for folder, mount in before.items() if folder in after and after[folder] != mount)


def _applied(host: Changed) -> Iterator[Step]:
    """Scripts to be run because something they apply is new or different, or because they bear another name."""
    renamed = is_renamed(host)
    there = [file for file, pair in host.files.items() if pair.after is not None]
    changed = [file for file in there if renamed or means_something(host.files[file])]
    if nfs := [file for file in changed if file.startswith(NFS)]:
        server = any(file.endswith(".exports") for file in there)
        yield in_folder(Phase.SERVER if server else Phase.CLIENT, host, f"sudo sh {SETUP[NFS]}", _why_nfs(nfs))
    if any(file.startswith(FIREWALL) for file in changed):
        yield in_folder(Phase.GUARD, host, f"sudo sh {SETUP[FIREWALL]}", "who may reach the instances has changed")


def _why_nfs(files: Sequence[str]) -> str:
    """What the script will do."""
    does = [
        words
        for ending, words in (
            (".exports", "copies the exports and runs exportfs -ra"),
            ("fstab", "writes /etc/fstab, reloads systemd, mounts or remounts"),
            (".conf", "makes Docker wait for the mount, reloads systemd"),
        )
        if any(file.endswith(ending) for file in files)
    ]
    return "; ".join(does) or "brings the NFS side of the host in order"
