"""The answer to "what happens when these files are rolled out?", as one value: a `Review`.

Every view of a plan (text, JSON, Markdown, pictures) reads this and decides nothing. No value that is to be kept secret
is ever in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import PurePosixPath
from typing import Final, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from composegen.changes import Action
from composegen.findings import Location
from composegen.keypath import KeyPath


class Effect(Enum):
    """What happens to what runs when `docker compose up -d` is run with the new files; the value is the word for it.

    The gravest comes first.
    """

    REMOVE = "remove"
    """The container ends and goes."""
    RECREATE = "recreate"
    """The container is replaced by a new one."""
    CREATE = "create"
    """A container that was not there is started."""
    RESTART = "restart"
    """The same container stops and starts; where `up` does not see to it, `Review.actions` has the command."""
    HOST_ACTION = "host action"
    """Something must be done on the host itself; `Review.actions` says which commands."""
    HOT_RELOAD = "hot reload"
    """The running program takes the file up at once."""
    NONE = "no effect"
    """Nothing that runs is touched."""


class Absent(Enum):
    """The missing side of a difference."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class Hidden(Enum):
    """A value that nobody may be shown."""

    HIDDEN = "<not shown>"


HIDDEN: Final = Hidden.HIDDEN


class Difference(Struct, frozen=True, kw_only=True):
    """One place of a file in which the two sides differ: plain data, or ABSENT where one side has nothing there.

    Where `sensitive`, both sides are HIDDEN or ABSENT: the values themselves are not kept.
    """

    path: KeyPath
    before: object
    after: object
    sensitive: bool = False
    summary: str = ""
    """In a few words: `image 0.31.0 -> 0.32.15`; "" where another difference says it already."""
    cause: Location | None = None
    """The node of the topology; None when it is not known which."""
    by_older: bool = False
    """Whether `cause` is a place in the topology as it was."""


class Impact(Struct, frozen=True, kw_only=True):
    """What the change of one file means for one subject: a service in it, or (subject "") the whole file."""

    host: str
    """Name of the host; "" for files of the whole set-up (README.md, verify.sh, rollout.sh)."""
    file: PurePosixPath
    """Relative to the output folder."""
    action: Action
    """Whether the subject is new, gone, or else changed, if only by what it uses; never KEEP."""
    effect: Effect
    subject: str = ""
    differences: tuple[Difference, ...] = ()
    summary: str = ""
    """In a few words: `image 0.31.0 -> 0.32.15`, `port 11437`, `+1 server (weight 2)`."""
    why: str = ""
    """Why something happens that no difference of its own explains: `volume data is made anew`."""
    cause: Location | None = None
    """The node of the topology; None when nothing in it is the reason."""
    by_older: bool = False
    """Whether `cause` is a place in the topology as it was: what it says is no longer in the new one."""


class When(Enum):
    """When a command is to be run."""

    BEFORE_FILES = "before the new files are brought there"
    BEFORE_UP = "with the new files, before `docker compose up`"
    AFTER_UP = "after `docker compose up`"


class HostAction(Struct, frozen=True, kw_only=True):
    """A command on a host, and why; `Review.actions` has them in the order in which they are to be run."""

    host: str
    command: str
    reason: str
    when: When = When.BEFORE_UP


class Risk(Struct, frozen=True, kw_only=True):
    """Data in danger, or left behind: a store that moves, a volume that nothing uses any more. Or what users need."""

    host: str
    message: str
    cause: Location | None = None
    command: str = ""
    """The end of the message, where that is a command."""
    grave: bool = True
    """Whether models or data of the user's are concerned; else it is only a thing to clean up, bring along or tell."""


class Capacity(Struct, frozen=True, kw_only=True):
    """How many instances of a service go on serving while the others are replaced, rolled one at a time.

    `total` counts the instances that run before. `at_once`: how many serve when all hosts are brought up together.
    `afterwards`: how many there are in the end. `how`: in words, what `serving` rests on, "" for nothing.
    `hosts`: where instances are replaced, or go.
    """

    service: str
    serving: int
    total: int
    at_once: int
    afterwards: int
    how: str
    hosts: frozenset[str]


class Rename(Struct, frozen=True, kw_only=True):
    """A host, or a service of a host, that has another name now. `host` is "" where a host itself was renamed."""

    host: str
    before: str
    after: str


class Review(Struct, frozen=True, kw_only=True):
    """Everything that is to be said of a change before it is rolled out."""

    impacts: tuple[Impact, ...] = ()
    """By host, then file, then subject."""
    actions: tuple[HostAction, ...] = ()
    risks: tuple[Risk, ...] = ()
    capacities: tuple[Capacity, ...] = ()
    renames: tuple[Rename, ...] = ()
    edited: Mapping[PurePosixPath, int] = field(default_factory=dict)
    """Files that were edited by hand since the last render, and in how many lines they differ from the planned ones."""
    foreign: tuple[PurePosixPath, ...] = ()
    """Files in the way that composegen did not write."""
    unchanged: int = 0
    """Services that go on as they are."""
    unchanged_on: Mapping[str, int] = field(default_factory=dict)
    """The same, by host."""
    added: tuple[str, ...] = ()
    """Hosts that get files for the first time."""
    removed: tuple[str, ...] = ()
    """Hosts that no longer have any."""

    def count(self, effect: Effect) -> int:
        """How many subjects meet this effect: a service counts once, whatever files of its host say so."""
        met = (impact for impact in self.impacts if impact.effect is effect)
        return len({(impact.host, impact.subject or impact.file) for impact in met})

    @property
    def counts(self) -> Mapping[Effect, int]:
        """How often each effect occurs, without those that do not, in the order of `Effect`."""
        return {effect: count for effect in Effect if (count := self.count(effect))}

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that are concerned, in order."""
        return tuple(dict.fromkeys(impact.host for impact in self.impacts))

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes at all."""
        return not self.impacts

    def of_host(self, host: str) -> Review:
        """The same, but only what concerns one host."""
        return replace(
            self,
            impacts=_of(self.impacts, host),
            actions=_of(self.actions, host),
            risks=_of(self.risks, host),
            unchanged=self.unchanged_on.get(host, 0),
            capacities=tuple(one for one in self.capacities if host in one.hosts),
            renames=tuple(one for one in self.renames if host in {one.host, one.before, one.after}),
            edited={path: lines for path, lines in self.edited.items() if path.parts[0] == host},
            foreign=tuple(path for path in self.foreign if path.parts[0] == host),
            added=tuple(name for name in self.added if name == host),
            removed=tuple(name for name in self.removed if name == host),
        )


Concerned = TypeVar("Concerned", Impact, HostAction, Risk)


def _of(items: Iterable[Concerned], host: str) -> tuple[Concerned, ...]:
    return tuple(item for item in items if item.host == host)
