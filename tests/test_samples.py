"""Every sample renders to exactly the tree that is committed beside it, and its findings are known.

`pytest --update` rewrites `expected/` and `findings.txt`; a change there that its author cannot explain is a mistake.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

import pytest

from composegen.artifacts import Entry
from composegen.findings import Severity
from tests.sampling import FOLDER, SAMPLES, compiled, tree, write


def on_disk(folder: Path) -> dict[PurePosixPath, Entry]:
    """The files below a folder; only the executable bit of their mode counts, as in git."""
    return {
        PurePosixPath(path.relative_to(folder).as_posix()): Entry(
            data=path.read_bytes(), mode=0o755 if path.stat().st_mode & 0o100 else 0o644
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_renders_to_its_committed_tree(sample: str, update: bool) -> None:
    expected = FOLDER / sample / "expected"
    if update:
        shutil.rmtree(expected, ignore_errors=True)
        write(tree(sample), expected)
    assert on_disk(expected) == dict(tree(sample))


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_findings_of_a_sample_are_those_written_down(sample: str, update: bool) -> None:
    file = FOLDER / sample / "findings.txt"
    found = sorted(f"{f.severity.label}[{f.code}] {f.message}" for f in compiled(sample).findings)
    if update:
        file.write_text("\n".join(found) + "\n") if found else file.unlink(missing_ok=True)
    assert found == (file.read_text().splitlines() if file.exists() else [])
    assert all(f.severity < Severity.ERROR for f in compiled(sample).findings)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_says_what_it_shows(sample: str) -> None:
    text = (FOLDER / sample / "README.md").read_text()
    assert text.startswith(f"# {sample}\n")
    assert len(text.splitlines()) > 3
