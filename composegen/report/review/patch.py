"""Changes of files as a unified diff that `git apply` takes, in git's own form: names, modes, new and deleted files.

Values that look like secrets are not shown; a file with one of them cannot be patched by this, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import PurePosixPath

from msgspec import Struct

from composegen.artifacts import Entry
from composegen.changes import EXECUTABLE, Change
from composegen.impact.secrecy import covered_lines
from composegen.report.text import Paint, Style

_LINE = re.compile("[^\n]*\n|[^\n]+")
_NO_END = "\\ No newline at end of file\n"
_STYLES = {"+": Style.GOOD, "-": Style.ERROR, "@": Style.NOTE}


class Patch(Struct, frozen=True, kw_only=True):
    """The text, and the files of which it does not show all."""

    text: bytes
    covered: tuple[PurePosixPath, ...]


def patch(changes: Iterable[Change], folder: PurePosixPath, context: int = 3, *, colour: bool = False) -> Patch:
    """What the changes do to the files in a folder, which is relative to where the patch is to be applied."""
    paint, parts, covered = Paint(colour=colour), [], []
    for change in changes:
        lines = list(_file(change, folder / change.path, context))
        shell = change.path.suffix == ".sh"
        shown = [f"{line}\n" for line in covered_lines((line.rstrip("\n") for line in lines), shell=shell)]
        if shown != lines:
            covered.append(change.path)
        parts += [_painted(line, paint) for line in shown]
    return Patch(text="".join(parts).encode("utf-8", "surrogateescape"), covered=tuple(covered))


def _painted(line: str, paint: Paint) -> str:
    style = Style.STRONG if line.startswith(("diff ", "--- ", "+++ ")) else _STYLES.get(line[:1])
    return line if style is None else paint(style, line[:-1]) + "\n"


def _file(change: Change, path: PurePosixPath, context: int) -> Iterator[str]:
    """The lines of one file, its head first."""
    before, after = change.before, change.after
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    yield f"diff --git {old} {new}\n"
    yield from _modes(before, after)
    first, last = (_lines(entry) for entry in (before, after))
    names = ("/dev/null" if before is None else _tabbed(old), "/dev/null" if after is None else _tabbed(new))
    for line in unified_diff(first, last, *names, n=context):
        yield from (line,) if line.endswith("\n") else (line + "\n", _NO_END)


def _modes(before: Entry | None, after: Entry | None) -> Iterator[str]:
    if before is None and after is not None:
        yield f"new file mode {_mode(after)}\n"
    elif after is None and before is not None:
        yield f"deleted file mode {_mode(before)}\n"
    elif before is not None and after is not None and _mode(before) != _mode(after):
        yield f"old mode {_mode(before)}\n"
        yield f"new mode {_mode(after)}\n"


def _mode(entry: Entry) -> str:
    """Git knows two kinds of plain files."""
    return "100755" if entry.mode & EXECUTABLE else "100644"


def _lines(entry: Entry | None) -> list[str]:
    """Only a line feed ends a line."""
    return _LINE.findall(entry.data.decode("utf-8", "surrogateescape")) if entry is not None else []


def _quoted(name: str) -> str:
    """A name as git writes it: in quotes, with octal bytes, where it is not plain."""
    if name.isascii() and name.isprintable() and not {'"', "\\"} & {*name}:
        return name
    plain = range(0x20, 0x7F)
    return '"' + "".join(chr(b) if b in plain and b not in b'"\\' else f"\\{b:03o}" for b in name.encode()) + '"'


def _tabbed(name: str) -> str:
    """After a name with blanks git puts a tab, so that nothing else can be taken for its end."""
    return f"{name}\t" if " " in name and not name.startswith('"') else name
