"""The page on changes: what it shows is what `composegen diff` prints, and each of its changes is one."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from composegen import transcripts
from composegen.transcripts import Screen, TranscriptError
from tests.invoking import CHECKOUT, Run
from tests.sampling import FOLDER, compile_text

PAGE = (CHECKOUT / "docs" / "changes.md").read_text(encoding="utf-8")
COMMITTING = ("-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "before")


def original(sample: str) -> str:
    return (FOLDER / sample / "topology.yaml").read_text(encoding="utf-8")


SCREENS = tuple(transcripts.screens(PAGE, original))


@pytest.mark.parametrize(
    "screen",
    [SCREENS[0], *(pytest.param(screen, marks=pytest.mark.slow) for screen in SCREENS[1:])],
    ids=[f"{number:02}" for number in range(len(SCREENS))],
)
def test_a_screen_is_what_the_command_prints(
    screen: Screen, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(FOLDER / screen.sample, folder, ignore=shutil.ignore_patterns("expected"))
    monkeypatch.chdir(folder)
    assert run("render").code == 0
    words = shlex.split(screen.command)
    if "--against" in words:
        for command in (("init", "-q"), ("add", "-A"), COMMITTING):
            subprocess.run(["git", *command], cwd=folder, check=True, timeout=60)
    (folder / "topology.yaml").write_text(screen.after, encoding="utf-8")
    shown = PAGE[slice(*screen.place)]
    assert run(*words[2:]).out == shown.removeprefix(f"```console\n{screen.command}\n").removesuffix("```")


def test_every_kind_of_change_is_there() -> None:
    said = "".join(PAGE[slice(*screen.place)] for screen in SCREENS)
    for effect in ("create", "recreate", "remove", "hot reload", "host action", "no effect"):
        assert re.search(f"  {effect}  ", said), effect
    for words in ("DATA ", "serve meanwhile", "is called", "nothing changes", "HEAD:topology.yaml:"):
        assert words in said
    assert {screen.sample for screen in SCREENS} == {"nfs-replicas", "shared-volume", "nas"}


def test_only_commands_are_longer_than_a_line() -> None:
    for screen in SCREENS:
        for line in PAGE[slice(*screen.place)].splitlines():
            assert len(line) <= 120 or "sudo " in line, line


def test_a_cause_is_the_changed_line() -> None:
    """Every line of the new topology that a row of a service names is changed, or holds what is."""
    for screen in SCREENS:
        old, new = screen.before.splitlines(), screen.after.splitlines()
        rows = re.findall(r"[~+] [a-z]+-\d.* topology\.yaml:(\d+)$", PAGE[slice(*screen.place)], re.MULTILINE)
        for number in rows:
            named = new[int(number) - 1]
            assert named not in old or named.rstrip().endswith(":"), (screen.command, named)


@pytest.mark.slow
def test_what_the_page_does_not_say_is_told() -> None:
    def text(change: str, command: str = "$ composegen diff") -> str:
        return f"samples/nas/\n```diff\n{change}```\n```console\n{command}\n```\n"

    def made(page: str) -> str:
        return transcripts.updated(
            page, original, lambda topology, sample: compile_text(topology, folder=FOLDER / sample)
        )

    good = "-name: nas-llm\n+name: llm\n"
    assert "project nas-llm -> llm" in made(text(good))
    assert made(made(text(good))) == made(text(good))
    for page, words in (
        (text("-name: other\n+name: llm\n"), "0 times"),
        (text(" stores:\n \n"), "0 times"),
        (text("-name: nas-llm\n+name: [\n"), "has errors"),
        (text(good, "$ ls"), "is not `\\$ composegen diff`"),
        (text(good, "$ composegen diff --nonsense"), "--nonsense"),
        (text(good).removeprefix("samples/nas/"), "before it names a sample"),
    ):
        with pytest.raises(TranscriptError, match=words):
            made(page)
