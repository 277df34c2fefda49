"""Runs the steps of action.yml as a runner does: each one's own script in bash, with the environment that it states.

It understands of expressions what action.yml uses, and fails on anything else.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ACTION = CHECKOUT / "action.yml"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")


@dataclass(kw_only=True)
class Job:
    """One use of the action in a job."""

    checkout: Path
    temporary: Path
    values: Mapping[str, str]
    """Values of expressions by their names: `github.token`, `inputs.topology`."""
    environment: Mapping[str, str]
    installed: bool = True
    """Whether composegen is there already, so that its step is not run."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """How the steps ended, by name."""
    log: str = ""
    known: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return "failure" in self.outcomes.values()

    @property
    def summary(self) -> str:
        path = self.temporary / "summary"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def run(self) -> Job:
        """Every step whose condition holds."""
        action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
        defaults = {f"inputs.{name}": str(about["default"]) for name, about in action["inputs"].items()}
        self.known = {**defaults, **self.values}
        self.known |= {name: self.text(value) for name, value in self.known.items()}
        for step in action["runs"]["steps"]:
            outcome = self._step(step)
            self.outcomes[step["name"]] = outcome
            if "id" in step:
                self.known[f"steps.{step['id']}.outcome"] = outcome
        return self

    def _step(self, step: Mapping[str, Any]) -> str:
        if "uses" in step or (self.installed and step.get("id") == "install"):
            return "success"
        if not self.holds(step.get("if")):
            return "skipped"
        output = self.temporary / "output"
        output.write_text("")
        ended = subprocess.run(
            [*SHELL, step["run"]],
            cwd=self.checkout,
            env={
                **os.environ,
                **self.environment,
                **{name: self.text(value) for name, value in step["env"].items()},
                "GITHUB_ACTION_PATH": str(CHECKOUT),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.temporary / "summary"),
                "RUNNER_TEMP": str(self.temporary),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.log += ended.stdout + ended.stderr
        self.known |= dict(_outputs(step.get("id", ""), output.read_text(encoding="utf-8")))
        return "success" if ended.returncode == 0 else "failure"

    def holds(self, condition: str | None) -> bool:
        """A condition: `!cancelled()` and comparisons, joined by `&&`; without one, nothing has failed so far."""
        if condition is None:
            return not self.failed
        found = EXPRESSION.fullmatch(condition)
        assert found
        return all(self._comparison(term) for term in found[1].split(" && ") if term != "!cancelled()")

    def _comparison(self, term: str) -> bool:
        found = re.fullmatch(r"([\w.-]+) (==|!=) '(\w*)'", term)
        assert found, term
        return (self.value(found[1]) == found[3]) is (found[2] == "==")

    def text(self, template: str) -> str:
        return EXPRESSION.sub(lambda found: self.value(found[1]), template)

    def value(self, name: str) -> str:
        """An expression's value; a step that was skipped, or that set no such output, has an empty one."""
        assert name in self.known or name.startswith("steps."), name
        return self.known.get(name, "")


def _outputs(step: str, text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, value = line.partition("=")
        yield f"steps.{step}.outputs.{name}", value
