"""The table of a review, for every view that has one: rows of services and files, shared by hosts of one fate.

Services of a host to which the same happens share a row too, and so do files of one folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from composegen.changes import Action
from composegen.impact.model import Effect, Impact, Review
from composegen.impact.wording import in_words
from composegen.report.review import About, hosts_in_words

_COMPOSE = "compose.yaml"
_DULL = frozenset({"new", "gone", "changed"})
_MOST = 5
"""Differences of a service that are told one by one."""


class Told(Struct, frozen=True, kw_only=True):
    """Something that is said, and the place of the topology from which it comes ("" for none)."""

    summary: str
    place: str


class Row(Struct, frozen=True, kw_only=True):
    """What happens to one or several subjects; `more` is what else differs, each with its own place."""

    file: str
    sign: str
    subject: str
    effect: Effect
    summary: str
    place: str
    more: tuple[Told, ...] = ()


class Block(Struct, frozen=True, kw_only=True):
    """The rows of one host, or of several to which the same happens; the places are those of the first one."""

    hosts: str
    rows: tuple[Row, ...]


def blocks(review: Review, about: About) -> tuple[Block, ...]:
    """The whole table. Hosts to which the same happens, if for different lines of the topology, stand together."""
    found: dict[tuple[Row, ...], tuple[list[str], tuple[Row, ...]]] = {}
    for host, group in groupby(review.impacts, key=lambda impact: impact.host):
        impacts = tuple(group)
        rows = (_gone(impacts, about),) if host in review.removed else tuple(_of_host(impacts, about))
        found.setdefault(tuple(map(_placeless, rows)), ([], rows))[0].append(host)
    return tuple(Block(hosts=hosts_in_words(hosts), rows=rows) for hosts, rows in found.values())


def _placeless(row: Row) -> Row:
    return replace(row, place="", more=tuple(replace(one, place="") for one in row.more))


def _of_host(impacts: Sequence[Impact], about: About) -> Iterator[Row]:
    """The rows of one host; services to which the same happens share one, and so do files."""
    same: dict[tuple[object, ...], list[Impact]] = {}
    for one in impacts:
        if one.subject and one.file.name != _COMPOSE and _is_told(one, impacts):
            continue
        same.setdefault((one.effect, about.place(one), *_alike(one), *_differing(one, about)), []).append(one)
    for group in same.values():
        yield _row(group, about)


def _alike(one: Impact) -> tuple[object, ...]:
    """What else must be the same in lines that become one."""
    if one.effect is Effect.CREATE:
        return one.action, one.file
    if one.effect is Effect.HOST_ACTION:
        return (one.file.parent,)
    if one.subject or one.effect is Effect.HOT_RELOAD:
        return one.action, one.file, one.summary
    return (one.summary,)


def _differing(one: Impact, about: About) -> tuple[Told, ...]:
    """What differs in a service that stays, one by one; nothing where one sentence says it all."""
    if not one.subject or one.file.name != _COMPOSE or one.effect is Effect.CREATE:
        return ()
    return tuple(Told(summary=part.summary, place=about.place(part)) for part in one.differences if part.summary)


def _is_told(one: Impact, impacts: Sequence[Impact]) -> bool:
    """Whether the line of the service says already what happens because of a file that it mounts."""
    return any(
        other.subject == one.subject and other.effect is one.effect and other.file.name == _COMPOSE for other in impacts
    )


def _row(group: Sequence[Impact], about: About) -> Row:
    first = group[0]
    files = list(dict.fromkeys(_in_words(one) for one in group))
    actions = {one.action for one in group}
    told = _differing(first, about)
    if first.why or not told:
        told = (Told(summary=first.why or _said(group), place=about.place(first)), *told)
    more = told[1:_MOST]
    if len(told) > _MOST:
        more = (*more, Told(summary=f"and {len(told) - _MOST} more: --patch shows all", place=""))
    return Row(
        file=files[0] if len(files) == 1 else _several(files),
        sign=(first.action if len(actions) == 1 else Action.UPDATE).value,
        subject=in_words([one.subject for one in group if one.subject]),
        effect=first.effect,
        summary=told[0].summary,
        place=told[0].place,
        more=more,
    )


def _in_words(one: Impact) -> str:
    """The file as it is called on its host; of Traefik's dynamic ones the folder's name is enough."""
    name = "/".join(one.file.parts[1:]) if one.host else str(one.file)
    return name.removeprefix("traefik/") if name.startswith("traefik/dynamic/") else name


def _said(group: Sequence[Impact]) -> str:
    """What the lines of a group say, each thing once; of ports in a row the first and the last."""
    said = list(dict.fromkeys(one.summary for one in group if one.summary))
    ports = [int(one.removeprefix("port ")) for one in said if re.fullmatch(r"port \d+", one)]
    if len(ports) == len(said) > 1 and ports == list(range(ports[0], ports[0] + len(ports))):
        return f"port {ports[0]} to {ports[-1]}"
    telling = [words for words in said if words not in _DULL] or (["changed"] if len(said) > 1 else said)
    return ", ".join(telling[:2]) + (f" and {len(telling) - 2} more" if len(telling) > 2 else "")  # noqa: PLR2004


def _several(files: Sequence[str]) -> str:
    """`nfs/ (3 files)` for those of one folder, else the first one and how many more."""
    folders = list(dict.fromkeys(file.partition("/")[0] for file in files if "/" in file))
    if len(folders) in (1, 2) and all("/" in file for file in files):
        return f"{', '.join(f'{folder}/' for folder in folders)} ({len(files)} files)"
    return f"{files[0]} and {len(files) - 1} more"


def _gone(impacts: Sequence[Impact], about: About) -> Row:
    """The one row of a host that goes."""
    names = in_words([one.subject for one in impacts if one.subject and one.effect is Effect.REMOVE])
    return Row(
        file="all its files",
        sign=Action.DELETE.value,
        subject="whole host",
        effect=Effect.REMOVE,
        summary=names,
        place=about.place(impacts[0]),
    )
