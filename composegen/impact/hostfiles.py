"""The files that are for the hosts themselves, NFS and firewall: whether a change of one means anything, and what."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from composegen.artifacts import Entry
from composegen.changes import Action
from composegen.findings import Location
from composegen.impact import causes
from composegen.impact.causes import Cause
from composegen.impact.changed import Changed, Pair
from composegen.impact.model import Effect, Impact
from composegen.plan import Plan

NFS = "nfs/"
FIREWALL = "firewall/"
FSTAB = "nfs/fstab"
SETUP: Mapping[str, str] = {NFS: "nfs/setup.sh", FIREWALL: "firewall/setup.sh"}
"""The script that applies the files of a folder."""

_SHOWN = 3
_REMOUNTED = frozenset({"ro", "rw", "acdirmin=3", "acdirmax=10", "lookupcache=positive"})
"""In what readers and writers differ; `setup.sh` remounts for the first two, the others follow at the next boot."""


def impacts(host: Changed, plan: Plan | None) -> Iterator[Impact]:
    """One for each of these files that changes."""
    for file, pair in host.files.items():
        kind = next((one for one in SETUP if file.startswith(one)), None)
        if kind is None or pair.action is Action.KEEP:
            continue
        means = means_something(pair)
        named = causes.of_name(host)
        cause = named or (_of_nfs(host, plan) if kind == NFS else causes.of_reach(host, plan))
        yield Impact(
            host=host.name,
            file=host.path(file),
            action=pair.action,
            effect=Effect.HOST_ACTION if means else Effect.NONE,
            summary="another name" if named and means else _summary(file, pair) if means else pair.nothing,
            cause=cause.at if cause and means else None,
            by_older=cause.older if cause else False,
        )


def _of_nfs(host: Changed, plan: Plan | None) -> Cause | None:
    """A host that comes or goes, where the files speak of nothing else that is new; else the store."""
    if host.is_new and host.plan is not None and host.plan.instances and not host.plan.exports:
        return causes.of_clients(plan, [host.plan.spec.address])
    pairs = [pair for file, pair in host.files.items() if file.endswith(".exports") and pair.before is not None]
    differing = [_new_and_gone(pair) for pair in pairs]
    new, gone = [word for words, _ in differing for word in words], [word for _, words in differing for word in words]
    mounts = host.plan is not None and bool(host.plan.nfs_mounts)  # another host has the store now
    if gone and not new and not mounts and host.plan is not None and host.plan.instances and host.old_plan is None:
        return Cause(at=Location(path=host.plan.instances[0].service.at("hosts"), part="key"))
    return causes.of_clients(plan, new) or causes.of_store(host)


def means_something(pair: Pair) -> bool:
    """Whether more differs than comments, blank lines and what the host is called."""
    if pair.before is not None and pair.after is not None and pair.before.data == pair.after.data:
        return False
    return _lines(pair.before) != _lines(pair.after)


def mount_points(entry: Entry | None) -> Mapping[str, tuple[str, ...]]:
    """The lines of an fstab by their folder; whether it is read-only is left out, as that is a matter of remounting."""
    found = {}
    for line in _lines(entry):
        source, folder, *rest = line.split()
        options = set(rest[1].split(",")) - _REMOUNTED if len(rest) > 1 else set()
        found[_unescaped(folder)] = (source, *sorted(options))
    return found


def _unescaped(word: str) -> str:
    return posixpath.normpath(word.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))


def _lines(entry: Entry | None) -> list[str]:
    """The lines that mean something; what a host is called does not."""
    text = entry.data.decode(errors="replace") if entry is not None else ""
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "host="))]


def _summary(file: str, pair: Pair) -> str:
    """What an exports file or an fstab gains and loses; of scripts only that they changed."""
    if not file.endswith((".exports", "fstab")):
        return {Action.CREATE: "new", Action.DELETE: "gone"}.get(pair.action, "changed")
    new, gone = _new_and_gone(pair)
    said = [*(f"+{word}" for word in new), *(f"-{word}" for word in gone)] or ["changed"]
    return " ".join(said[:_SHOWN]) + (f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else "")


def _new_and_gone(pair: Pair) -> tuple[list[str], list[str]]:
    """What an exports file or an fstab says only afterwards, and what only before."""
    before, after = _words(pair.before), _words(pair.after)
    return [word for word in after if word not in before], [word for word in before if word not in after]


def _mount(source: str, folder: str) -> str:
    return source if source.endswith(f":{folder}") else f"{source} on {folder}"


def _words(entry: Entry | None) -> list[str]:
    """The folder and clients of an export, or what is mounted where, without the options."""
    lines = [line.split() for line in _lines(entry)]
    words = [[_mount(line[0], line[1])] if line[2:3] == ["nfs"] else line for line in lines]
    return [word.partition("(")[0] for line in words for word in line]
