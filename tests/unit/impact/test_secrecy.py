"""No value that looks like a secret is left in a difference or in a line of a patch."""

from __future__ import annotations

import pytest

from composegen.impact.differences import differences
from composegen.impact.model import ABSENT, HIDDEN
from composegen.impact.secrecy import covered_line, covered_lines
from tests.sampling import SMALLER, tree

TOKEN = "hf_" + "a1B2" * 8


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"DB_PASSWORD": "hunter2"}, {"DB_PASSWORD": "hunter3"}),
        ({"DB_PASSWORD": "$$hunter2"}, {}),
        ({}, {"environment": ["DB_PASSWORD=hunter2"]}),
        ({"command": ["--api-key=hunter2"]}, {"command": ["--api-key=hunter3"]}),
        ({"url": "https://me:hunter2@example"}, {"url": "none"}),
        ({"a": {"b": {"API_KEY": "hunter2"}}}, {"a": 1}),
        ({"x": TOKEN}, {"x": "y"}),
        ({"MASTER_KEY": "hunter2"}, {"MASTER_KEY": "hunter3"}),
        ({"labels": {"t.basicauth.users": "me:$$apr1$$hunter2"}}, {}),
        ({"labels": ["t.basicauth.users=me:$$apr1$$hunter2"]}, {}),
        ({"command": ["serve", "--password", "hunter2"]}, {"command": ["serve", "--password", "hunter3"]}),
        ({"command": "serve --api-key 'hunter2' -v"}, {}),
        ({"test": "curl -H 'Authorization: Bearer hunter2' x"}, {"test": "none"}),
    ],
)
def test_a_secret_is_hidden_on_both_sides(before: object, after: object) -> None:
    found = differences(before, after)
    assert found
    assert "hunter" not in repr(found)
    assert TOKEN not in repr(found)
    assert all(one.sensitive for one in found)
    assert {side for one in found for side in (one.before, one.after)} <= {HIDDEN, ABSENT, 1}


def test_what_becomes_a_secret_is_hidden_whatever_it_is_called() -> None:
    (found,) = differences({"SOMETHING": "hunter2"}, {"SOMETHING": "${SOMETHING:?set it}"})
    assert "hunter2" not in repr(found)


def test_what_is_no_secret_is_shown() -> None:
    (found,) = differences({"OLLAMA_KEEP_ALIVE": "5m"}, {"OLLAMA_KEEP_ALIVE": "30m"})
    assert (found.before, found.after, found.sensitive) == ("5m", "30m", False)
    (found,) = differences({"DB_PASSWORD": "${DB_PASSWORD:?}"}, {"DB_PASSWORD": "${OTHER:?}"})
    assert not found.sensitive, "the name of a variable is no secret"


@pytest.mark.parametrize(
    "line",
    [
        "+      DB_PASSWORD: hunter2",
        "-export DB_PASSWORD=hunter2",
        '-      "DB_PASSWORD": "hunter2"',
        "       - DB_PASSWORD=hunter2",
        "+    command: [serve, --api-key=hunter2]",
        '+    command: [serve, "--password", "hunter2", -v]',
        "+    command: serve --api-key hunter2",
        "+  url: https://me:hunter2@example/",
        "-    MASTER_KEY: hunter2",
        "-    environment: {A: b, MASTER_KEY: 'hunter2', DB_PASSWORD: hunter2}",
        "-      - t.basicauth.users=me:$$apr1$$hunter2",
        """-    test: "curl -H 'Authorization: Bearer hunter2' x\"""",
        f"+  key: {TOKEN}",
    ],
)
def test_a_line_of_a_patch_shows_no_secret(line: str) -> None:
    shown = covered_line(line, shell="export" in line)
    assert "hunter2" not in shown
    assert TOKEN not in shown
    assert str(HIDDEN.value) in shown


def test_the_value_of_an_option_may_stand_on_a_line_of_its_own() -> None:
    lines = ["     command:", "       - --password", "-      - hunter2", '+      - "hunter3"', "       - -v"]
    lines += ["+      - --token", "-      - shown", "+      - hunter2", "+      - --token", "+      - --verbose"]
    lines += ["       - --port", "       - shown", "+    ports:", "+      - shown"]
    found = list(covered_lines(lines))
    assert "hunter" not in "".join(found)
    assert [line for line in found if "shown>" not in line] == [line for line in lines if "hunter" not in line]
    assert found[2] == f"-      - {HIDDEN.value}"


@pytest.mark.slow
@pytest.mark.parametrize("sample", SMALLER)
def test_nothing_in_a_generated_file_is_taken_for_a_secret(sample: str) -> None:
    for path, entry in tree(sample).items():
        for line in entry.data.decode().splitlines():
            assert covered_line(f"+{line}", shell=path.suffix == ".sh") == f"+{line}", path
