"""`composegen diff` as people call it: the screen, the patch, exit codes; that it neither writes nor asks a Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from composegen.errors import ExitCode
from tests.invoking import BAD, GOOD, WARNS, Make, Outcome, Run

TWO = """\
name: demo
hosts:
  one: {address: 10.0.0.1}
  two: {address: 10.0.0.2}
stores:
  models: {kind: nfs, server: one, path: /opt/models}
services:
  chat:
    image: ollama/ollama:0.31.0
    store: models
    hosts: {one: 1, two: {instances: 2}}
"""


@pytest.fixture
def rendered(run: Run, tree: Make) -> Path:
    """The current folder, in which the topology is rendered."""
    folder = tree({"topology.yaml": TWO})
    assert run("render").code == 0
    return folder


def change(folder: Path, *replaced: tuple[str, str]) -> None:
    """Replace text in the topology."""
    text = (folder / "topology.yaml").read_text()
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "topology.yaml").write_text(text)


@pytest.mark.slow
def test_nothing_to_do(run: Run, rendered: Path) -> None:
    assert rendered.is_dir()
    assert run("diff") == Outcome(code=0, out="Plan: nothing changes, 3 unchanged.\n", err="")
    assert run("diff", "--exit-code").code == 0
    assert run("diff", "--detailed-exitcode").code == 0
    assert run("diff", "--patch") == Outcome(code=0, out="", err="")


def test_the_screen(run: Run, rendered: Path) -> None:
    change(rendered, ("0.31.0", "0.32.15"), ("instances: 2", "instances: 3"))
    outcome = run("diff")
    assert (outcome.code, outcome.err) == (0, "")
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert lines[0] == "composegen diff topology.yaml -> deploy"
    assert lines[1] == "one compose.yaml ~ chat-1 recreate image 0.31.0 -> 0.32.15 topology.yaml:9"
    assert "two compose.yaml ~ chat-1 to 2 recreate image 0.31.0 -> 0.32.15 topology.yaml:9" in lines
    assert "+ chat-3 create port 11436 topology.yaml:11" in lines
    assert "chat: 2 of 3 serve meanwhile, one by one (sh rollout.sh --copy); all hosts at once: 0" in lines
    assert lines[-1] == "Plan: 1 create, 3 recreate, 0 unchanged. Next: composegen render"


def test_only_what_must_not_be_missed(run: Run, rendered: Path) -> None:
    change(rendered, ("/opt/models", "/srv/models"))
    outcome = run("diff", "--summary")
    assert outcome.out.count("DATA ") == 1, "said of the writer, and not of its readers again"
    assert "compose.yaml" not in outcome.out
    assert outcome.out.splitlines()[-1].startswith("Plan: 3 recreate, ")


@pytest.mark.slow
def test_one_host(run: Run, rendered: Path) -> None:
    change(rendered, ("0.31.0", "0.32.15"))
    out = run("diff", "--host", "two").out
    assert "  two  " in out
    assert "  one  " not in out
    assert "Plan: 2 recreate" in out
    outcome = run("diff", "--host", "three")
    assert outcome.code == ExitCode.FAILED
    assert outcome.err == "composegen: there is no host 'three' with files; there are: one, two\n"


@pytest.mark.slow
def test_exit_codes(run: Run, rendered: Path) -> None:
    change(rendered, ("0.31.0", "0.32.15"))
    assert run("diff").code == 0
    assert run("diff", "--exit-code").code == 1
    assert run("diff", "--detailed-exitcode").code == 2
    assert run("diff", "--patch", "--exit-code").code == 1
    assert run("diff", "--nonsense").code == 2
    assert run("diff", "--nonsense", "--detailed-exitcode").code == 1
    assert run("diff", "none.yaml").code == 2
    assert run("diff", "none.yaml", "--detailed-exitcode").code == 1


@pytest.mark.slow
def test_a_broken_topology_is_told_and_ends_with_1(run: Run, rendered: Path) -> None:
    (rendered / "topology.yaml").write_text(BAD)
    for options in ((), ("--exit-code",), ("--detailed-exitcode",), ("--patch",)):
        outcome = run("diff", *options)
        assert outcome.code == 1
        assert outcome.out == ""
        assert "CG104" in outcome.err
        assert outcome.err.endswith("1 error; nothing was compared\n")
    (rendered / "topology.yaml").write_text(WARNS)
    assert run("diff").code == 0
    assert run("diff", "--strict").code == 1


@pytest.mark.slow
def test_a_patch_is_what_git_applies(run: Run, rendered: Path) -> None:
    change(rendered, ("0.31.0", "0.32.15"), (", two: {instances: 2}", ""))
    patch = run("diff", "--patch")
    assert (patch.code, patch.err) == (0, "")
    assert "\ndeleted file mode 100755\n" in patch.out
    assert "\r" not in patch.out
    (rendered / "change.patch").write_bytes(patch.out.encode())
    subprocess.run(["git", "apply", "change.patch"], cwd=rendered, check=True, timeout=60)
    assert run("check").code == 0
    assert run("diff", "--patch").out == ""


@pytest.mark.slow
def test_a_first_patch_makes_every_file(run: Run, tree: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree({"topology.yaml": GOOD})
    patch = run("diff", "--patch", "-o", "a new folder")
    (tmp_path / "change.patch").write_bytes(patch.out.encode())
    subprocess.run(["git", "apply", "change.patch"], cwd=tmp_path, check=True, timeout=60)
    assert run("check", "-o", "a new folder").code == 0


@pytest.mark.slow
def test_lines_around_a_patch(run: Run, rendered: Path) -> None:
    change(rendered, ("0.31.0", "0.32.15"))
    found = run("diff", "--patch", "--context", "0", "--host", "one").out.splitlines()
    assert not [line for line in found if line.startswith(" ")]
    assert len(run("diff", "--patch", "--context", "9").out) > len(run("diff", "--patch").out)


@pytest.mark.slow
def test_another_folder(run: Run, rendered: Path) -> None:
    shutil.copytree(rendered / "deploy", rendered / "other")
    change(rendered, ("0.31.0", "0.32.15"))
    assert run("render").code == 0
    assert "nothing changes" in run("diff").out
    outcome = run("diff", "--against", "other")
    assert "topology.yaml -> other" in outcome.out
    (rendered / "other" / "composegen.lock.json").unlink()
    assert run("diff", "--against", "other") == outcome, "what is planned there is not in the way of itself"
    assert "Plan: 3 recreate" in outcome.out
    assert run("diff", "--against", "nowhere").code == ExitCode.FAILED


@pytest.mark.slow
def test_without_a_lock_file_what_is_there_is_in_the_way_of_render(run: Run, rendered: Path) -> None:
    (rendered / "deploy" / "composegen.lock.json").unlink()
    assert "nothing changes" in run("diff").out, "what is as planned already is in nobody's way"
    change(rendered, ("0.31.0", "0.32.15"))
    out = run("diff").out
    assert "  ! deploy/one/compose.yaml is in the way: composegen did not write it\n" in out
    assert out.endswith("Next: composegen render --force\n")
    assert run("render").code == 1, "as the plan says"
    assert run("render", "--force").code == 0


def test_an_empty_name_of_the_other_side(run: Run, rendered: Path) -> None:
    assert rendered.is_dir()
    outcome = run("diff", "--against", "")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--against is empty" in outcome.err


def test_a_hand_edit_is_marked(run: Run, rendered: Path) -> None:
    path = rendered / "deploy" / "one" / "compose.yaml"
    path.write_text(path.read_text().replace("0.31.0", "0.30.0").replace("retries: 6", "retries: 7"))
    out = run("diff").out
    assert "  ! deploy/one/compose.yaml was edited by hand since the last render (2 lines)\n" in out
    assert out.endswith("Next: composegen render --force\n")
    assert "image 0.30.0 -> 0.31.0" in out


def test_a_file_of_somebody_else_is_marked(run: Run, rendered: Path) -> None:
    (rendered / "deploy" / "new").mkdir()
    (rendered / "deploy" / "new" / "compose.yaml").write_text("services: {}\n")
    change(rendered, ("stores:", "  new: {address: 10.0.0.9}\nstores:"), ("{one: 1,", "{one: 1, new: 1,"))
    out = run("diff").out
    assert "  ! deploy/new/compose.yaml is in the way: composegen did not write it\n" in out
    assert out.endswith("Next: composegen render --force\n")


def test_a_file_edited_into_something_else(run: Run, rendered: Path) -> None:
    (rendered / "deploy" / "one" / "compose.yaml").write_bytes(b"\xff: [")
    outcome = run("diff")
    assert outcome.code == 0
    assert "is no Compose file, so what runs cannot be told" in " ".join(outcome.out.split())


@pytest.mark.slow
def test_secrets_are_never_shown(run: Run, rendered: Path) -> None:
    path = rendered / "deploy" / "two" / "compose.yaml"
    secret = "correct-horse-battery"
    text = path.read_text().replace("    environment:\n", f"    environment:\n      DB_PASSWORD: {secret}\n")
    path.write_text(text.replace("restart: unless-stopped", f"command: [--api-key={secret}]"))
    for options in ((), ("--summary",), ("--patch",)):
        outcome = run("diff", *options)
        assert outcome.code == 0
        assert secret not in outcome.out + outcome.err
    assert "deploy/two/compose.yaml" in run("diff", "--patch").out
    assert run("diff", "--patch").err.startswith("two/compose.yaml holds what looks like a secret")


@pytest.mark.slow
def test_nothing_is_written_and_no_docker_is_asked(run: Run, rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(rendered, ("0.31.0", "0.32.15"), ("instances: 2", "instances: 3"))
    before = {path: path.read_bytes() for path in rendered.rglob("*") if path.is_file()}
    folders = [rendered, *(path for path in rendered.rglob("*") if path.is_dir())]
    monkeypatch.setenv("PATH", "")
    for folder in folders:
        folder.chmod(0o555)
    try:
        for options in ((), ("--patch",), ("--summary",)):
            assert run("diff", *options).code == 0
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert {path: path.read_bytes() for path in rendered.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_colours_are_there_where_they_are_wanted(run: Run, rendered: Path) -> None:
    change(rendered, ("0.31.0", "0.32.15"))
    for options in ((), ("--patch",)):
        assert "\x1b[" not in run("diff", *options).out
        assert "\x1b[1;33m" in run("diff", "--color", "always").out
        assert "\x1b[1;32m" in run("diff", "--color", "always", "--patch").out


@pytest.mark.slow
def test_many_hosts_of_one_fate_share_their_lines(
    run: Run, tree: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hosts = "".join(f"  h{number:02}: {{address: 10.0.0.{number}}}\n" for number in range(1, 41))
    places = "".join(f"      h{number:02}: 2\n" for number in range(1, 41))
    text = f"name: demo\nhosts:\n{hosts}services:\n  chat:\n    image: ollama/ollama:0.31.0\n    hosts:\n{places}"
    tree({"topology.yaml": text})
    assert len(run("diff").out.splitlines()) < 20
    assert run("render").code == 0
    (tmp_path / "topology.yaml").write_text(text.replace("0.31.0", "0.32.15"))
    out = run("diff").out
    assert "h01 and 39 more" in out
    assert "Plan: 80 recreate, 0 unchanged." in out
    assert len(out.splitlines()) < 12


def test_the_current_folder_may_be_elsewhere(run: Run, rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(rendered, ("0.31.0", "0.32.15"))
    (rendered / "deep").mkdir()
    monkeypatch.chdir(rendered / "deep")
    out = run("diff", f"..{os.sep}topology.yaml", "--patch", "--host", "one").out
    assert out.startswith("diff --git a/one/compose.yaml b/one/compose.yaml\n")


def test_what_is_unchanged_is_counted_by_host(run: Run, rendered: Path) -> None:
    change(rendered, ("instances: 2", "instances: 3"))
    assert run("diff").out.splitlines()[-1].startswith("Plan: 1 create, 3 unchanged.")
    assert run("diff", "--host", "two").out.splitlines()[-1].startswith("Plan: 1 create, 2 unchanged.")


def test_long_lines_are_broken_between_words(run: Run, rendered: Path) -> None:
    change(rendered, ("/opt/models", "/srv/other/models"))
    out = run("diff").out
    assert all(len(line) <= 110 or "sudo " in line for line in out.splitlines())
    said = " ".join(out.split())
    assert "stay in /opt/models; /srv/other/models is used instead" in said
    assert " `migrate_from: [/opt/models]`" in out, "what is quoted stays on one line"


@pytest.mark.slow
def test_names_that_change_alike_share_a_line(
    run: Run, tree: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hosts = "".join(f"  h{number:02}: {{address: 10.0.0.{number}}}\n" for number in range(1, 41))
    places = "".join(f"      h{number:02}: 2\n" for number in range(1, 41))
    text = f"name: demo\nhosts:\n{hosts}services:\n  chat:\n    image: ollama/ollama:0.31.0\n    hosts:\n{places}"
    tree({"topology.yaml": text})
    assert run("render").code == 0
    (tmp_path / "topology.yaml").write_text(text.replace("  chat:", "  talk:"))
    out = run("diff").out
    assert "  chat-1 to 2 on h01 and 39 more are called talk-1 to 2 now\n" in out
    assert out.count(" called ") == 1
