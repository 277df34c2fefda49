"""Puts the output folder into the definition, then becomes docker-compose-templer.

usage: templer.py DEFINITION OUTPUT
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(definition: str, output: str) -> None:
    """Write all Compose files."""
    filled = Path(output) / "definition.yaml"
    filled.parent.mkdir(parents=True)
    filled.write_text(Path(definition).read_text(encoding="utf-8").replace("{out}", output), encoding="utf-8")
    program = Path(sys.executable).parent / "docker-compose-templer"
    os.execv(program, [str(program), "--force", str(filled)])


if __name__ == "__main__":
    main(*sys.argv[1:])
