"""What the tests of engines claim, read from their sources: no test is imported, no engine is needed.

A test claims something with the mark `proves`: a sentence, the engines that show it, and what each of its cases is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent

SECTIONS = {
    "test_starts": "It starts",
    "test_another_model": "It starts",
    "test_troubles": "What goes wrong is said",
    "test_oldest_engine": "It starts on the oldest Docker Engine",
    "test_routes": "It routes",
    "test_failover": "It fails over",
    "test_effects": "What `diff` says comes true",
    "test_rollout": "It rolls",
    "test_rollout_by_host": "It rolls",
    "test_verify": "It is verified",
    "test_migrate": "Models move",
    "test_nfs_machine": "NFS and systemd",
    "test_nfs_files": "NFS and systemd",
    "test_random_nfs_files": "NFS and systemd",
    "test_firewall": "Nobody goes round the gateway",
    "test_gpus": "Requests for GPUs reach the engine",
    "test_full_disk": "All files or none",
}
"""The page's headings, in its order, by the modules whose claims stand below them."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One mark: the test that has it, as `test_routes.py::test_name`, and what it says."""

    test: str
    sentence: str
    engines: tuple[str, ...]
    each: str
    """What one case of the test is, in the plural, such as `samples`."""

    @property
    def section(self) -> str:
        return SECTIONS[self.test.partition(".")[0]]


def declared() -> list[Claim]:
    """Every claim, in the order of the page."""
    order = {module: position for position, module in enumerate(SECTIONS)}
    paths = sorted(TESTS.glob("test_*.py"), key=lambda path: order.get(path.stem, len(order)))
    return [claim for path in paths for claim in _claims(path)]


def _claims(path: Path) -> Iterable[Claim]:
    functions = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))
    for function in functions:
        for mark in function.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.proves":
                sentence, *engines = (ast.literal_eval(argument) for argument in mark.args)
                words = {word.arg: ast.literal_eval(word.value) for word in mark.keywords}
                test = f"{path.name}::{function.name}"
                yield Claim(test=test, sentence=sentence, engines=tuple(engines), each=words.get("each", ""))
