"""`python -m composegen`."""

from __future__ import annotations

from composegen.cli import main

if __name__ == "__main__":
    main()
