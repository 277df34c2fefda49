"""Build hook: puts templates, schemas and the input files of the samples into the wheel as `composegen/_data/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OUTPUT_OF_SAMPLES = {"expected", "README.md", "plan.txt", "findings.txt"}
"""What `io.resources.is_input` leaves out too."""


class DataHook(BuildHookInterface[Any]):
    """Adds the files; an editable install reads them from the checkout and must not get a copy that goes stale."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds."""
        if version == "editable":
            return
        root = Path(self.root)
        for folder in ("templates", "schemas", "samples"):
            for path in sorted(path for path in (root / folder).rglob("*") if path.is_file()):
                relative = path.relative_to(root)
                if folder != "samples" or OUTPUT_OF_SAMPLES.isdisjoint(relative.parts[2:3]):
                    build_data["force_include"][str(path)] = f"composegen/_data/{relative.as_posix()}"
