"""From the bytes of a topology to plain data that knows where each of its keys and values stands.

`events` turns text into nodes, `scalars` says what a plain scalar means, `nodes` expands aliases; no tag ever makes an
object. Whatever is in the bytes becomes findings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from composegen import events, mergekeys, nodes
from composegen.findings import Finding, Findings, Location, Severity, Span
from composegen.limits import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from composegen.keypath import KeyPath

INHERITED = {"services": "defaults"}
"""Entries of the section on the left take what they do not state from the section on the right."""

_LINE_BREAK = re.compile("\r\n|\r|\n")
_BAD_ASCII = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BAD = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_BYTE_ORDER_MARK = "\ufeff"
_MOST_SHOWN = 20


class Document(Struct, frozen=True, kw_only=True):
    """A topology as plain data (dict, list, str, int, float, bool, None) with tables by key path.

    `texts` holds the source text of each plain (unquoted) scalar. `unknown` are the places whose value could not be
    told; a finding says why, and no other finding may arise from them.
    """

    name: str
    data: Any
    keys: Mapping[KeyPath, Span]
    values: Mapping[KeyPath, Span]
    texts: Mapping[KeyPath, str] = field(default_factory=dict)
    unknown: frozenset[KeyPath] = frozenset()
    lines: tuple[str, ...] = ()

    def locate(self, location: Location) -> Span:
        """Where a symbolic place stands: the node itself, or the nearest one around it.

        What a service takes from `defaults` stands there.
        """
        if location.span is not None:
            return location.span
        path = self._written(location.path)
        if location.part == "key" and path == location.path:
            return self._key(path)
        return self.values[path]

    def line(self, number: int) -> str:
        """Line `number`, from 1, without its line break; "" past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def _key(self, path: KeyPath) -> Span:
        """The key of a node; of a list item its value, and of the topology its first key."""
        if path == () and isinstance(self.data, dict) and self.data:
            return self.keys[(next(iter(self.data)),)]
        return self.keys.get(path, self.values[path])

    def _written(self, path: KeyPath) -> KeyPath:
        """The part of a path that is written, in its own place or in the section that it inherits from."""
        own = self._existing(path)
        match path:
            case (str(section), _, *rest) if section in INHERITED and len(own) >= _ENTRY:
                inherited = self._existing((INHERITED[section], *rest))
                return inherited if len(inherited) > len(own) - 1 else own
        return own

    def _existing(self, path: KeyPath) -> KeyPath:
        while path not in self.values:
            path = path[:-1]
        return path


_ENTRY = 2


def parse(name: str, data: bytes, foreign: str = "") -> tuple[Document | None, Findings]:
    """Read a topology; `name` is what findings call it. None when there is nothing to go on with.

    `foreign`: what the file is where it is none of ours (`Compose file`); merge keys are followed there.
    """
    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024**2} MiB, so it is no {foreign or 'topology'}"
        return None, (_not_text(message, nodes.START),)
    try:
        text = data.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        return None, (_not_utf8(data, error),)
    if findings := _bad_characters(text):
        return None, findings
    return _read(name, text, foreign)


def _read(name: str, text: str, foreign: str) -> tuple[Document | None, Findings]:
    lines = tuple(_LINE_BREAK.split(text))
    root, findings = events.compose(text, lines, foreign)
    if root is None:
        return None, findings
    if isinstance(root, nodes.ScalarNode) and root.value is None:
        return None, (*findings, _empty(foreign))
    if foreign:
        findings = (*findings, *mergekeys.follow(root))
    return _document(name, lines, nodes.expand(root)), findings


def _document(name: str, lines: tuple[str, ...], expansion: nodes.Expansion) -> Document:
    return Document(
        name=name,
        data=expansion.data,
        keys=expansion.keys,
        values=expansion.values,
        texts=expansion.texts,
        unknown=frozenset(expansion.unknown),
        lines=lines,
    )


def _bad_characters(text: str) -> Findings:
    """A finding for each of the first characters that no YAML text may hold, or that nobody sees."""
    found = []
    for match in _bad_expression(text).finditer(text):
        place = _place(text[: match.start()])
        number = ord(match[0])
        kind = "NUL byte" if number == 0 else "control character" if number < _SPACE else "invisible character"
        found.append(_not_text(f"{kind} U+{number:04X} in the text", place, hint="remove it, or write it as an escape"))
        if len(found) == _MOST_SHOWN:
            break
    return tuple(found)


_SPACE = 0x20


def _bad_expression(text: str) -> re.Pattern[str]:
    """What finds bad characters in a text; most texts are ASCII, and the general pattern takes long to compile."""
    return _BAD_ASCII if text.isascii() else re.compile(_BAD)


def _not_utf8(data: bytes, error: UnicodeDecodeError) -> Finding:
    before = data[: error.start].decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return _not_text(
        f"byte 0x{data[error.start]:02x} is not UTF-8",
        _place(before),
        hint="the file looks like UTF-16: save it as UTF-8" if wide else "save the file as UTF-8",
    )


def _place(before: str) -> Span:
    """The one character after a text."""
    lines = _LINE_BREAK.split(before)
    line, column = len(lines), len(lines[-1]) + 1
    return Span(line=line, column=column, end_line=line, end_column=column + 1)


def _not_text(message: str, span: Span, hint: str = "") -> Finding:
    return Finding(
        code="CG003",
        slug="not-text",
        severity=Severity.ERROR,
        message=message,
        where=Location(span=span),
        expected="YAML in UTF-8",
        hint=hint,
    )


def _empty(foreign: str) -> Finding:
    return Finding(
        code="CG009",
        slug="empty-file",
        severity=Severity.ERROR,
        message=f"there is no {foreign or 'topology'} in this file: it is empty",
        where=Location(span=nodes.START),
        expected="" if foreign else "at least `name`, `hosts` and `services`",
        hint="" if foreign else "write a first one with: composegen init",
    )
