"""What both libraries read, they read alike: over texts made of the characters that mean something in YAML."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composegen import stream
from tests.sampling import FOLDER, SAMPLES

TEXTS = [(FOLDER / sample / "topology.yaml").read_text(encoding="utf-8") for sample in SAMPLES]
CHARACTERS = "abc:-[]{}'\"#|>?,@`~=<.01\\$é😀 \n\r&*!%"


def told(events: Iterator[stream.Event]) -> list[Any] | None:
    """The events as plain values; None for a text that is refused."""
    try:
        return [_told(event) for event in events]
    except stream.RefusedError:
        return None


def _told(event: stream.Event) -> tuple[Any, ...]:
    kind = type(event).__name__
    begins, ends = event.start_mark, event.end_mark
    match kind:
        case "ScalarEvent":
            # Where a value is missing, one places it behind its key, the other before the next token.
            nowhere = not event.value and not event.style
            place = () if nowhere else (begins.line, begins.column, ends.line, ends.column)
            return kind, event.value, event.style or None, event.implicit, event.tag, event.anchor, *place
        case "MappingStartEvent" | "SequenceStartEvent":
            return kind, event.tag, event.anchor, bool(event.flow_style), begins.line, begins.column
        case "MappingEndEvent" | "SequenceEndEvent" if event.start_mark.index != event.end_mark.index:
            return kind, begins.line, begins.column, ends.line, ends.column
    return (kind,)


def same(text: str) -> bool:
    if not stream.is_read_alike(text):
        return True
    quick, thorough = told(stream.quick(text)), told(stream.thorough(text))
    return quick is None or thorough is None or quick == thorough


@pytest.mark.parametrize("text", TEXTS, ids=SAMPLES)
def test_a_sample_is_read_alike(text: str) -> None:
    plain = text.replace("&", "").replace("*", "").replace("!", "").replace("%", "")
    assert stream.is_read_alike(plain)
    assert told(stream.quick(plain)) == told(stream.thorough(plain)) != None  # noqa: E711 - both are something


@pytest.mark.slow
@given(st.text(alphabet=CHARACTERS, max_size=30))
@settings(max_examples=200)
def test_what_both_read_they_read_alike(text: str) -> None:
    assert same(text)


@pytest.mark.slow
def test_mutants_are_read_alike() -> None:
    seed = random.SystemRandom().randrange(10**9)
    assert [text for text in mutants(seed, 200) if not same(text)] == [], f"seed {seed}"


@pytest.mark.slow
def test_many_mutants_are_read_alike() -> None:
    assert [text for text in mutants(1, 4000) if not same(text)] == []


def mutants(seed: int, count: int) -> Iterator[str]:
    """A few lines of a sample, with characters put in, taken out or replaced."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(count):
        lines = chance.choice(TEXTS).splitlines(keepends=True)
        first = chance.randrange(len(lines))
        text = "".join(lines[first : first + chance.randrange(1, 12)])
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(["", *CHARACTERS]) + text[at + chance.randrange(2) :]
        yield text


@pytest.mark.parametrize(
    "text", ["a: &x:y 1", "a:\tb", "!x y", "%YAML 1.1\n---\na", "a: b\u2028c", "a: b\x85c", "|\n#a"]
)
def test_what_they_read_differently_is_for_the_thorough_one(text: str) -> None:
    assert not stream.is_read_alike(text)


def test_a_refusal_says_where() -> None:
    with pytest.raises(stream.RefusedError) as caught:
        list(stream.thorough('a: "x\n'))
    assert caught.value.begins is not None
    assert (caught.value.begins.line, caught.value.begins.column) == (1, 4)
