"""Env files: what they state, which value wins, and where a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from composegen.errors import ComposegenError
from composegen.io.dotenv import environment, parse


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1\nB = two words \n", {"A": "1", "B": "two words"}),
        ("# no\n\nexport A='x y' # why\n", {"A": "x y"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=\nB\n", {"A": ""}),
        ("A=$B ${C} $$\n", {"A": "$B ${C} $$"}),
        ('A="x\\ny"\r\nB=1\r\n', {"A": "x\ny", "B": "1"}),
        ("\ufeffA=1", {"A": "1"}),
        ("", {}),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    assert parse(".env", text.encode()) == (values, ())


@pytest.mark.parametrize(
    ("data", "line", "column", "phrase"),
    [
        (b"A=1\n\n  =2\nB=3\n", 3, 1, "sets no variable"),
        (b"A=1\nB='open\nC=3\n", 2, 1, "does not end with the '"),
        (b'A="x" y\n', 1, 1, ""),
        (b"A=1\nB=caf\xe9\n", 2, 6, "0xe9"),
        (b"A=1\nB=\0\n", 2, 3, "NUL"),
    ],
)
def test_mistakes_are_told_in_their_file_and_line(data: bytes, line: int, column: int, phrase: str) -> None:
    _, (finding,) = parse("my.env", data)
    assert (finding.code, finding.where.file) == ("CG007", "my.env")
    assert finding.where.span is not None
    assert (finding.where.span.line, finding.where.span.column) == (line, column)
    assert phrase in finding.message


def test_good_lines_beside_a_bad_one_count() -> None:
    values, findings = parse(".env", b"A=1\n=2\nB=3\n")
    assert values == {"A": "1", "B": "3"}
    assert len(findings) == 1


def test_the_process_wins_over_files_and_later_files_over_earlier_ones(tmp_path: Path) -> None:
    first, second = tmp_path / "first.env", tmp_path / "second.env"
    first.write_text("A=first\nB=first\nC=first\n")
    second.write_text("A=second\nB=second\n")
    (tmp_path / ".env").write_text("D=not read when files are named\n")
    values, findings = environment({"A": "process"}, (first, second), tmp_path)
    assert values == {"A": "process", "B": "second", "C": "first"}
    assert findings == ()


def test_without_named_files_the_one_beside_the_topology_is_read_if_it_is_there(tmp_path: Path) -> None:
    assert environment({"A": "1"}, (), tmp_path) == ({"A": "1"}, ())
    (tmp_path / ".env").write_text("A=file\nB=file\n'oops\n")
    values, (finding,) = environment({"A": ""}, (), tmp_path)
    assert values == {"A": "", "B": "file"}
    assert finding.where.file == str(tmp_path / ".env")


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ComposegenError, match=r"missing\.env"):
        environment({}, (tmp_path / "missing.env",), tmp_path)
    with pytest.raises(ComposegenError, match="irectory"):
        environment({}, (tmp_path,), tmp_path)
