"""Several faults in one file: each is told, and nothing is told that would vanish when only the others are mended.

Every sample and every bad example of a rule gets faults of form at random places. A slice in each run;
`PROPERTY_EXAMPLES=10000` tries as many, `PROPERTY_SEED=...` repeats a run.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from composegen import acceptance, document, rules, variables
from composegen.findings import Basis, Finding
from composegen.io import resources
from composegen.keypath import KeyPath
from composegen.pipeline import Compiled
from tests.properties import mutations
from tests.properties.effort import SEED, examples
from tests.sampling import FOLDER, SAMPLES, compile_text

pytestmark = pytest.mark.slow

WRONG: Sequence[Any] = (None, True, 5, -1, 0.5, "", "a b", "A/", [], [1], [[]], {}, {"x": 1})
NAMES = ("No Name", "Box!", "-", "Ä")
ASIDE = 0.6
"""How many of the faults are where they need not disturb anything else."""

OF_FORM = {"CG008", *(f"CG10{number}" for number in range(1, 6))}
"""Codes of what is wrong with one place alone."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A topology with what there is beside it, and what is found without any further fault."""

    name: str
    text: str
    folder: str = ""
    files: dict[str, str] = field(default_factory=dict)

    def plain(self) -> Any:
        """The topology as data, without its comments."""
        parsed, _ = document.parse("topology.yaml", self.text.encode())
        assert parsed is not None
        return roomy(parsed.data)

    def compile(self, data: Any) -> Compiled:
        """What composegen makes of changed data."""
        return compile_text(mutations.dump(data), folder=FOLDER / self.folder, files=self.files)


def roomy(data: Any) -> Any:
    """The data with one more of everything, where faults leave the others in peace."""
    more = {
        "hosts": {"address": "10.99.0.1", "gpus": {"vendor": "amd", "devices": ["0"]}, "docker": {"engine": "29.2"}},
        "stores": {"kind": "nfs", "external": "nas99.example", "path": "/spare", "writer": "spare"},
        "services": {
            "store": "spare",
            "models": ["mistral:7b"],
            "environment": {"OLLAMA_KEEP_ALIVE": "1m"},
            "hosts": {"spare": {"instances": 1, "gpus": "all"}},
            "memory": "64GiB",
            "image": "ollama/ollama:0.32.15",
        },
        "apps": {"host": "spare", "needs": ["spare"], "compose": {"image": "example/spare:1.0"}},
    }
    if len(data["services"]) == 1 and isinstance(data.get("gateway"), dict):
        data["gateway"].setdefault("routes", [{"service": next(iter(data["services"]))}])
    for section, entry in more.items():
        name = "spare-app" if section == "apps" else "spare"
        data[section] = {**data.get(section, {}), name: entry}
    return data


CASES = (
    *(Case(name=name, text=(FOLDER / name / "topology.yaml").read_text(), folder=name) for name in SAMPLES),
    *(Case(name=rule.slug, text=rule.bad, files=dict(rule.files)) for rule in rules.rules()),
)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def key(finding: Finding) -> Hashable:
    """What makes two findings the same: all but advice and the lines, which move."""
    where = finding.where
    return finding.code, finding.severity, finding.message, where.path, where.part, where.file


def faulty(data: Any, chance: random.Random, places: set[KeyPath]) -> Any:
    """The data with one more fault of form; `places` grows by where it is."""
    for _ in range(200):
        mutant = copy.deepcopy(data)
        paths = [path for path in mutations.nodes(mutant) if path]
        spare = [path for path in paths if path[1:2] in {("spare",), ("spare-app",)}]
        path = chance.choice(spare if chance.random() < ASIDE else paths)
        deed = chance.choice(DEEDS)
        if deed(mutant, path, chance) and len(faults(mutant)) > len(faults(data)):
            places.add(path)
            return mutant
    return data


def _misspell(data: Any, path: KeyPath, chance: random.Random) -> bool:
    if not isinstance(path[-1], str) or len(path[-1]) < 3:
        return False
    slip = chance.randrange(len(path[-1]))
    return _renamed(data, path, path[-1][:slip] + path[-1][slip + 1 :])


def _misname(data: Any, path: KeyPath, chance: random.Random) -> bool:
    return isinstance(path[-1], str) and _renamed(data, path, chance.choice(NAMES))


def _renamed(data: Any, path: KeyPath, name: str) -> bool:
    parent = mutations.at(data, path[:-1])
    items = [(name if one == path[-1] else one, value) for one, value in parent.items()]
    parent.clear()
    parent.update(items)
    return len(parent) == len(items)


def _replace(data: Any, path: KeyPath, chance: random.Random) -> bool:
    """Another value; a mapping does not become another one, which would be more than one fault."""
    parent, value = mutations.at(data, path[:-1]), copy.deepcopy(chance.choice(WRONG))
    if isinstance(parent[path[-1]], dict) and isinstance(value, dict) and value:
        return False
    parent[path[-1]] = value
    return True


def _delete(data: Any, path: KeyPath, _chance: random.Random) -> bool:
    del mutations.at(data, path[:-1])[path[-1]]
    return True


def _indent(data: Any, path: KeyPath, _chance: random.Random) -> bool:
    """A key slips into the mapping before it."""
    parent = mutations.at(data, path[:-1])
    if not isinstance(parent, dict):
        return False
    before = list(parent).index(path[-1]) - 1
    target = list(parent.values())[before]
    if before < 0 or not isinstance(target, dict) or path[-1] in target:
        return False
    target[path[-1]] = parent.pop(path[-1])
    return True


def _in_compose(data: Any, path: KeyPath, chance: random.Random) -> bool:
    """Something that Compose does not know."""
    if path[-1] != "compose" or not isinstance(mutations.at(data, path), dict):
        return False
    mutations.at(data, path)[chance.choice(("imagee", "ports", "container_name"))] = chance.choice((1, "-", {"a": 1}))
    return True


DEEDS: Sequence[Callable[[Any, KeyPath, random.Random], bool]] = (
    *(_misspell, _misspell, _misname, _replace, _replace, _delete, _indent, _in_compose),
)


def faults(data: Any) -> frozenset[Hashable]:
    """What is wrong with the form of a topology."""
    parsed, _ = document.parse("topology.yaml", mutations.dump(data).encode())
    assert parsed is not None
    parsed, more = variables.substitute(parsed, {})
    found = (*more, *acceptance.check(parsed, resources.schema(), resources.compose_schema))
    return frozenset((key(one), one.expected) for one in found)


@every_case
def test_nothing_is_told_that_vanishes_with_the_other_faults(case: Case) -> None:
    data = case.plain()
    without = {key(finding) for finding in case.compile(data).findings}
    for number in range(max(1, examples(2 * len(CASES)) // len(CASES))):
        chance = random.Random(f"{SEED} {case.name} {number}")  # noqa: S311 - the same faults for the same seed
        mutant, places = data, set[KeyPath]()
        for _ in range(chance.choice((1, 1, 2, 3))):
            mutant = faulty(mutant, chance, places)
        found = case.compile(mutant).findings
        false = [one for one in found if one.code not in OF_FORM and key(one) not in without]
        assert not false, (f"PROPERTY_SEED={SEED} number {number}", places, false, mutations.dump(mutant))


@every_case
def test_a_fault_elsewhere_takes_nothing_away(case: Case) -> None:
    data = case.plain()
    without = case.compile(data).findings
    data["hosts"]["spare"]["adress"] = data["hosts"]["spare"].pop("address")
    found = case.compile(data).findings
    assert [finding.code for finding in found if finding.code in OF_FORM] == ["CG104"]
    assert {key(finding) for finding in found if finding.code not in OF_FORM} == {
        key(finding) for finding in without if finding.basis is not Basis.WHOLE
    }


def test_most_findings_do_not_wait() -> None:
    found = [finding for case in CASES for finding in case.compile(case.plain()).findings]
    assert sum(finding.basis is not Basis.WHOLE for finding in found) > len(found) / 2
