"""Damage to every sample, of structure and of text: never a traceback, and the finding stands where it was done.

A slice in each run; `PROPERTY_EXAMPLES=100000` tries as many, `PROPERTY_SEED=...` repeats a run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from composegen import cli, document, pipeline
from composegen.document import Document
from composegen.findings import Finding, Location, Severity, has_errors
from composegen.io.source import bare_world
from composegen.keypath import KeyPath
from composegen.pipeline import Compiled, Source
from composegen.report import Sources, json, text
from tests.properties import mutations
from tests.properties.effort import SEED, examples
from tests.sampling import FOLDER, SAMPLES

ELSEWHERE = {
    "CG016": "a patch makes a generated file wrong; the patch is told by what it matches",
    "CG008": "the variable is listed no longer; its use is told",
    "CG102": "a default is gone; the null that took it away is told",
    "CG104": "the kind of a store is another one; what does not belong to that kind is told",
    "CG106": "the name is gone; what still uses it is told",
    "CG107": "the last host of a service is gone; the service is told",
    "CG111": "what is generated is other than a patch expects; the patch is told",
}
"""Findings about what has lost the thing that it needs: they stand at what is left."""

WHOLE_PLAN = "CG2"
"""Codes from here on are rules: they look at what several places say together."""

every_sample = pytest.mark.parametrize("sample", SAMPLES)


class Case:
    """A sample with the world around it."""

    def __init__(self, sample: str) -> None:
        """`sample`: name of its folder."""
        self.data = (FOLDER / sample / "topology.yaml").read_bytes()
        parsed, _ = document.parse(sample, self.data)
        assert parsed is not None
        self.plain = parsed.data
        self.world = replace(bare_world(FOLDER / sample), compiled={})
        self.chance = random.Random(f"{SEED} {sample}")  # noqa: S311 - the same damage for the same seed

    def compile(self, data: bytes) -> Compiled:
        """What composegen makes of the damaged topology, after looking at everything that it says of it."""
        try:
            return self._compiled(data)
        except Exception as error:  # whatever it is: what led to it must be told
            raise AssertionError(f"PROPERTY_SEED={SEED}\n{data.decode('utf-8', 'backslashreplace')}") from error

    def _compiled(self, data: bytes) -> Compiled:
        compiled = pipeline.compile(Source(name="topology.yaml", data=data), self.world)
        shown = data.decode("utf-8", "replace")
        locate = compiled.document.locate if compiled.document else None
        sources = Sources(name="topology.yaml", texts={"topology.yaml": shown}, locate=locate)
        assert text.report(compiled.findings, sources)
        assert json.report(compiled.findings, sources)
        assert (compiled.tree is None) == has_errors(compiled.findings)
        for finding in compiled.findings:
            place = sources.place(finding.where).span
            assert 1 <= place.line <= len(shown.splitlines()) + 1, finding
            assert place.column >= 1, finding
        return compiled


def slices(sample: str) -> int:
    """How many damages one kind of test does to one sample."""
    return max(1, examples(320) // (4 * len(SAMPLES)) * (3 if sample == "kitchen-sink" else 1))


@every_sample
@pytest.mark.slow
def test_a_damaged_structure_is_told_where_it_was_damaged(sample: str) -> None:
    case = Case(sample)
    for _ in range(2 * slices(sample)):
        mutant = mutations.structural(case.plain, case.chance)
        compiled = case.compile(mutant.text.encode())
        errors = [finding for finding in compiled.findings if finding.severity is Severity.ERROR]
        if errors and compiled.document is not None:
            far = [finding for finding in errors if not _is_near(finding, compiled.document, mutant.touched)]
            told = f"PROPERTY_SEED={SEED}: {sample}: {mutant.deed}"
            assert all(one.code in ELSEWHERE or one.code >= WHOLE_PLAN for one in far), (told, far)


@every_sample
@pytest.mark.slow
def test_no_damage_to_the_text_is_too_bad(sample: str) -> None:
    case = Case(sample)
    for _ in range(slices(sample)):
        case.compile(mutations.textual(case.data.decode(), case.chance).encode())
        case.compile(mutations.damaged_bytes(case.data, case.chance))


@every_sample
@pytest.mark.slow
def test_nothing_is_written_for_a_damaged_topology(sample: str, tree: Callable[..., Path]) -> None:
    case = Case(sample)
    for damaged in _refused(case):
        folder = tree({"topology.yaml": damaged})
        assert cli.run(["render", str(folder / "topology.yaml")]) == 1, damaged
        assert [path.name for path in folder.iterdir()] == ["topology.yaml"]


def _refused(case: Case) -> Iterator[bytes]:
    """Some damaged topologies with errors."""
    found = 0
    while found < 3:
        data = mutations.structural(case.plain, case.chance).text.encode()
        if has_errors(case.compile(data).findings):
            found += 1
            yield data


def _is_near(finding: Finding, parsed: Document, touched: tuple[KeyPath, ...]) -> bool:
    """Whether a finding stands on a node that was touched, below it, or on the one around it."""
    places = [_path(location, parsed) for location in (finding.where, *finding.related)]
    return any(place[: len(path)] == path or place == path[:-1] for place in places for path in touched)


def _path(location: Location, parsed: Document) -> KeyPath:
    """The path of what stands at a place; a finding about text brings only lines, and the innermost node is meant."""
    if location.span is None:
        return parsed._written(location.path)
    line, column = location.span.line, location.span.column
    around = [
        path
        for table in (parsed.values, parsed.keys)
        for path, span in table.items()
        if (span.line, span.column) <= (line, column) < (span.end_line, span.end_column)
    ]
    return max(around, key=len, default=())
