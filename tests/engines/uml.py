"""Machines for the tests: user-mode Linux guests with systemd, on a network of their own that nothing else reaches."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.engines.space import Running, Space
from tests.engines.uml_root import root_image

LONGEST = 600
"""Seconds after which guests are given up, all that they do taken together."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command in a guest printed, and its exit code."""

    code: int
    text: str


@dataclass(kw_only=True)
class Guest:
    """A machine: it is started, does what it is told, may be switched off and started again with the disk it has."""

    name: str
    address: str
    folder: Path
    space: Space
    """Where it runs; whatever is left of it ends with that."""
    running: Running | None = None
    commands: int = field(default=0)
    given_up: float = field(default_factory=lambda: time.monotonic() + LONGEST)

    @property
    def share(self) -> Path:
        """Folder that the guest sees as /share."""
        return self.folder / "share"

    @property
    def log(self) -> Path:
        """What the guest's console showed, over all its boots."""
        return self.folder / "console"

    def switch_on(self) -> None:
        """Boot; returns at once."""
        self.share.mkdir(parents=True, exist_ok=True)
        for old in self.share.glob("ready.*"):
            old.unlink()
        self.running = self.space.start(
            *("linux.uml", "mem=256M", "root=/dev/ubda", "rw", f"ubda={self.folder / 'disk'},{root_image()}"),
            f"vec0:transport=tap,ifname={self.name},depth=64",
            *("con=null", "con0=null,fd:1", f"umid={self.name}", f"uml_dir={self.folder}"),
            *(f"share={self.share}", f"address={self.address}/24", f"systemd.hostname={self.name}"),
            *("fsck.mode=skip", "quiet"),
            log=self.log,
        )

    def switch_off(self) -> None:
        """Cut the power, but for what is on the disk already."""
        if self.running is None:
            return
        self.tell("sync; systemctl poweroff --force --force")
        self.running.process.wait(timeout=30)
        self.running = None
        # The command that switched it off has no end of its own.
        (self.share / f"{self.commands}.code").write_text("0\n")

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self.running is not None and self.running.process.poll() is None:
            subprocess.run(["kill", "-KILL", str(self.running.pid)], check=False)
            self.running.process.wait(timeout=30)

    def tell(self, script: str) -> int:
        """Have a shell script run; its number."""
        self.commands += 1
        unfinished = self.share / f"{self.commands}.unfinished"
        unfinished.write_text(script)
        unfinished.rename(self.share / f"{self.commands}.sh")
        return self.commands

    def run(self, script: str, timeout: float = 60) -> Answer:
        """Run a shell script as root and wait for its end. The first one also waits for the boot."""
        number = self.tell(script)
        code = self.share / f"{number}.code"
        begun = time.monotonic()
        until = min(begun + timeout, self.given_up)
        while not code.exists():
            assert self.running is not None, f"{self.name} is switched off"
            assert self.running.process.poll() is None, self.last_words()
            waited = time.monotonic() - begun
            assert begun + waited < until, f"{self.name} did not end {script!r} in {waited:.0f} s\n{self.last_words()}"
            time.sleep(0.05)
        return Answer(code=int(code.read_text()), text=(self.share / f"{number}.out").read_text(errors="replace"))

    def last_words(self) -> str:
        """The end of what the console showed."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""


@contextmanager
def guests(folder: Path, addresses: dict[str, str]) -> Iterator[dict[str, Guest]]:
    """Guests by name, not yet switched on; each gets a network interface of that name on one bridge."""
    root_image()
    space = Space()
    try:
        space.must("ip", "link", "add", "hosts0", "type", "bridge")
        space.must("ip", "link", "set", "hosts0", "up")
        for name in addresses:
            space.must("ip", "tuntap", "add", "dev", name, "mode", "tap")
            space.must("ip", "link", "set", name, "master", "hosts0", "up")
        found = {
            name: Guest(name=name, address=address, folder=_empty(folder / name), space=space)
            for name, address in addresses.items()
        }
        try:
            yield found
        finally:
            for guest in found.values():
                guest.kill()
    finally:
        space.close()


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
