"""Entry point of the program, and of `python -m composegen`.

Nothing but Ctrl-C is dealt with here: from the first moment on it ends the program with 130 and without a traceback,
also while modules are imported, and where Python could only report it (in a destructor).
"""

from __future__ import annotations

import os
import sys
from typing import Any

INTERRUPTED = 130
"""Exit code after Ctrl-C; `errors` has the others, but is not imported yet when this is needed."""


def main() -> None:
    """Run the command line and end with its exit code."""
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    from composegen.cli import main as run

    run()


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
