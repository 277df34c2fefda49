"""What is sound of a topology with faults: the same data without the faulty parts, so that the later stages can go on.

What is faulty and may be left out is cut; what must be there gets the example of its declaration, so that what names it
still finds it. Both are doubtful from then on, and `doubts` sees to it that nothing is said because of them. A list is
sound as a whole or not at all, so that its items keep their numbers. Nothing here is ever rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from composegen import acceptance, inheritance
from composegen.doubts import Doubts
from composegen.fields import Foreign, NotEmpty, Ref, Section
from composegen.shapes import FREE, Choice, Declared, Entries, Many, Part, Plain, Shape, Words, declared
from composegen.topology import Topology

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.findings import Finding, Findings, Span
    from composegen.keypath import KeyPath

_CUT: Any = object()
"""Stands for a value of which nothing is left."""

_MISSING = "CG101"


def salvage(document: Document, findings: Findings, doubts: Doubts | None = None) -> tuple[Document, Doubts] | None:
    """The document without what the findings complain of, and what is doubtful now; None when nothing is left.

    `doubts`: those that there were already.
    """
    faults = _Faults.of(document, findings)
    work = _Work(faults=faults, nulls=frozenset(inheritance.removals(document.data)))
    data = work.section(Topology, document.data, ()) if isinstance(document.data, dict) else _CUT
    if data is _CUT:
        return None
    data = _without_idle(data, work.nulls - frozenset(inheritance.removals(data)))
    if not acceptance.accepts(inheritance.effective(data)):
        return None
    known = doubts or Doubts(original=document)
    return replace(document, data=data), known.with_more(
        data=data, cut=work.cut, open=work.open, nameless=work.nameless, names=work.names
    )


class _Faults(Struct, frozen=True, kw_only=True):
    """Where the faults are that declarations do not tell, and those that they do tell besides."""

    values: frozenset[KeyPath]
    keys: frozenset[KeyPath]
    around: frozenset[KeyPath]
    """These places and all above, for what is not declared here."""

    @classmethod
    def of(cls, document: Document, findings: Findings) -> _Faults:
        """Those of findings; an alias brings one text to several places, and a finding names one of them."""
        values = _twins((one for one in findings if one.where.part == "value"), document.values)
        keys = _twins((one for one in findings if one.where.part == "key" and one.code != _MISSING), document.keys)
        inside = {one.where.path for one in findings}
        places = (*values, *keys, *inside, *document.unknown)
        return cls(
            values=values | document.unknown,
            keys=keys,
            around=frozenset(path[:length] for path in places for length in range(len(path) + 1)),
        )


def _twins(findings: Iterable[Finding], table: Mapping[KeyPath, Span]) -> frozenset[KeyPath]:
    """The places of findings, and those that stand at the same place of the text."""
    paths = {one.where.path for one in findings}
    spans = {table[path] for path in paths if path in table}
    return frozenset(paths | {path for path, span in table.items() if span in spans}) if paths else frozenset()


class _Work(Struct, frozen=True, kw_only=True):
    """One walk over data and declarations; the sets are what is doubtful, see `Doubts`."""

    faults: _Faults
    nulls: frozenset[KeyPath]
    """Each `null` in a service that takes away something of `defaults`."""
    cut: set[KeyPath] = field(default_factory=set)
    open: set[KeyPath] = field(default_factory=set)
    nameless: set[KeyPath] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def section(self, section: type[Section], value: Mapping[str, Any], path: KeyPath) -> Any:
        """What is sound of a section."""
        fields = {field.name: field for field in declared(section)}
        result: dict[str, Any] = {}
        for key, one in value.items():
            here = (*path, key)
            if here in self.nulls or (key not in fields and key.startswith(FREE)):
                result[key] = one
            elif key not in fields:
                self.open.add(path)
                self._drop(here, one)
            elif (sound := self._value(fields[key].shape, one, here)) is _CUT:
                self._drop(here, one)
            else:
                result[key] = sound
        return self._completed(fields.values(), result, path)

    def _completed(self, fields: Iterable[Declared], result: dict[str, Any], path: KeyPath) -> Any:
        """With an example of each field that must be there and is not."""
        for one in fields:
            here = (*path, one.name)
            if not one.optional and (one.name not in result or here in self.nulls):
                self.cut.add(here)
                example = _example(one.shape, one.example)
                if example is _CUT:
                    return _CUT
                result[one.name] = example
        return result

    def _drop(self, path: KeyPath, value: Any) -> None:
        """Something goes, and the names in it with it."""
        self.cut.add(path)
        self.names.update(_keys({str(path[-1]): value}))

    def _value(self, shape: Shape, value: Any, path: KeyPath) -> Any:
        if path in self.faults.values:
            return _CUT
        match shape:
            case Part(section=section):
                return self._part(section, value, path)
            case Entries():
                return self._entries(shape, value, path) if isinstance(value, dict) else _CUT
            case Choice(shapes=shapes):
                return self._choice(shapes, value, path)
            case Many(item=item) if isinstance(value, list):
                items = [self._value(item, one, (*path, index)) for index, one in enumerate(value)]
                return _CUT if any(one is _CUT for one in items) else items
        return value if acceptance.fits(shape, value) else _CUT

    def _part(self, section: type[Section], value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            return self.section(section, value, path)
        short = next((field for field in declared(section) if field.name == section.SHORT), None)
        if short is None or (*path, short.name) in self.faults.values:
            return _CUT
        return self._value(short.shape, value, path)

    def _choice(self, shapes: Iterable[Shape], value: Any, path: KeyPath) -> Any:
        """What is left of the branch of which most is left."""
        tries = [(replace(self, cut=set(), open=set(), nameless=set(), names=set()), shape) for shape in shapes]
        results = [(work, work._value(shape, value, path)) for work, shape in tries]  # noqa: SLF001 - of this class
        sound = [(len(work.cut), number) for number, (work, result) in enumerate(results) if result is not _CUT]
        if not sound:
            return _CUT
        work, result = results[min(sound)[1]]
        for name in ("cut", "open", "nameless", "names"):
            getattr(self, name).update(getattr(work, name))
        return result

    def _entries(self, shape: Entries, value: Mapping[str, Any], path: KeyPath) -> Any:
        if any(isinstance(mark, Foreign) for mark in shape.marks):
            return self._foreign(value, path)
        result: dict[str, Any] = {}
        for key, one in value.items():
            sound = one if (*path, key) in self.nulls else self._entry(shape, key, one, path)
            if sound is not _CUT:
                result[key] = sound
        must = any(isinstance(mark, NotEmpty) for mark in shape.marks)
        return _CUT if must and not result else result

    def _entry(self, shape: Entries, key: str, value: Any, path: KeyPath) -> Any:
        """One entry; what is faulty as a whole is filled up where that is possible, for what names it."""
        here = (*path, key)
        named = acceptance.may_be_called(shape, key)
        if here in self.faults.keys or not named:
            self.nameless.update(() if named else (path,))
            self._drop(here, value)
            return _CUT
        sound = self._value(shape.value, value, here)
        if sound is not _CUT:
            return sound
        filled = self.section(shape.value.section, {}, here) if isinstance(shape.value, Part) else _CUT
        if filled is _CUT:
            self._drop(here, value)
        self.cut.add(here)
        self.names.update(_keys(value))
        return filled

    def _foreign(self, value: Mapping[str, Any], path: KeyPath) -> dict[str, Any]:
        """Somebody else's language: of each key all or nothing."""
        sound = {key: one for key, one in value.items() if (*path, key) not in self.faults.around}
        for key in value.keys() - sound.keys():
            self.cut.add((*path, key))
        return sound


def _example(shape: Shape, example: Any) -> Any:
    """What may stand in for a value; there is nothing for the name of something else."""
    match shape:
        case Plain(marks=marks) if not any(isinstance(mark, Ref) for mark in marks):
            return example
        case Words() | Many(item=Plain()):
            return example
        case Entries(marks=marks) if any(isinstance(mark, Foreign) for mark in marks):
            return {}
    return _CUT


def _without_idle(value: Any, nulls: frozenset[KeyPath], path: KeyPath = ()) -> Any:
    """The data without each `null` that takes away nothing any more."""
    if not nulls or not isinstance(value, dict):
        return value
    return {key: _without_idle(one, nulls, (*path, key)) for key, one in value.items() if (*path, key) not in nulls}


def _keys(value: Any) -> Iterator[str]:
    """Every key in a value."""
    match value:
        case dict():
            for key, one in value.items():
                yield key
                yield from _keys(one)
        case list():
            for one in value:
                yield from _keys(one)
