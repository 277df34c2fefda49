"""Values for `variables:` from env files and from the process: which file counts, and which value wins.

The process environment wins over every file; among files the later one wins, and within a file the later line. Where no
file is named, `.env` beside the topology is read if it is there. Nothing is interpolated: a value is what stands there.
A name without `=` sets nothing. This is the only module that imports python-dotenv.
"""

from __future__ import annotations

import io
import os
import re
import stat
from typing import TYPE_CHECKING

from composegen import limits
from composegen.errors import ComposegenError
from composegen.findings import Finding, Findings, Location, Severity, Span
from composegen.io.places import kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from dotenv.parser import Binding

DEFAULT = ".env"
MAX_BYTES = 1024 * 1024
"""Size of the largest env file that is read."""

_BYTE_ORDER_MARK = "\ufeff"
_LINE_BREAK = re.compile("\r\n|\r|\n")


def environment(process: Mapping[str, str], files: Iterable[Path], folder: Path) -> tuple[Mapping[str, str], Findings]:
    """The values of all names, and what is wrong in the env files.

    `folder` is that of the topology. Raises ComposegenError when a file that was named cannot be read.
    """
    values: dict[str, str] = {}
    findings: list[Finding] = []
    for file in tuple(files) or _beside(folder):
        stated, faults = parse(str(file), _read(file))
        values |= stated
        findings += faults
    return {**values, **process}, tuple(findings)


def parse(name: str, data: bytes) -> tuple[Mapping[str, str], Findings]:
    """The values that an env file states, and a finding for each line that is none; `name` is what findings call it."""
    from dotenv.parser import parse_stream  # most topologies have no env file

    try:
        text = data.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        return {}, (_not_utf8(name, data, error),)
    if "\0" in text:
        before = text.partition("\0")[0]
        return {}, (_fault(name, f"NUL byte in {name}", *_position(before), hint="save the file as UTF-8 text"),)
    bindings = list(parse_stream(io.StringIO(text)))
    values = {binding.key: binding.value for binding in bindings if binding.key and binding.value is not None}
    return values, limits.first(_faults(name, bindings, text))


def _beside(folder: Path) -> tuple[Path, ...]:
    file = folder / DEFAULT
    return (file,) if file.is_file() else ()


def _read(file: Path) -> bytes:
    """The bytes of a file, or of a pipe that somebody writes into (`--env-file <(...)`)."""
    try:
        mode = file.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise ComposegenError(f"the env file {file} is {kind(mode)}, not a file")
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:  # a pipe without writer is empty
            os.set_blocking(stream.fileno(), True)
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise ComposegenError(f"cannot read the env file {file}: {reason}") from error
    if len(data) > MAX_BYTES:
        raise ComposegenError(f"the env file {file} is larger than {MAX_BYTES // 1024**2} MiB")
    return data


def _faults(name: str, bindings: Iterable[Binding], text: str) -> Iterator[Finding]:
    """A finding for each binding that the parser could not read: quotes that do not close, text without a name."""
    lines = _LINE_BREAK.split(text)
    for binding in bindings:
        if binding.error:
            skipped = len(binding.original.string) - len(binding.original.string.lstrip())
            number = binding.original.line + binding.original.string[:skipped].count("\n")
            line = lines[number - 1] if number <= len(lines) else ""
            yield _fault(name, _message(line), number, 1, len(line) + 1)


def _message(line: str) -> str:
    _, equals, value = line.partition("=")
    quote = value.strip()[:1]
    if equals and quote in ("'", '"'):
        return f"the value does not end with the {quote} that it begins with"
    return "this line sets no variable"


def _not_utf8(name: str, data: bytes, error: UnicodeDecodeError) -> Finding:
    before = data[: error.start].decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    message = f"byte 0x{data[error.start]:02x} is not UTF-8"
    return _fault(name, message, *_position(before), hint="save the file as UTF-8")


def _position(before: str) -> tuple[int, int, int]:
    """Line and columns of the one character after a text."""
    lines = before.split("\n")
    return len(lines), len(lines[-1]) + 1, len(lines[-1]) + 2


def _fault(name: str, message: str, line: int, column: int, end: int, hint: str = "") -> Finding:
    return Finding(
        code="CG007",
        slug="env-file-syntax",
        severity=Severity.ERROR,
        message=message,
        where=Location(file=name, span=Span(line=line, column=column, end_line=line, end_column=end)),
        expected="`NAME=value`, the value in quotes when it holds spaces or `#`",
        hint=hint,
    )
