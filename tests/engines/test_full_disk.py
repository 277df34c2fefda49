"""Rendering to a real file system that is full, out of inodes, read-only or somebody else's: all files or none."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.invoking import CHECKOUT

pytestmark = pytest.mark.engine

SCRIPT = 'mount -t tmpfs -o size=2m,nr_inodes=400,mode=755 tmpfs /mnt; exec "$@"'
"""In a mount namespace of its own: nothing of it is seen outside."""


@pytest.mark.proves(
    "`composegen render` to a disk that is full, out of inodes, read-only or somebody else's leaves the old tree whole",
    "Linux",
)
def test_the_old_tree_stays_whole() -> None:
    program = [sys.executable, "-m", "tests.tools.filling", "--folder", "/mnt"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", SCRIPT, "sh", *program],
        cwd=CHECKOUT,
        env={**os.environ, "COMPOSEGEN_CACHE_DIR": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tally = json.loads(done.stdout)
    assert tally["no_space"] > 3
    assert tally["no_inode"] > 10
    assert (tally["written"], tally["read_only"], tally["no_rights"]) == (2, 1, 2)
