"""Names that must exist: every reference of a topology, read off its declarations, and the hosts of its services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from composegen import limits
from composegen.fields import Ref, Section
from composegen.findings import Basis, Finding, Findings, Location, Part, Severity
from composegen.shapes import Choice, Entries, Many, Plain, Shape, Words, declared
from composegen.shapes import Part as SectionShape
from composegen.suggestion import cut, did_you_mean, one_of
from composegen.topology import Service, Topology
from composegen.wording import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from composegen.keypath import KeyPath

Unsure = Callable[[str, str], bool]
"""Tells of a section and a name whether there may be such an entry although the topology has none."""

_NOUNS = {"hosts": "host", "stores": "store", "services": "service", "apps": "app"}


def _never(_section: str, _name: str) -> bool:
    return False


class _Known(Struct, frozen=True, kw_only=True):
    """What there is to refer to."""

    topology: Topology
    may_exist: Unsure

    def has(self, section: str, name: str) -> bool:
        return name in getattr(self.topology, section) or self.may_exist(section, name)


def check(topology: Topology, may_exist: Unsure = _never) -> Findings:
    """A finding for each name that nothing bears, and for each service that runs nowhere.

    What a service takes from `defaults` is said once, of `defaults`.
    """
    known = _Known(topology=topology, may_exist=may_exist)
    return limits.first(
        chain(
            _dangling(topology, known),
            _unmet_needs(known),
            (_nowhere(service) for service in topology.services.values() if not service.hosts),
        )
    )


def _dangling(section: Section, known: _Known) -> Iterator[Finding]:
    """The references in a section and below it that lead nowhere."""
    for field in declared(type(section)):
        value = getattr(section, field.name)
        if isinstance(section, Service):
            value = _own(value, getattr(known.topology.defaults, field.name))
        if value is not None:
            yield from _in_value(field.shape, value, section.at(field.name), known)


def _own(value: Any, default: Any) -> Any:
    """What a service has not from `defaults`; None when that is nothing."""
    if value == default:
        return None
    if isinstance(value, Mapping) and isinstance(default, Mapping):
        return {key: one for key, one in value.items() if key not in default}
    return value


def _in_value(shape: Shape, value: Any, path: KeyPath, known: _Known) -> Iterator[Finding]:
    match shape:
        case Plain(marks=marks):
            yield from _named(marks, value, path, "value", known)
        case SectionShape():
            yield from _dangling(value, known)
        case Many(item=item):
            for index, one in enumerate(value):
                yield from _in_value(item, one, (*path, index), known)
        case Entries(key=key, value=inner):
            for name, one in value.items():
                yield from _named(key.marks, name, (*path, name), "key", known)
                yield from _in_value(inner, one, (*path, name), known)
        case Choice(shapes=shapes):
            yield from _in_choice(shapes, value, path, known)


def _in_choice(shapes: Iterable[Shape], value: Any, path: KeyPath, known: _Known) -> Iterator[Finding]:
    """The branch that the value belongs to; a word that stands for itself is no reference."""
    if any(isinstance(shape, Words) and value in shape.words for shape in shapes):
        return
    for shape in shapes:
        match shape, value:
            case (SectionShape(), Section()) | (Plain(), str()):
                yield from _in_value(shape, value, path, known)
                return


def _named(marks: Iterable[Any], name: Any, path: KeyPath, part: Part, known: _Known) -> Iterator[Finding]:
    for mark in marks:
        if isinstance(mark, Ref) and not known.has(mark.section, name):
            names = getattr(known.topology, mark.section)
            yield _unknown(f"{_NOUNS[mark.section]} `{cut(name)}`", name, path, part, names)


def _unmet_needs(known: _Known) -> Iterator[Finding]:
    """Needs of apps, which name a service or another app."""
    names = {**known.topology.services, **known.topology.apps}
    for app in known.topology.apps.values():
        for need in app.needs:
            if not known.has("services", need.service) and not known.has("apps", need.service):
                what = f"service or app `{cut(need.service)}`"
                yield _unknown(what, need.service, need.at("service"), "value", names)


def _unknown(what: str, name: str, path: KeyPath, part: Part, known: Iterable[str]) -> Finding:
    names = sorted(known)
    return Finding(
        code="CG106",
        slug="unknown-reference",
        severity=Severity.ERROR,
        message=f"there is no {what}, which {place(_whole(path))} names",
        where=Location(path=path, part=part),
        expected=one_of(names) if names else "a name that is declared; none is",
        hint=did_you_mean(name, names),
        basis=Basis.PLACES,
    )


def _whole(path: KeyPath) -> KeyPath:
    """What a reference belongs to: the entry of a section, or the section."""
    return path[:2] if path[0] in _NOUNS else path[:1]


def _nowhere(service: Service) -> Finding:
    return Finding(
        code="CG107",
        slug="no-placement",
        severity=Severity.ERROR,
        message=f"service `{service.name}` runs on no host",
        where=Location(path=service.at(), part="key"),
        expected="`hosts`: at least one host",
        hint="for example `hosts: {NAME: 1}`",
        basis=Basis.ENTRIES,
    )
