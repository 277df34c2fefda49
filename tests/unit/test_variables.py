"""`${NAME}` in values: what it becomes, what stays, and where a mistake is told."""

from __future__ import annotations

from typing import Any

import pytest

from composegen import document, variables
from composegen.document import Document
from composegen.findings import Findings, Span
from composegen.keypath import KeyPath

ENVIRONMENT = {"TAG": "1.10", "PORT": "11434", "EMPTY": "", "NESTED": "${TAG}", "UNLISTED": "x", "YES": "true"}
HEAD = "variables: [TAG, PORT, EMPTY, NESTED, YES, UNSET]\n"


def substitute(text: str) -> tuple[Document, Findings]:
    parsed, findings = document.parse("t.yaml", (HEAD + text).encode())
    assert parsed is not None
    assert findings == ()
    return variables.substitute(parsed, ENVIRONMENT)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${TAG}", 1.1),
        ('"${TAG}"', "1.10"),
        ("v${TAG}", "v1.10"),
        ("${TAG}${PORT}", "1.1011434"),
        ("${PORT}", 11434),
        ("'${PORT}'", "11434"),
        ("!!str ${PORT}", "11434"),
        ("${YES}", True),
        ("${UNSET:-8080}", 8080),
        ("${UNSET:-}", ""),
        ("${EMPTY:-no}", "no"),
        ("${EMPTY}", ""),
        ("${PORT:-1}", 11434),
        ("${UNSET:-a b:-c}", "a b:-c"),
        ("${NESTED}", "${TAG}"),
        ("a$${TAG}", "a${TAG}"),
        ("$${TAG}", "${TAG}"),
        ("$$${NO}", "$${NO}"),
        ("$TAG $5 $$ $$x $(a) a$", "$TAG $5 $$ $$x $(a) a$"),
        ("a } b", "a } b"),
        ("|\n  one ${TAG}\n  two", "one 1.10\ntwo\n"),
    ],
)
def test_values(written: str, value: Any) -> None:
    replaced, findings = substitute(f"a: {written}\n")
    assert findings == ()
    found = replaced.data["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "s", "hosts", "a", "port"), 11434),
        (("services", "s", "hosts", "b"), 11434),
        (("services", "s", "hosts", "c", "shared"), True),
        (("services", "s", "hosts", "c", "gpus"), 11434),
        (("services", "s", "environment", "A"), "11434"),
        (("services", "s", "memory"), "11434"),
        (("services", "s", "compose", "cpus"), "11434"),
        (("services", "s", "hosts", "c", "port"), "x11434"),
    ],
)
def test_within_quotes_a_reference_is_a_number_only_where_no_text_may_stand(path: KeyPath, value: Any) -> None:
    parsed, _ = substitute(
        'services: {s: {memory: "${PORT}", environment: {A: "${PORT}"}, compose: {cpus: "${PORT}"}, hosts: {'
        "a: {port: '${PORT}'}, b: \"${PORT}\", c: {shared: '${YES}', gpus: '${PORT}', port: 'x${PORT}'}}}}"
    )
    found: Any = parsed.data
    for step in path:
        found = found[step]
    assert found == value
    assert type(found) is type(value)


def test_values_are_replaced_everywhere_and_keys_nowhere() -> None:
    replaced, findings = substitute("a: {'${TAG}': ['x${TAG}', {b: \"${TAG}\"}]}\n")
    assert findings == ()
    assert replaced.data["a"] == {"${TAG}": ["x1.10", {"b": "1.10"}]}


def test_free_keys_and_the_list_itself_are_left_alone() -> None:
    replaced, findings = substitute("x-note: ${UNLISTED}\n")
    assert findings == ()
    assert replaced.data["x-note"] == "${UNLISTED}"
    assert replaced.data["variables"][0] == "TAG"


def test_the_text_of_a_replaced_scalar_is_what_came_in() -> None:
    replaced, _ = substitute("a: ${TAG}\nb: v${TAG}\nc: 1.20\n")
    assert (replaced.texts["a",], replaced.texts["c",]) == ("1.10", "1.20")
    assert ("b",) not in replaced.texts


def test_the_document_that_comes_in_is_not_changed() -> None:
    parsed, _ = document.parse("t.yaml", (HEAD + "a: ${PORT}\n").encode())
    assert parsed is not None
    variables.substitute(parsed, ENVIRONMENT)
    assert (parsed.data["a"], parsed.texts["a",]) == ("${PORT}", "${PORT}")


@pytest.mark.parametrize(
    ("written", "column", "phrase"),
    [
        ("x${UNLISTED}", 5, "`UNLISTED` is not listed"),
        ("'$${A} ${TGA}'", 11, "`TGA` is not listed"),
        ('"\\u00e9 ${UNSET}"', 12, "neither a value nor a default"),
        ("${UNSET}", 4, "neither a value nor a default"),
        ("${TAG", 4, "no closing brace"),
        ("${NA-ME}", 4, "is no variable"),
        ("${TAG-x}", 4, "is no variable"),
        ("${}", 4, "is no variable"),
        ("${1A}", 4, "is no variable"),
        ("${UNSET:-${TAG}}", 4, "is no variable"),
        ("a ${tag}", 6, "`tag` is not listed"),
    ],
)
def test_mistakes_are_told_at_the_reference(written: str, column: int, phrase: str) -> None:
    replaced, (finding,) = substitute(f"a: {written}\n")
    assert finding.code == "CG008"
    assert phrase in finding.message
    place = replaced.locate(finding.where)
    assert (place.line, place.column) == (2, column)
    assert finding.where.path == ("a",)
    assert replaced.unknown == {("a",)}


def test_a_reference_is_found_in_a_block_of_text() -> None:
    replaced, (first, second) = substitute("a: |\n  one ${TAG}\n  two ${NO} ${TGA}\n")
    assert replaced.locate(first.where) == Span(line=4, column=7, end_line=4, end_column=12)
    assert replaced.locate(second.where) == Span(line=4, column=13, end_line=4, end_column=19)
    assert second.hint == "did you mean `TAG`?"


def test_a_mistake_behind_an_alias_is_told_once() -> None:
    _, findings = substitute("a: &x '${NO}'\nb: *x\nc: [*x]\n")
    assert len(findings) == 1


def test_without_a_list_every_reference_is_unknown() -> None:
    parsed, _ = document.parse("t.yaml", b"a: ${TAG}\nvariables: TAG\n")
    assert parsed is not None
    assert [finding.code for finding in variables.substitute(parsed, ENVIRONMENT)[1]] == ["CG008"]
    parsed, _ = document.parse("t.yaml", b"- ${TAG}\n")
    assert parsed is not None
    assert variables.substitute(parsed, ENVIRONMENT) == (parsed, ())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("x-a: ['${NO}']", ("x-a", 0)),
        ("hosts: {box: {x-a: '${NO}'}}", ("hosts", "box", "x-a")),
        ("services: {s: {models: [{x-a: {y: '${NO}'}}]}}", ("services", "s", "models", 0, "x-a", "y")),
    ],
)
def test_what_is_the_users_own_is_left_alone(text: str, path: KeyPath) -> None:
    parsed, _ = document.parse("t.yaml", text.encode())
    assert parsed is not None
    replaced, findings = variables.substitute(parsed, {})
    assert findings == ()
    value = replaced.data
    for step in path:
        value = value[step]
    assert value == "${NO}"


@pytest.mark.parametrize(
    "text",
    [
        "hosts: {x-box: {address: '${NO}'}}",
        "services: {s: {compose: {x-a: '${NO}'}}}",
        "apps: {a: {volumes: {x-v: {name: '${NO}'}}}}",
    ],
)
def test_a_name_that_begins_with_x_is_not_the_users_own(text: str) -> None:
    parsed, _ = document.parse("t.yaml", text.encode())
    assert parsed is not None
    assert [finding.code for finding in variables.substitute(parsed, {})[1]] == ["CG008"]


def test_a_value_that_is_no_text_is_told() -> None:
    parsed, _ = document.parse("t.yaml", b"variables: [A]\nname: ${A}\n")
    assert parsed is not None
    (finding,) = variables.substitute(parsed, {"A": "caf\udce9"})[1]
    assert "not UTF-8" in finding.message
