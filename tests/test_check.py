"""`composegen check` from outside: each kind, each exit code, and that nothing is ever written."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

from composegen.errors import ExitCode
from tests.invoking import BAD, CHECKOUT, GOOD, WARNS, Make, Run

SCHEMA = json.loads((CHECKOUT / "schemas" / "findings.schema.json").read_text(encoding="utf-8"))


def contents() -> dict[str, tuple[bytes, int, int]]:
    """Everything below the current folder: bytes, permissions, time of change."""
    found = {}
    for path in Path().rglob("*"):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (data, status.st_mode, status.st_mtime_ns)
    return found


def checked(run: Run, *arguments: str) -> tuple[int, set[tuple[str, str]]]:
    """Exit code, and code and file of each finding; nothing may have been written."""
    before = contents()
    outcome = run("check", *arguments, "--format", "json")
    assert contents() == before
    assert outcome.err == ""
    document = json.loads(outcome.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return outcome.code, {(one["code"], one["file"]) for one in document["findings"]}


@pytest.fixture
def rendered(run: Run, tree: Make) -> Path:
    """A folder with a topology and what it renders to."""
    tree({"topology.yaml": GOOD})
    assert run("render").code == 0
    return Path("deploy")


@pytest.mark.slow
def test_what_was_just_rendered_is_right(run: Run, rendered: Path) -> None:
    assert checked(run) == (0, set())
    outcome = run("check")
    assert outcome.code == 0
    assert outcome.out.startswith("deploy: all ")
    assert outcome.out.endswith(" files are exactly what render would write.\n")
    assert outcome.err == ""
    (rendered / "notes.txt").write_text("mine")
    assert run("check").code == 0, "files that are not ours are nobody's business"


@pytest.mark.slow
def test_every_kind_is_told_apart(run: Run, rendered: Path, tree: Make) -> None:
    lock = json.loads((rendered / "composegen.lock.json").read_text())
    (rendered / "old").mkdir()
    (rendered / "old" / "compose.yaml").write_text("")
    lock["files"]["old/compose.yaml"] = {
        "mode": "0644",
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
    del lock["files"]["README.md"]
    (rendered / "README.md").write_text("mine\n")
    (rendered / "composegen.lock.json").write_text(json.dumps(lock))
    with (rendered / "box" / "model-init.sh").open("a") as file:
        file.write("# mine\n")
    (rendered / "verify.sh").unlink()
    tree({"topology.yaml": GOOD.replace("local-llm", "other")})

    assert checked(run) == (
        ExitCode.FINDINGS,
        {
            ("CG901", "deploy/box/compose.yaml"),
            ("CG902", "deploy/box/model-init.sh"),
            ("CG903", "deploy/verify.sh"),
            ("CG904", "deploy/old/compose.yaml"),
            ("CG905", "deploy/README.md"),
        },
    )
    outcome = run("check")
    assert outcome.code == ExitCode.FINDINGS
    for line in (
        "  orphaned  deploy/old/compose.yaml\n",
        "  missing   deploy/verify.sh\n",
        "  foreign   deploy/README.md:1\n",
    ):
        assert line in outcome.out
    assert outcome.out.endswith("; 1 as render would write them.\n")
    assert outcome.err.endswith("Next: composegen render --force\n")
    assert outcome.err.startswith("2 of these files would lose what somebody wrote.")
    assert run("render", "--force").code == 0
    assert checked(run) == (0, set())


@pytest.mark.slow
def test_the_mending_command_mends(run: Run, tree: Make) -> None:
    tree({"a folder/topology.yaml": GOOD, "some.env": "X=1\n"})
    words = ("a folder/topology.yaml", "-o", "out", "--env-file", "some.env")
    outcome = run("check", *words)
    assert outcome.code == ExitCode.FINDINGS
    assert outcome.err == "Next: composegen render 'a folder/topology.yaml' -o out --env-file some.env\n"
    assert not Path("out").exists()
    assert run("render", *words).code == 0
    assert run("check", *words).code == 0


@pytest.mark.slow
def test_a_lost_executable_bit_is_said_other_bits_are_not(run: Run, rendered: Path) -> None:
    for path in rendered.rglob("*"):
        path.chmod(0o775 if path.is_dir() or os.access(path, os.X_OK) else 0o664)
    assert checked(run) == (0, set())
    (rendered / "verify.sh").chmod(0o644)
    assert checked(run) == (ExitCode.FINDINGS, {("CG902", "deploy/verify.sh")})
    assert run("check").err == "Next: composegen render\n"
    assert run("render").code == 0
    assert checked(run) == (0, set())


def test_a_lock_file_that_was_not_committed_is_said(run: Run, rendered: Path) -> None:
    (rendered / "composegen.lock.json").unlink()
    assert checked(run) == (ExitCode.FINDINGS, {("CG903", "deploy/composegen.lock.json")})


@pytest.mark.slow
def test_a_checkout_is_right_whatever_the_umask(run: Run, rendered: Path, tmp_path: Path) -> None:
    def git(*words: str, folder: Path) -> None:
        command = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com", *words]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, umask=0o077)

    assert rendered.is_dir()
    git("init", "-q", folder=tmp_path)
    git("add", "-A", folder=tmp_path)
    git("commit", "-qm", "all", folder=tmp_path)
    git("clone", "-q", ".", "copy", folder=tmp_path)
    assert run("check", "copy/topology.yaml").code == 0
    with (tmp_path / "copy" / "deploy" / "verify.sh").open("a") as file:
        file.write("#\n")
    assert run("check", "copy/topology.yaml").code == ExitCode.FINDINGS


def test_a_topology_with_errors_is_not_compared(run: Run, rendered: Path, tree: Make) -> None:
    tree({"topology.yaml": BAD})
    assert rendered.is_dir()
    outcome = run("check")
    assert (outcome.code, outcome.out) == (ExitCode.FINDINGS, "")
    assert outcome.err.endswith("; nothing was compared\n")
    code, found = checked(run)
    assert code == ExitCode.FINDINGS
    assert ("CG104", "topology.yaml") in found


@pytest.mark.slow
def test_warnings_fail_only_under_strict(run: Run, tree: Make) -> None:
    tree({"topology.yaml": WARNS})
    assert run("render").code == 0
    assert run("check").code == 0
    assert run("check", "--strict").code == ExitCode.FINDINGS
    assert checked(run) == (0, {("CG706", "topology.yaml")})
    assert run("check").err.endswith("\n1 warning\n"), "all was compared"
    next(Path("deploy").rglob("compose.yaml")).write_text("services: {}\n")
    assert "Next: composegen render --force" in run("check").err
    assert "Next:" not in run("check", "--strict").err, "render would refuse, too"


@pytest.mark.slow
def test_what_cannot_be_compared(run: Run, rendered: Path) -> None:
    assert run("check", "missing.yaml").code == ExitCode.FAILED
    assert run("check", "--format", "nope").code == ExitCode.FAILED
    (rendered / "verify.sh").unlink()
    (rendered / "verify.sh").mkdir()
    outcome = run("check")
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    assert "deploy/verify.sh is a directory" in outcome.err
    (rendered / "composegen.lock.json").write_text("<<<<<<<")
    assert "is damaged" in run("check").err


@pytest.mark.parametrize("slug", ["stale", "edited", "missing", "orphaned", "foreign"])
def test_every_kind_has_a_page(run: Run, slug: str) -> None:
    outcome = run("explain", slug)
    assert outcome.code == 0
    assert f" {slug}\n" in outcome.out
    assert "## What to do" in outcome.out


@pytest.mark.slow
def test_removing_much_needs_force_and_check_says_so(run: Run, tree: Make) -> None:
    hosts = "".join(f"  h{number}: {{address: 10.0.0.{number}}}\n" for number in range(1, 9))
    wide = "name: demo\nhosts:\n{}services:\n  chat: {{hosts: {{{}}}}}\n"
    tree({"topology.yaml": wide.format(hosts, ", ".join(f"h{number}: 1" for number in range(1, 9)))})
    assert run("render").code == 0
    tree({"topology.yaml": wide.format("  h1: {address: 10.0.0.1}\n", "h1: 1")})
    outcome = run("check")
    assert outcome.code == ExitCode.FINDINGS
    assert outcome.err.endswith(
        "More than a third of the files would be removed. Next, if that is meant: composegen render --force\n"
    )
    document = json.loads(run("check", "--format", "json").out)
    assert {one["hint"] for one in document["findings"]} == {"mend it: composegen render --force"}
    assert run("render").code == ExitCode.FINDINGS
    assert run("render", "--force").code == 0
    assert run("check").code == 0


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab", "junit"])
def test_formats_for_programs_hold_every_file(run: Run, rendered: Path, form: str) -> None:
    clean = run("check", "--format", form)
    assert (clean.code, clean.err) == (0, "")
    assert "CG90" not in clean.out
    (rendered / "verify.sh").unlink()
    (rendered / "README.md").write_text("mine\n")
    outcome = run("check", "--format", form)
    assert (outcome.code, outcome.err) == (ExitCode.FINDINGS, "")
    for word in ("CG902", "CG903", "deploy/README.md", "deploy/verify.sh"):
        assert word in outcome.out
