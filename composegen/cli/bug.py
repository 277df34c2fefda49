"""What is printed when composegen itself is wrong: everything that a report of the bug needs, and no secret."""

from __future__ import annotations

import platform
import shlex
import traceback

from composegen import __version__


def report(arguments: list[str]) -> str:
    """What to paste into a report about the exception being handled; it holds no value of the environment."""
    return (
        "composegen: this is a bug in composegen, not in your topology. Please report all of this:\n\n"
        f"composegen {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}\n"
        f"composegen {shlex.join(arguments)}\n"
        f"{traceback.format_exc()}"
    )
