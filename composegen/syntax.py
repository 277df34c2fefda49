"""What is wrong with a text as YAML, in a person's words: where to look, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from composegen.findings import Finding, Location, Severity, Span
from composegen.suggestion import cut, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fault(Struct, frozen=True, kw_only=True):
    """What the YAML library says: what it was reading since where, and what stopped it where."""

    context: str
    problem: str
    begins: Span
    stops: Span
    opened: Span | None = None
    """The innermost bracket that is open."""


def explain(  # noqa: C901, PLR0911, PLR0912 - one case for each kind of mistake
    fault: Fault, lines: tuple[str, ...]
) -> Finding:
    """The finding for a fault: where the mistake is, which is often not where reading stopped."""
    line = _line(lines, fault.stops)
    found = line[fault.stops.column - 1 : fault.stops.column]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return _tab(fault, line)
    if found == "\t":
        return error("a tab stands here", fault.stops, expected="spaces", hint="replace the tab by spaces")
    match fault.context, fault.problem:
        case "while scanning a quoted scalar", problem if "unexpected" in problem:
            return _unclosed(fault, lines, "quote")
        case "while parsing a flow sequence" | "while parsing a flow mapping", _:
            return _unclosed(fault, lines, "bracket")
        case _, problem if "found '<stream end>'" in problem and fault.opened is not None:
            return _unclosed(replace(fault, begins=fault.opened), lines, "bracket")
        case _, problem if "expected the node content" in problem:
            return error(f"a value is missing before this `{found}`", fault.stops)
        case _, "mapping values are not allowed here":
            return error(
                "a `:` cannot stand here",
                fault.stops,
                hint="put a value that contains `: ` in quotes; if this is a key, check its indentation",
            )
        case "while scanning a simple key", _:
            return error("a `:` is missing after this key", fault.begins, hint="write `key: value`")
        case _, "sequence entries are not allowed here":
            return error("a list item cannot begin here", fault.stops, hint="begin the list on a line of its own")
        case "while scanning for the next token", _:
            return error(f"a value cannot begin with `{found}`", fault.stops, hint="put the value in quotes")
        case "while parsing a block mapping" | "while parsing a block collection", _:
            return _misplaced(fault, line)
        case _, problem if "expected '<document start>'" in problem:
            return _misplaced(fault, line)
        case "while parsing a node", problem if "tag handle" in problem:
            return unknown_tag(_word(line, fault.stops), fault.stops)
        case "while scanning a double-quoted scalar", _:
            return error(
                f"`\\{found}` is no escape that YAML knows", fault.stops, hint="use single quotes to keep the backslash"
            )
    return error(f"this is not YAML: {fault.problem or 'it cannot be read'}{_while(fault)}", fault.stops)


def _unclosed(fault: Fault, lines: tuple[str, ...], kind: str) -> Finding:
    """A bracket or quote that does not close is a mistake where it opens, however far reading went on."""
    opening = _line(lines, fault.begins)[fault.begins.column - 1 : fault.begins.column]
    closed = kind == "bracket" and not fault.problem.endswith("'<stream end>'")
    variable = "${" in _line(lines, fault.stops)[: fault.stops.column + 1] and kind == "bracket"
    return error(
        f"this `{opening}` is not closed" + (", or a comma is missing in it" if closed else ""),
        fault.begins,
        related=(Location(span=fault.stops, label="reading stopped here"),),
        hint='inside of brackets, write "${NAME}" in quotes' if variable else "",
    )


def _tab(fault: Fault, line: str) -> Finding:
    column = line.index("\t") + 1
    span = Span(line=fault.stops.line, column=column, end_line=fault.stops.line, end_column=column + 1)
    return error("a tab indents this line", span, expected="spaces", hint="replace the tab by spaces")


def _misplaced(fault: Fault, line: str) -> Finding:
    if line[: fault.stops.column - 1].strip(" -"):
        message = "the value before this is complete already"
        hint = "put the whole value in one pair of quotes, or this on a line of its own"
        return error(message, fault.stops, hint=hint)
    return error(
        "this line belongs to nothing above it",
        fault.stops,
        related=(Location(span=fault.begins, label="the lines around it begin here"),),
        hint="check the indentation of this line and of the ones before it",
    )


def _while(fault: Fault) -> str:
    return f" ({fault.context})" if fault.context else ""


def _line(lines: tuple[str, ...], span: Span) -> str:
    return lines[span.line - 1] if span.line <= len(lines) else ""


def _word(line: str, span: Span) -> str:
    return (line[span.column - 1 :].split() or ["!"])[0]


def error(
    message: str, span: Span, *, expected: str = "", hint: str = "", related: tuple[Location, ...] = ()
) -> Finding:
    """A finding about YAML syntax."""
    return _finding("CG001", "yaml-syntax", message, span, expected=expected, hint=hint, related=related)


def no_character(character: str, span: Span) -> Finding:
    """An escape in double quotes that stands for what no text can hold: NUL, or half of a character."""
    number = ord(character)
    what = "NUL, which ends a text in most programs" if number == 0 else "half of a character"
    return _finding(
        "CG003",
        "not-text",
        f"an escape in this text stands for U+{number:04X}, {what}",
        span,
        expected="text that a program can be given",
        hint="remove the escape",
    )


def duplicate(key: str, span: Span, first: Span) -> Finding:
    """A key that its mapping has already."""
    return _finding(
        "CG002",
        "duplicate-key",
        f"key `{cut(key)}` stands twice in one mapping",
        span,
        hint="remove one of the two, or merge them",
        related=(Location(span=first, label=f"`{cut(key)}` stands here already"),),
    )


def unknown_tag(tag: str, span: Span) -> Finding:
    """A tag that is not one of YAML's own for this value."""
    return _finding(
        "CG005",
        "unknown-tag",
        f"tag `{cut(tag)}` " + ("does not fit this value" if tag.startswith("!!") else "is not known"),
        span,
        expected="a value without tag",
        hint="remove the tag; a value that begins with `!` goes in quotes",
    )


def merge_key(span: Span) -> Finding:
    """The merge key of YAML 1.1."""
    return _finding(
        "CG006",
        "merge-key",
        "`<<` merges mappings in YAML 1.1; in YAML 1.2 it has no meaning",
        span,
        hint="state what all services share under `defaults:`, or use a whole value as an alias: `key: *name`",
    )


def unknown_alias(name: str, span: Span, anchors: Iterable[str]) -> Finding:
    """An alias without its anchor above it."""
    name = cut(name)
    advice = f"set the anchor first: `&{name}`; a value that begins with `*` goes in quotes"
    hint = did_you_mean(name, anchors) or advice
    return error(f"alias `*{name}` stands for nothing above it", span, hint=hint)


def _finding(
    code: str,
    slug: str,
    message: str,
    span: Span,
    *,
    expected: str = "",
    hint: str = "",
    related: tuple[Location, ...] = (),
) -> Finding:
    return Finding(
        code=code,
        slug=slug,
        severity=Severity.ERROR,
        message=message,
        where=Location(span=span),
        expected=expected,
        hint=hint,
        related=related,
    )
