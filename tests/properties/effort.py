"""How much the property tests try: a slice in each run, as much as asked for by the environment.

`PROPERTY_EXAMPLES=1000` sets how many cases each property gets, `PROPERTY_SEED=7` repeats a run; the seed of a run is
printed with what fails. Without one it follows from the program itself: each change of it is tried with other cases,
and whoever runs the tests of the same commit gets the same verdict.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import hypothesis

ROOT = Path(__file__).parents[2]


def _of_the_program() -> int:
    """A number below 2**32 that changes with every file from which something is rendered."""
    digest = hashlib.sha256()
    for folder in ("composegen", "templates", "schemas"):
        for file in sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".j2", ".json"}):
            digest.update(file.read_bytes())
    return int.from_bytes(digest.digest()[:4])


SEED = int(os.environ.get("PROPERTY_SEED", "0")) or _of_the_program()
"""Every failure names the one that it came from."""

_SLOW = (hypothesis.Phase.shrink, hypothesis.Phase.explain)
"""Making a whole topology smaller takes minutes; what failed is shown as it is."""

Test = TypeVar("Test", bound=Callable[..., None])


def examples(slice_of_them: int) -> int:
    """How many cases to try: those asked for, else a slice."""
    return int(os.environ.get("PROPERTY_EXAMPLES", str(slice_of_them)))


def tried(slice_of_them: int) -> Callable[[Test], Test]:
    """Settings of a hypothesis test that tries this many examples; failing ones are printed to be run again."""
    return hypothesis.settings(
        max_examples=examples(slice_of_them),
        print_blob=True,
        phases=[phase for phase in hypothesis.Phase if phase not in _SLOW],
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
    )
