"""What may be said of a topology with faults: what stays true however these are mended.

A misspelt key may be any key that is not stated beside it, an entry with a wrong name may be any entry, and what is
faulty may become anything. A finding that could vanish by mending something else comes late rather than wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from composegen.findings import Basis, Finding, Location, Severity
from composegen.inheritance import DEFAULTS, SERVICES

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.keypath import KeyPath

_SECTIONS = ("hosts", "stores", SERVICES, "apps")
_RULES = "rules"
_UNKNOWN_RULE = "CG108"


class Doubts(Struct, frozen=True, kw_only=True, dict=True):
    """What is doubtful in a document; paths are those of the document."""

    original: Document
    data: Mapping[str, Any] = field(default_factory=dict)
    """What is left of it."""
    cut: AbstractSet[KeyPath] = frozenset()
    """What was taken out or has a stand-in."""
    open: AbstractSet[KeyPath] = frozenset()
    """Mappings with a key that nobody knows: it may be any key that is not stated there."""
    nameless: AbstractSet[KeyPath] = frozenset()
    """Mappings with an entry whose name is none."""
    names: AbstractSet[str] = frozenset()
    """Names in what was taken out: something may have them."""
    misnamed: bool = False
    """Whether a severity is chosen for what is no rule, so that it may be meant for any."""

    def with_more(
        self,
        *,
        data: Mapping[str, Any],
        cut: AbstractSet[KeyPath],
        open: AbstractSet[KeyPath],  # noqa: A002 - the word of the field
        nameless: AbstractSet[KeyPath],
        names: AbstractSet[str],
    ) -> Doubts:
        """These and more."""
        return replace(
            self,
            data=data,
            cut=self.cut | cut,
            open=self.open | open,
            nameless=self.nameless | nameless,
            names=self.names | names,
        )

    def may_exist(self, section: str, name: str) -> bool:
        """Whether there may be an entry of that name once everything is mended."""
        lost = (section,) in self.cut or (section,) in self.nameless or not self._is_certain(section)
        return lost or name in self.names

    def left(self, finding: Finding) -> Finding | None:
        """What is true of a finding about the data that is left: all, less, or nothing.

        What draws on several entries may have advice that draws on all, so this is left out.
        """
        if not self._stands(finding) or not (finding.severity is Severity.ERROR or self._is_as_grave(finding)):
            return None
        return replace(finding, hint="") if finding.basis is Basis.NAMED else finding

    def with_choices(self, findings: tuple[Finding, ...]) -> Doubts:
        """These, and whether the severities are certain that the topology chooses; the findings are about those."""
        return replace(self, misnamed=any(finding.code == _UNKNOWN_RULE for finding in findings))

    def _is_as_grave(self, finding: Finding) -> bool:
        """Whether nothing that is doubtful can change the severity of a finding that is no error."""
        if self.misnamed or (_RULES,) in self.nameless or not self._is_certain(_RULES):
            return False
        return not {(_RULES,), (_RULES, finding.slug)} & self.cut

    def _stands(self, finding: Finding) -> bool:
        paths = [place.path for place in _places(finding)]
        match finding.basis:
            case Basis.PLACES:
                return all(map(self._is_sound, paths))
            case Basis.ENTRIES:
                return all(self._is_clear(_entry(path)) for path in paths)
            case Basis.NAMED:
                return all(map(self._is_clear, self._named({_entry(path) for path in paths})))
        return not self._around

    @cached_property
    def _around(self) -> AbstractSet[KeyPath]:
        """Every doubtful place and all that is above; severities make no finding come or go, see `left`."""
        paths = (path for path in (*self.cut, *self.open, *self.nameless) if path[:1] != (_RULES,))
        return {path[:length] for path in paths for length in range(len(path) + 1)}

    @cached_property
    def _astray(self) -> AbstractSet[str | int]:
        """The last keys of doubtful places."""
        return {path[-1] for path in self._around if path}

    @cached_property
    def _above_cut(self) -> AbstractSet[KeyPath]:
        return {path[:length] for path in self.cut for length in range(len(path) + 1)}

    def _is_in_cut(self, path: KeyPath) -> bool:
        return any(path[:length] in self.cut for length in range(len(path) + 1))

    def _is_certain(self, section: str) -> bool:
        """Whether a section is there, or is known to be left out: not misspelt, and not indented into another."""
        return section in self.original.data or (() not in self.open and section not in self._astray)

    def _is_sound(self, path: KeyPath) -> bool:
        """Whether a node stands as it is; one that is not written stands when nothing is doubtful around it."""
        if path[:1] == ("gateway",):
            return self._is_clear(path[:1])  # what one of its settings means hangs on the others
        if path not in self.original.values and isinstance(_at(self.original.data, path[:-1]), str | int | float):
            path = path[:-1]  # a short form
        if path[:1] == (DEFAULTS,):
            return self._is_written(path) and any(self._takes(name, path) for name in self.data[SERVICES])
        if path in self.original.values:
            return self._is_written(path)
        inherited = (DEFAULTS, *path[2:]) if path[:1] == (SERVICES,) else ()
        if inherited in self.original.values and len(inherited) > 1:
            return self._is_written(inherited) and self._takes(str(path[1]), inherited)
        return self._is_clear(_entry(path))

    def _is_written(self, path: KeyPath) -> bool:
        return path not in self._above_cut and not self._is_in_cut(path)

    def _takes(self, service: str, path: KeyPath) -> bool:
        """Whether a service certainly takes from `defaults` what stands there."""
        own = (SERVICES, service, path[1])
        stated = _at(self.original.data, own[:2])
        if not isinstance(stated, dict) or own[:2] in self.open or self._is_in_cut(own):
            return False
        below = stated.get(str(path[1]))
        merged = isinstance(below, dict) and len(path) > len(own) - 1 and path[2] not in below
        return path[1] not in stated or (merged and own not in self._around)

    def _names_in(self, section: str) -> AbstractSet[str]:
        """The names of entries, also of those that were taken out."""
        stated = self.original.data.get(section)
        return stated.keys() if isinstance(stated, dict) else frozenset()

    def _is_clear(self, entry: KeyPath) -> bool:
        """Whether nothing is doubtful in an entry, nor in what it takes from `defaults`."""
        if not entry or entry in self._around or self._is_in_cut(entry):
            return False
        match entry:
            case ("services", _):
                return (DEFAULTS,) not in self._around and self._is_certain(DEFAULTS)
            case ("defaults",):
                return (SERVICES,) not in self._around
        return True

    def _named(self, entries: AbstractSet[KeyPath]) -> AbstractSet[KeyPath]:
        """Entries with all that they name, and what these name; whatever has the text of a name counts as one."""
        found: set[KeyPath] = set()
        waiting = set(entries)
        while waiting:
            entry = waiting.pop()
            found.add(entry)
            waiting |= set(self._named_by(entry)) - found
        return found

    def _named_by(self, entry: KeyPath) -> Iterator[KeyPath]:
        stated = _at(self.data, entry) or {}
        texts = {*_texts(stated), *(_texts(self.data.get(DEFAULTS)) if entry[:1] == (SERVICES,) else ())}
        if entry == ("gateway",) and "routes" not in stated:
            texts |= self._names_in(SERVICES)
        for section in _SECTIONS:
            yield from ((section, name) for name in texts & self._names_in(section))


def _places(finding: Finding) -> tuple[Location, ...]:
    """Where a finding points to in the topology."""
    return tuple(place for place in (finding.where, *finding.related) if place.file is None)


def _entry(path: KeyPath) -> KeyPath:
    return path[:2] if path[:1] and path[0] in _SECTIONS else path[:1]


def _at(data: Any, path: KeyPath) -> Any:
    for step in path:
        match data, step:
            case (dict(), _):
                data = data.get(step)
            case (list(), int()) if step < len(data):
                data = data[step]
            case _:
                return None
    return data


def _texts(value: Any) -> Iterator[str]:
    """Every key and every text in a value."""
    match value:
        case dict():
            for key, one in value.items():
                yield key
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
        case str():
            yield value
