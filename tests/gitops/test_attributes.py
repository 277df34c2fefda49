"""What git itself makes of the `.gitattributes` in the output folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitops.repository import TOPOLOGY, composegen, git

OWN = "* text=auto eol=crlf\n*.sh diff=bash\n"
"""What somebody may have above: everything with the line ends of Windows."""

pytestmark = pytest.mark.tool


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with attributes of its own, the rendered files committed."""
    folder = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", str(folder))
    (folder / ".gitattributes").write_text(OWN)
    (folder / "topology.yaml").write_text(TOPOLOGY)
    composegen(folder, "render")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "First")
    return folder


def test_generated_files_are_marked_and_no_others(repository: Path) -> None:
    paths = git(repository, "ls-files").splitlines()
    told = git(repository, "check-attr", "linguist-generated", "text", "diff", "--", *paths).splitlines()
    marked = {line.partition(":")[0] for line in told if line.endswith("linguist-generated: set")}
    assert marked == {path for path in paths if path.startswith("deploy/")}
    assert "deploy/box/model-init.sh: text: unset" in told
    # What is said above about other attributes holds on.
    assert "deploy/box/model-init.sh: diff: bash" in told


def test_a_checkout_holds_the_bytes_that_were_rendered(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(repository), str(clone))
    assert b"\r\n" in (clone / "topology.yaml").read_bytes()
    assert "are exactly what render would write" in composegen(clone, "check")
