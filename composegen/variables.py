"""`${NAME}` and `${NAME:-default}` in the values of a topology, for the names that it lists under `variables:`.

`$${` is a literal `${`; every other `$` is itself. Keys are never touched, and neither is what stands below the user's
own `x-` keys of a section; under `compose:` an `x-` key is Compose's, and what is below it is replaced as everywhere.
What a variable brings in is not read again.
The environment is passed in; this module asks no system for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from composegen.findings import Finding, Findings, Location, Severity, Span
from composegen.limits import MAX_FINDINGS, first
from composegen.scalars import resolve
from composegen.shapes import FREE, is_free, scalar_kinds
from composegen.suggestion import cut, did_you_mean
from composegen.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from composegen.document import Document
    from composegen.keypath import KeyPath

SECTION = "variables"
"""The list of names; a reference there would name itself."""

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}\n]*)(\}?)")
_INSIDE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


def substitute(document: Document, environment: Mapping[str, str]) -> tuple[Document, Findings]:
    """The document with every reference replaced, and a finding for each that cannot be.

    A plain scalar that is nothing but one reference is read again as a plain scalar, so `port: ${PORT}` is a number;
    with an empty value it is empty text. Within braces YAML wants quotes around it, so these make it text only where
    text may stand. A name that is set to nothing takes the default, as in the shell.
    """
    if not isinstance(document.data, dict):
        return document, ()
    work = _Work(document=document, environment=environment, listed=_listed(document.data), texts=dict(document.texts))
    data = {key: work.below(value, (key,)) for key, value in document.data.items()}
    unknown = document.unknown | frozenset(work.unknown)
    return replace(document, data=data, texts=work.texts, unknown=unknown), first(work.findings.values())


def _listed(data: Mapping[str, Any]) -> frozenset[str]:
    names = data.get(SECTION)
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


class _UnknownError(Exception):
    """A reference that cannot be replaced: what is wrong with it, and what to do."""

    def __init__(self, message: str, expected: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.hint = hint


class _Work(Struct, kw_only=True):
    """One run over a document; `findings` are by place and message, as one anchor may stand in many places."""

    document: Document
    environment: Mapping[str, str]
    listed: frozenset[str]
    texts: dict[KeyPath, str]
    unknown: set[KeyPath] = field(default_factory=set)
    findings: dict[tuple[Span, str], Finding] = field(default_factory=dict)

    def below(self, value: Any, path: KeyPath) -> Any:
        """A value with the references below it replaced."""
        if path == (SECTION,) or (str(path[-1]).startswith(FREE) and is_free(Topology, path)):
            return value
        match value:
            case dict():
                return {key: self.below(item, (*path, key)) for key, item in value.items()}
            case list():
                return [self.below(item, (*path, index)) for index, item in enumerate(value)]
            case str() if "${" in value:
                return self._text(value, path)
        return value

    def _text(self, text: str, path: KeyPath) -> Any:
        """A string with its references replaced; as it was when one cannot be."""
        matches = list(_REFERENCE.finditer(text))
        replaced, faults = _each(matches, self._replacement)
        plain = self.texts.pop(path, None)
        if faults:
            self.unknown.add(path)
            self._report(path, matches, faults)
            return text
        result = _joined(text, matches, replaced)
        if not result or not _is_one_reference(text, matches) or (plain is None and _may_be_text(path)):
            return result
        self.texts[path] = result
        return resolve(result)

    def _replacement(self, match: re.Match[str]) -> str:
        """What one reference stands for. Raises _UnknownError."""
        if match[0] == "$${":
            return "${"
        inside = _INSIDE.fullmatch(match[1])
        if not match[2] or inside is None or "${" in (inside[2] or ""):
            raise _malformed(match)
        return self._value(inside[1], inside[2])

    def _value(self, name: str, default: str | None) -> str:
        if name not in self.listed:
            near = did_you_mean(name, self.listed)
            raise _UnknownError(
                f"variable `{cut(name)}` is not listed under `variables:`",
                hint=near or f"list it: `variables: [{cut(name)}]`; for the text itself write `$${{{cut(name)}}}`",
            )
        value = self.environment.get(name)
        if value is not None and not _is_text(value):
            raise _UnknownError(f"the value of variable `{cut(name)}` is not UTF-8", "text")
        if default is not None:
            return value or default
        if value is None:
            raise _UnknownError(
                f"variable `{cut(name)}` has neither a value nor a default",
                expected="a value in the environment or in an env file",
                hint=f"set {cut(name)}, or state a default: `${{{cut(name)}:-...}}`",
            )
        return value

    def _report(self, path: KeyPath, matches: Sequence[re.Match[str]], faults: Mapping[int, _UnknownError]) -> None:
        places = _places(self.document, path, matches)
        for number, fault in faults.items():
            if len(self.findings) > MAX_FINDINGS:
                return
            self.findings.setdefault((places[number], fault.message), _finding(path, places[number], fault))


def _each(
    matches: Sequence[re.Match[str]], replacement: Callable[[re.Match[str]], str]
) -> tuple[list[str], dict[int, _UnknownError]]:
    """The replacements of references, and by number what is wrong with those that have none, up to far too many."""
    found, faults = [], {}
    for number, match in enumerate(matches):
        try:
            found.append(replacement(match))
        except _UnknownError as fault:
            faults[number] = fault
            if len(faults) > MAX_FINDINGS:
                break
    return found, faults


def _finding(path: KeyPath, span: Span, fault: _UnknownError) -> Finding:
    return Finding(
        code="CG008",
        slug="undefined-variable",
        severity=Severity.ERROR,
        message=fault.message,
        where=Location(path=path, span=span),
        expected=fault.expected,
        hint=fault.hint,
    )


def _malformed(match: re.Match[str]) -> _UnknownError:
    expected = "`${NAME}` or `${NAME:-default}`"
    if not match[2]:
        return _UnknownError(f"`{cut(match[0])}` has no closing brace", expected, "for the text itself write `$${`")
    return _UnknownError(f"`{cut(match[0])}` is no variable", expected, "for the text itself write `$${`")


def _joined(text: str, matches: Sequence[re.Match[str]], replaced: Sequence[str]) -> str:
    parts, end = [], 0
    for match, value in zip(matches, replaced, strict=True):
        parts += [text[end : match.start()], value]
        end = match.end()
    return "".join(parts) + text[end:]


def _is_text(value: str) -> bool:
    """Whether the environment gave text; bytes that are none come as halves of characters (PEP 383)."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _is_one_reference(text: str, matches: Sequence[re.Match[str]]) -> bool:
    return len(matches) == 1 and matches[0][0] == text and text != "$${"


def _may_be_text(path: KeyPath) -> bool:
    kinds = scalar_kinds(Topology, path)
    return not kinds or str in kinds


def _places(document: Document, path: KeyPath, matches: Sequence[re.Match[str]]) -> Sequence[Span]:
    """Each reference itself where the source shows it as it is; else the whole value. A reference ends on its line."""
    whole = document.values[path]
    found = [(number, match) for number, text in _source(document, whole) for match in _REFERENCE.finditer(text)]
    if [match[0] for _, match in found] != [match[0] for match in matches]:
        return [whole] * len(matches)
    return [_span(number, match, whole.column if number == whole.line else 1) for number, match in found]


def _span(line: int, match: re.Match[str], first: int) -> Span:
    """The place of a match in a line whose text begins at the column `first`."""
    return Span(line=line, column=first + match.start(), end_line=line, end_column=first + match.end())


def _source(document: Document, span: Span) -> Iterator[tuple[int, str]]:
    """The text of a span by line, with the number of each."""
    for number in range(span.line, span.end_line + 1):
        text = document.line(number)
        end = span.end_column - 1 if number == span.end_line else len(text)
        yield number, text[span.column - 1 if number == span.line else 0 : end]
