"""What nobody takes away by itself: mounts, exports, firewall rules and files of something that is gone from a host."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from composegen.impact.changed import Changed
from composegen.impact.hostfiles import FIREWALL, FSTAB, mount_points
from composegen.impact.normal import mounts
from composegen.impact.routing import DYNAMIC
from composegen.impact.steps import Phase, Step, anywhere, in_folder, umount


def of_host(host: Changed, gateway: str) -> Iterator[Step]:
    """A host that is no longer part of the set-up; `gateway` says what the gateway knows of it, "" without one."""
    if host.before.services:
        reason = f"the host leaves; {gateway}" if gateway else "the host leaves"
        yield in_folder(Phase.LEAVE, host, "docker compose down --remove-orphans", reason)
    yield from of_what_is_gone(host)


def of_what_is_gone(host: Changed) -> Iterator[Step]:
    """What the scripts of the host do not take away."""
    yield from _mounts(host)
    yield from _drop_ins(host)
    yield from _exports(host)
    yield from _firewall(host)
    if not host.is_gone and host.directory == host.old_directory:
        yield from _routes(host, Phase.AFTER)


def of_old_project(host: Changed) -> Iterator[Step]:
    """What bears the name of the project, when that has another one: the old must go before the new comes."""
    old = host.before.name
    if host.directory == host.old_directory:
        yield from _routes(host, Phase.UNMOUNT)
    pair = host.files.get(FSTAB)
    if pair is not None and pair.before is not None:
        yield _edit_fstab(Phase.UNMOUNT, host, old, "the same mounts come back under the new name")
    for file, one in host.files.items():
        if file.endswith(".conf") and one.before is not None:
            yield _without_drop_in(Phase.UNMOUNT, host, old, file, "it comes back under the new name")
    for file, one in host.files.items():
        if file.endswith(".exports") and one.after is None:
            yield _without_exports(Phase.UNMOUNT, host, file, "it comes back under the new name")
    if _has_rules(host):
        yield _without_rules(Phase.OPEN, host, old)


def _mounts(host: Changed) -> Iterator[Step]:
    below = uncovered(host)
    for folder in sorted(_gone(host)):
        if folder in below:
            yield umount(Phase.UNMOUNT, host, folder, "the folder below it, of this host itself, is used next")
        else:
            yield umount(Phase.TAKE_MOUNT, host, folder, "nothing uses it any more")
    pair = host.files.get(FSTAB)
    if pair is not None and pair.before is not None and pair.after is None:
        yield _edit_fstab(_when_taken(host), host, host.project, "the mount would come back at the next boot")


def _drop_ins(host: Changed) -> Iterator[Step]:
    for file, pair in host.files.items():
        if file.endswith(".conf") and pair.after is None:
            reason = "Docker need not wait for that mount any more"
            yield _without_drop_in(_when_taken(host), host, host.project, file, reason)


def uncovered(host: Changed) -> frozenset[str]:
    """Mount points that go although containers use the folder: from then on what is below the mount."""
    used = {
        str(one.get("source")) for service in host.after.services.values() for one in mounts(service.get("volumes"))
    }
    return frozenset(
        folder for folder in _gone(host) if any(path == folder or path.startswith(f"{folder}/") for path in used)
    )


def _gone(host: Changed) -> frozenset[str]:
    """The mount points that the host has no longer."""
    pair = host.files.get(FSTAB)
    return frozenset() if pair is None else frozenset(mount_points(pair.before)) - frozenset(mount_points(pair.after))


def _when_taken(host: Changed) -> Phase:
    return Phase.UNMOUNT if uncovered(host) else Phase.TAKE_MOUNT


def _exports(host: Changed) -> Iterator[Step]:
    for file, pair in host.files.items():
        if file.endswith(".exports") and pair.after is None:
            yield _without_exports(Phase.TAKE_EXPORT, host, file, "the folder with the models stays")


def _firewall(host: Changed) -> Iterator[Step]:
    if _has_rules(host) and all(pair.after is None for file, pair in host.files.items() if file.startswith(FIREWALL)):
        yield _without_rules(Phase.OPEN, host, host.project)


def _routes(host: Changed, phase: Phase) -> Iterator[Step]:
    """Nobody deletes files on a host, and a Traefik that stays reads every file in its folder."""
    if "traefik" in host.before.services and "traefik" not in host.after.services:
        return
    for file, pair in host.files.items():
        if file.startswith(DYNAMIC) and pair.after is None:
            yield in_folder(phase, host, f"rm -f {shlex.quote(file)}", "Traefik would go on reading it")


def _has_rules(host: Changed) -> bool:
    return any(file.startswith(FIREWALL) and pair.before is not None for file, pair in host.files.items())


def _edit_fstab(phase: Phase, host: Changed, project: str, reason: str) -> Step:
    command = f'sudo "${{EDITOR:-vi}}" /etc/fstab    # delete its lines below: # composegen {project}: begin'
    return anywhere(phase, host, command, reason)


def _without_drop_in(phase: Phase, host: Changed, project: str, file: str, reason: str) -> Step:
    place = f"/etc/systemd/system/docker.service.d/{project}-{PurePosixPath(file).name}"
    return anywhere(phase, host, f"sudo rm -f {shlex.quote(place)} && sudo systemctl daemon-reload", reason)


def _without_exports(phase: Phase, host: Changed, file: str, reason: str) -> Step:
    place = f"/etc/exports.d/{PurePosixPath(file).name}"
    return anywhere(phase, host, f"sudo rm -f {shlex.quote(place)} && sudo exportfs -ra", reason)


def _without_rules(phase: Phase, host: Changed, project: str) -> Step:
    script = shlex.quote(f"/usr/local/lib/composegen/firewall-{project}.sh")
    return anywhere(phase, host, f"sudo sh {script} --remove", "its rules stay until they are removed")
