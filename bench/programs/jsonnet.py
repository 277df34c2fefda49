"""Evaluates a Jsonnet file to an object of path and text, and writes these files.

usage: jsonnet.py gojsonnet|rjsonnet FILE OUTPUT
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def main(module: str, source: str, output: str) -> None:
    """Write all files."""
    found = importlib.import_module("_gojsonnet" if module == "gojsonnet" else module)
    for name, text in json.loads(found.evaluate_file(source)).items():
        path = Path(output) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
