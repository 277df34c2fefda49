"""Entry point of the program, and of `python -m composegen`.

Nothing but Ctrl-C is dealt with here: from the first moment on it ends the program with 130 and without a traceback,
also while modules are imported, and where Python could only report it (in a destructor).
"""

from __future__ import annotations

import atexit
import gc
import os
import sys

from composegen import __version__

TYPE_CHECKING = False  # what `typing` says too, without its import
if TYPE_CHECKING:
    from typing import Any

INTERRUPTED = 130
"""Exit code after Ctrl-C; `errors` has the others, but is not imported yet when this is needed."""


def main() -> None:
    """Run the command line and end with its exit code."""
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    if sys.argv[1:] == ["--version"] and _say(f"composegen {__version__}\n"):
        return
    # A run is short, and what it makes lives to its end: looking for cycles would take a sixth of its time.
    gc.disable()
    from composegen.cli import run

    code = run()
    # Everything is written and flushed by now; to take a plan of thousands of objects apart would only take time.
    atexit.register(os._exit, code)
    sys.exit(code)


def _say(text: str) -> bool:
    """Print without importing the command line, which takes six times as long; whether that went well.

    The command line knows the option too, and what to do when nobody can read the answer.
    """
    try:
        return os.write(1, text.encode()) > 0
    except OSError:
        return False


def _uncaught(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
    """What nothing else has caught: Ctrl-C ends here, everything else as Python does it."""
    if issubclass(kind, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    sys.__excepthook__(kind, error, traceback)


def _unraisable(what: Any) -> None:
    """What could be raised nowhere: Ctrl-C in a destructor, for one."""
    if issubclass(what.exc_type, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    sys.__unraisablehook__(what)


if __name__ == "__main__":
    main()
