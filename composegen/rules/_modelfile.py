"""Modelfiles as Ollama reads them: lines of an instruction and a value; quotes stretch it over lines. Not a rule.

The grammar is that of Ollama's `parser/parser.go`: the case of an instruction does not matter; a comment has a line of
its own; a value that begins with one or three quotes ends with the first line that ends so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from composegen.findings import Span
from composegen.suggestion import cut, nearest

INSTRUCTIONS = (
    *("FROM", "PARAMETER", "TEMPLATE", "SYSTEM", "ADAPTER", "LICENSE", "MESSAGE"),
    *("REQUIRES", "RENDERER", "PARSER", "DRAFT"),
)
_LINE_BREAK = re.compile("\r\n|\r|\n")
_LINE = re.compile(r"[ \t]*(?P<word>[^ \t]+)(?P<rest>.*)")
_BEFORE_VALUE = {"PARAMETER": re.compile(r"[ \t][A-Za-z0-9_]+[ \t]"), "MESSAGE": re.compile(r"[ \t][A-Za-z]+[ \t]")}
"""What stands between these instructions and their value: one space, a name, one space."""
_ROLES = ("system", "user", "assistant")


class Instruction(Struct, frozen=True, kw_only=True):
    """One instruction: its name in capitals, its value without quotes, and where the value stands."""

    name: str
    value: str
    span: Span


class ModelfileError(Exception):
    """What Ollama refuses: what is wrong, what would be right, and where."""

    def __init__(self, message: str, span: Span, *, expected: str, hint: str = "") -> None:
        """`message` is a whole sentence without a full stop."""
        super().__init__(message)
        self.span = span
        self.expected = expected
        self.hint = hint


def text_of(data: bytes) -> str:
    """The text of a Modelfile, as Ollama decodes it: UTF-8, or UTF-16 with a byte order mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions, in order. Raises ModelfileError at the first thing that Ollama refuses, as Ollama does."""
    lines = _LINE_BREAK.split(text)
    number = 1
    while number <= len(lines):
        match = _LINE.match(lines[number - 1])
        if match is None or match["word"].startswith("#"):
            number += 1
            continue
        name, start = _name(match, number)
        last = _last_line(lines, number, start)
        yield Instruction(name=name, value=_value(lines, number, start, last), span=_span(lines, number, start, last))
        number = last + 1


def _name(match: re.Match[str], number: int) -> tuple[str, int]:
    """The instruction of a line, and how many characters stand before its value."""
    name, start = match["word"].upper(), match.end("word") + 1
    span = Span(line=number, column=match.start("word") + 1, end_line=number, end_column=match.end("word") + 1)
    if name not in INSTRUCTIONS:
        raise _unknown(match["word"], span)
    if not match["rest"]:
        raise ModelfileError(f"`{name}` has no value", span, expected=f"a value after `{name}`, on the same line")
    if name in _BEFORE_VALUE:
        inner = _BEFORE_VALUE[name].match(match["rest"])
        if inner is None or (name == "MESSAGE" and inner[0].strip() not in _ROLES):
            what = f"one of {', '.join(_ROLES)}" if name == "MESSAGE" else "a parameter"
            raise ModelfileError(
                f"`{cut(match[0].strip())}` is no {name} that Ollama can read",
                span,
                expected=f"`{name}`, a space, {what}, a space and a value",
            )
        start += inner.end() - 1
    return name, start


def _unknown(word: str, span: Span) -> ModelfileError:
    near = nearest(word, INSTRUCTIONS)
    return ModelfileError(
        f"`{cut(word)}` is no instruction of a Modelfile",
        span,
        expected=f"one of: {', '.join(INSTRUCTIONS)}",
        hint=f"did you mean `{near}`?" if near else 'text of several lines stands between """ and """',
    )


def _last_line(lines: list[str], number: int, start: int) -> int:
    """The number of the line on which a value ends that begins on line `number`."""
    value = lines[number - 1][start:].strip()
    quote = _quote(value)
    if not quote or (len(value) >= 2 * len(quote) and value.endswith(quote)):
        return number
    for later in range(number + 1, len(lines) + 1):
        if lines[later - 1].rstrip().endswith(quote):
            return later
    column = lines[number - 1].index(quote, start) + 1
    raise ModelfileError(
        f"the text that begins with `{quote}` does not end",
        Span(line=number, column=column, end_line=number, end_column=column + len(quote)),
        expected=f"{quote} at the end of a line",
    )


def _value(lines: list[str], number: int, start: int, last: int) -> str:
    value = "\n".join([lines[number - 1][start:], *lines[number:last]]).strip()
    quote = _quote(value)
    return value[len(quote) : len(value) - len(quote)]


def _span(lines: list[str], number: int, start: int, last: int) -> Span:
    first = lines[number - 1]
    column = start + len(first[start:]) - len(first[start:].lstrip()) + 1
    return Span(
        line=number, column=column, end_line=last, end_column=max(len(lines[last - 1].rstrip()), column - 1) + 1
    )


def _quote(value: str) -> str:
    return next((quote for quote in ('"""', '"') if value.startswith(quote)), "")
