"""Renders to disks that are full, read-only or somebody else's: the old tree stays whole, and the message says why.

    unshare --mount sh -c 'mount -t tmpfs -o size=16m tmpfs /mnt && python -m tests.tools.filling --folder /mnt'

The folder must be a file system of its own, because it is filled; it needs root. Prints a tally as JSON, or what was
wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.tools.killing import Site, quick

NOBODY = 65534
STEP = 8 * 1024
"""Bytes by which the room grows from one render to the next."""


def outcome(site: Site, name: str, user: int = 0) -> tuple[int, str]:
    """Exit code and messages of a render in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 2)
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        code = 99
        try:
            code = site.render(name)
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as messages:
        text = messages.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


def refuse_other_than_all_or_nothing(site: Site, reason: str) -> bool:
    """Render `new` over `old`: all is new, or all is old and the message gives the reason. Returns if it is new."""
    code, text = outcome(site, "new")
    if code == 0:
        site.refuse_unclean("new")
        return True
    assert code == 2, f"exit code {code}: {text}"
    assert reason in text, text
    assert "nothing was written" in text, text
    assert "Traceback" not in text, text
    site.refuse_unclean("old")
    return False


def full(site: Site, folder: Path) -> Counter[str]:
    """Leave less room than is needed, more with each render, until it is enough."""
    total: Counter[str] = Counter()
    ballast = folder / "ballast"
    for room in range(0, 1 << 30, STEP):
        free = os.statvfs(folder)
        ballast.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - room)))
        done = refuse_other_than_all_or_nothing(site, "No space left on device")
        ballast.unlink()
        total["written" if done else "no_space"] += 1
        if done:
            break
    assert outcome(site, "old")[0] == 0
    return total


def without_inodes(site: Site, folder: Path) -> Counter[str]:
    """The same with the number of files that the file system can hold."""
    total: Counter[str] = Counter()
    ballast = folder / "ballast"
    for room in range(10_000):
        ballast.mkdir()
        for number in range(max(0, os.statvfs(folder).f_favail - room)):
            (ballast / str(number)).touch()
        done = refuse_other_than_all_or_nothing(site, "No space left on device")
        subprocess.run(["rm", "-r", ballast], check=True)
        total["written" if done else "no_inode"] += 1
        if done:
            break
    assert outcome(site, "old")[0] == 0
    return total


def read_only(site: Site, folder: Path) -> Counter[str]:
    """A disk that takes nothing; what is there already can be rendered all the same."""
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    assert not refuse_other_than_all_or_nothing(site, "Read-only file system")
    assert outcome(site, "old")[0] == 0
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
    return Counter(read_only=1)


def without_rights(site: Site, folder: Path) -> Counter[str]:
    """A folder in the tree, then the output folder itself, belongs to somebody else."""
    folder.chmod(0o755)
    for place in (site.root, *site.root.rglob("*")):
        os.chown(place, NOBODY, NOBODY)
    for theirs in (site.root / "h3", site.root):
        os.chown(theirs, 0, 0)
        code, text = outcome(site, "new", NOBODY)
        assert code == 2, text
        assert "ermission" in text, text
        assert "nothing was written" in text, text
        site.refuse_unclean("old")
        os.chown(theirs, NOBODY, NOBODY)
    assert outcome(site, "new", NOBODY)[0] == 0
    site.refuse_unclean("new")
    return Counter(no_rights=2)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    folder: Path = parser.parse_args().folder
    quick()
    site = Site(folder, hosts=6)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        assert site.render("old") == 0
        total = full(site, folder) + without_inodes(site, folder) + read_only(site, folder)
        total += without_rights(site, folder)
    except AssertionError as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(1)
    sys.stdout.write(json.dumps(total) + "\n")


if __name__ == "__main__":
    main()
