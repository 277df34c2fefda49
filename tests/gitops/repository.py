"""A git repository with a topology, its committed files, and changes on branches, as a code host has it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOPOLOGY = """\
name: ollama
hosts:
  box: {address: 10.0.0.5}
services:
  ollama: {image: "ollama/ollama:0.32.15", models: [mistral:7b], hosts: {box: 1}}
"""
CHANGED = TOPOLOGY.replace("{box: 1}", "{box: 2}")
BROKEN = TOPOLOGY.replace("address", "adress")
FLOATING = CHANGED.replace("0.32.15", "latest")
SAME = f"# A word more.\n{TOPOLOGY}"

NOBODY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "ops" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ops@example.org" for who in ("AUTHOR", "COMMITTER")},
}
"""The environment of git: no settings of whoever runs the tests."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """The server's repository, and the working copy of somebody who changes it."""

    folder: Path

    @property
    def origin(self) -> Path:
        return self.folder / "origin.git"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def commit(self, topology: str, *, render: bool = True, name: str = "topology.yaml") -> None:
        """Commit a topology, and what it renders to."""
        (self.work / name).parent.mkdir(exist_ok=True)
        (self.work / name).write_text(topology, encoding="utf-8")
        if render:
            composegen(self.work, "render", name)
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--message", "A change")

    def pull(self, name: str, topology: str, *, render: bool = True, file: str = "topology.yaml") -> None:
        """A pull request: its branch, and what the server makes of it, the base merged with the branch (base first)."""
        git(self.work, "checkout", "--quiet", "-B", name, "origin/main")
        self.commit(topology, render=render, name=file)
        git(self.work, "checkout", "--quiet", "--detach", "origin/main")
        git(self.work, "merge", "--quiet", "--no-ff", "-m", "Trial", name)
        git(self.work, "push", "--quiet", "--force", "origin", name, f"HEAD:refs/pull/{name}/merge")

    def check_out(self, folder: Path, reference: str, *options: str) -> Path:
        """A runner's working copy: this commit, with as much history as `options` of `git fetch` say."""
        git(self.folder, "init", "--quiet", str(folder))
        git(folder, "remote", "add", "origin", self.origin.as_uri())
        git(folder, "fetch", "--quiet", "--no-tags", *options, "origin", reference)
        git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        return folder


def site(folder: Path) -> Site:
    """A server with a commit on `main`, and six pull requests."""
    made = Site(folder=folder)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(made.origin))
    # As the big code hosts are set up: a commit can be asked for by its name.
    git(made.origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(folder, "clone", "--quiet", str(made.origin), str(made.work))
    git(made.work, "checkout", "--quiet", "-B", "main")
    made.commit(TOPOLOGY)
    git(made.work, "push", "--quiet", "origin", "main")
    made.pull("more", CHANGED)
    made.pull("stale", CHANGED, render=False)
    made.pull("broken", BROKEN, render=False)
    made.pull("same", SAME)
    made.pull("floating", FLOATING)
    made.pull("first", TOPOLOGY, file="new/topology.yaml")
    return made


def git(folder: Path, *arguments: str) -> str:
    """What git prints; the test fails when git does."""
    return run(folder, "git", *arguments)


def composegen(folder: Path, *arguments: str) -> str:
    """What composegen prints."""
    return run(folder, sys.executable, "-m", "composegen", *arguments)


def run(folder: Path, *command: str) -> str:
    """What a program prints; the test fails when it does."""
    ended = subprocess.run(
        command, cwd=folder, env={**os.environ, **NOBODY}, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.strip()
