"""What a finished tree would look like as templates: the peers get these, so that all write the same bytes.

A tree of a few hosts is read; where text repeats from host to host, or from instance to instance, with only names,
addresses and evenly growing numbers differing, that is a loop; the topology's settings are variables. What comes out
has no notation yet: notation.py writes it for each peer. A text that does not repeat evenly stays as it is; the table
shows the bytes that each peer wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from bench.workload import FIRST_ADDRESS, SETTINGS, address, host

HOSTS = 6
"""Hosts of the tree that is read: the first one serves and writes, the others are all alike."""
LIKE_ALL = 3
"""The host whose folder stands for those of all clients."""
LEAST = 3
"""Repetitions that make a loop."""
LONGEST = 90
"""Lines that a loop may hold, with all instances of a host written out."""


@dataclass(frozen=True)
class Value:
    """A name or an address of the host of the innermost loop, or a number: constant + of_host x host + step x k.

    Any other kind is a setting of the topology.
    """

    kind: str
    constant: int = 0
    of_host: int = 0
    step: int = 0


@dataclass(frozen=True)
class Each:
    """A loop: over hosts (`host`), over k within a host (`k`), or over k through the instances of all hosts (`all`)."""

    over: str
    first: int
    """Number of the first host; 0 for the other loops, in which k begins with 0."""
    count: int
    """Repetitions of a loop over `k`; for `all`, how many instances at the beginning are left out."""
    body: tuple[Node, ...]


Node = str | Value | Each
_Token = str | Value
_Piece = tuple[_Token, ...]

_ADDRESS = ".".join(str(FIRST_ADDRESS).split(".")[:3]).replace(".", r"\.")
_NAMES = {value: name for name, value in SETTINGS.items()}
_SETTINGS = "|".join(rf"(?<![\w.-]){re.escape(value)}(?![\w.-])" for value in _NAMES)
_TOKENS = re.compile(rf"({_SETTINGS})|host(0000\d)|({_ADDRESS}\.1\d)(?!\d)|([1-9]\d{{0,8}}|0)(?!\d)")


def read(tree: Path, instances: int) -> Mapping[str, tuple[Node, ...]]:
    """Templates by path; `HOST/...` stands for the folder of every host but the first. The lock file is left out.

    `instances` is how many each host of the tree has; the templates hold for this number only.
    """
    found = {}
    others = {host(number) for number in range(2, HOSTS + 1)} - {host(LIKE_ALL)}
    for path in sorted(path for path in tree.rglob("*") if path.is_file() and path.name != "composegen.lock.json"):
        name = path.relative_to(tree).as_posix()
        top = name.split("/", maxsplit=1)[0]
        text = path.read_text(encoding="utf-8")
        if top in others:
            continue
        if top == host(LIKE_ALL):
            found[name.replace(top, "HOST", 1)] = _of_one_host(text, instances)
        else:
            found[name] = _flat(_loops(tuple(_pieces(text)), "host", instances))
    return found


def _pieces(text: str) -> Iterator[_Piece]:
    """The lines as tokens; a line that names several hosts is cut behind each."""
    for line in text.splitlines(keepends=True):
        tokens = tuple(_tokens(line))
        named = [at for at, token in enumerate(tokens) if _names_host(token)]
        if len({tokens[at] for at in named}) <= LEAST:
            yield tokens
            continue
        begin = 0
        for at in named:
            yield tokens[begin : at + 1]
            begin = at + 1
        yield tokens[begin:]


def _tokens(text: str) -> Iterator[_Token]:
    end = 0
    for match in _TOKENS.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        setting, name, place, number = match.groups()
        if setting:
            yield Value(_NAMES[setting])
        elif name:
            yield Value("name", constant=int(name))
        elif place:
            yield Value("address", constant=int(place.rsplit(".", maxsplit=1)[1]) - int(address(1).rsplit(".")[-1]) + 1)
        else:
            yield Value("number", constant=int(number))
        end = match.end()
    if end < len(text):
        yield text[end:]


def _names_host(token: _Token) -> TypeGuard[Value]:
    return isinstance(token, Value) and token.kind in ("name", "address")


def _of_one_host(text: str, instances: int) -> tuple[Node, ...]:
    """A file of one host: what names that host is a value, what repeats within is a loop over its instances."""
    pieces = tuple(tuple(_own(token) for token in piece) for piece in _pieces(text))
    return _flat(_loops(pieces, "k", instances))


def _own(token: _Token) -> _Token:
    if _names_host(token) and token.constant == LIKE_ALL:
        return Value(token.kind, of_host=1)
    return token


def _loops(pieces: tuple[_Piece, ...], over: str, instances: int) -> Iterator[Node]:
    """Nodes for pieces, what repeats folded into loops: first over hosts, inside and besides these over instances."""
    at = 0
    rest: list[_Piece] = []
    while at < len(pieces):
        found = _longest_run(pieces, at, over)
        if found is None:
            rest.append(pieces[at])
            at += 1
            continue
        count, length, body = found
        yield from _inner(tuple(rest), over, instances)
        rest = []
        inside = _flat(_inner(body, over, instances))
        if over == "host":
            yield Each("host", HOSTS - count + 1, 0, inside)
        elif count > instances:
            yield Each("all", 0, HOSTS * instances - count, inside)
        else:
            yield Each("k", 0, count, inside)
        at += count * length
    yield from _inner(tuple(rest), over, instances)


def _inner(pieces: tuple[_Piece, ...], over: str, instances: int) -> Iterator[Node]:
    if over == "host":
        yield from _loops(pieces, "k", instances)
    else:
        for piece in pieces:
            yield from piece


def _longest_run(pieces: tuple[_Piece, ...], at: int, over: str) -> tuple[int, int, tuple[_Piece, ...]] | None:
    """How often, how long, and what repeats from here; None when nothing does. The shortest body is taken."""
    for length in range(1, min(LONGEST, (len(pieces) - at) // LEAST) + 1):
        first = pieces[at : at + length]
        second = pieces[at + length : at + 2 * length]
        body = _alike(first, second, over)
        if body is None:
            continue
        count = 2
        while _follows(body, pieces[at + count * length : at + (count + 1) * length], count):
            count += 1
        if count >= LEAST and (
            over == "k" or _ends_at_last_host(pieces[at + (count - 1) * length : at + count * length])
        ):
            return count, length, _from_host(body, HOSTS - count + 1) if over == "host" else body
    return None


def _alike(first: Sequence[_Piece], second: Sequence[_Piece], over: str) -> tuple[_Piece, ...] | None:
    """The common form of two neighbours, with a step where they differ; None when they differ otherwise, or not."""
    body, differs = [], False
    for one, other in zip(first, second, strict=True):
        if len(one) != len(other):
            return None
        piece: list[_Token] = []
        for left, right in zip(one, other, strict=True):
            if left == right:
                piece.append(left)
                continue
            if not isinstance(left, Value) or not isinstance(right, Value) or left.kind != right.kind:
                return None
            step = right.constant - left.constant
            if left.of_host != right.of_host or (_names_host(left) and (step != 1 or over == "k")):
                return None
            differs = differs or _names_host(left) or over == "k"
            piece.append(Value(left.kind, left.constant, left.of_host, step))
        body.append(tuple(piece))
    # One repetition speaks of one host; else a loop could begin in the middle of what belongs to a host.
    tokens = [token for piece in body for token in piece]
    named = {one.constant for one in tokens if _names_host(one) and one.step}
    return tuple(body) if differs and len(named) <= 1 else None


def _follows(body: Sequence[_Piece], pieces: Sequence[_Piece], count: int) -> bool:
    """Whether these pieces are the body's repetition of that number."""
    if len(pieces) < len(body):
        return False
    return all(tuple(_at(token, count) for token in piece) == other for piece, other in zip(body, pieces, strict=True))


def _at(token: _Token, count: int) -> _Token:
    if isinstance(token, Value) and token.step:
        return Value(token.kind, token.constant + token.step * count, token.of_host)
    return token


def _ends_at_last_host(pieces: Sequence[_Piece]) -> bool:
    return any(_names_host(token) and token.constant == HOSTS for piece in pieces for token in piece)


def _from_host(body: Sequence[_Piece], first: int) -> tuple[_Piece, ...]:
    """Steps from repetition to repetition as multiples of the host's number."""

    def turned(token: _Token) -> _Token:
        match token:
            case Value(kind="number", step=step) if step:
                return Value("number", token.constant - step * first, step)
            case Value(kind=kind, step=step) if step:
                return Value(kind, of_host=1)
        return token

    return tuple(tuple(turned(token) for token in piece) for piece in body)


def _flat(nodes: Iterator[Node]) -> tuple[Node, ...]:
    """The same nodes, constants written out as text and neighbouring texts joined."""
    done: list[Node] = []
    for node in nodes:
        text = node if isinstance(node, str) else _constant(node)
        if text is None:
            done.append(node)
        elif done and isinstance(done[-1], str):
            done[-1] += text
        else:
            done.append(text)
    return tuple(done)


def _constant(node: Node) -> str | None:
    match node:
        case Value(kind="name", of_host=0, step=0):
            return host(node.constant)
        case Value(kind="address", of_host=0, step=0):
            return address(node.constant)
        case Value(kind="number", of_host=0, step=0):
            return str(node.constant)
    return None
