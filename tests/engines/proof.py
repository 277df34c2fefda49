"""What the tests of engines prove, and the page that says so: `python -m tests.engines.proof` writes docs/proof.md.

Claims come from declared.py, results from recording.py. tests/test_proof.py holds the page against the claims without
running an engine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import groupby

from tests.engines import recording, versions
from tests.engines.declared import TESTS, Claim, declared
from tests.engines.recording import Result

PAGE = TESTS.parent.parent / "docs" / "proof.md"

HEAD = """\
# What is proven on real engines

Each line is a claim: a test in `tests/engines/` that fails when it is not true, the engines that it ran on, what it
measured, and the day on which it last passed. `make engines` runs the tests; `make proof` writes this page from their
last results. They run on one machine: hosts are addresses in one network, and no figure is a benchmark. The version of
Docker Engine is that of its Go module, `github.com/moby/moby/v2`, which is numbered otherwise than its releases.
"""

NOT_PROVEN = f"""\
## What is not proven

- **Ollama newer than {versions.OLLAMA}.** It is the newest that can be built without the projects' image registries,
  and stands behind the tag that a sample names. What newer ones change is read from their sources, not run.
- **The official images.** Those here have the entrypoint, the environment, the shell and the lack of curl of the
  official ones. `COMPOSEGEN_ENGINES_PULL=1 make engines` pulls the official images instead, and with the name of a
  registry instead of 1 those that it has. Only the pulling was seen, from a registry of the images made here.
- **GPUs.** There is none: what is shown is that a request arrives at the engine, or in the container, as it was
  written. No model was computed on one.
- **Models of real size.** The model is a real one, of half a megabyte: it loads at once and answers at once. Times for
  loading, memory, and speed say nothing of a model with billions of weights.
- **Several machines.** Hosts share a kernel and a clock. Only NFS, its units and the firewall's unit run on machines of
  their own; elsewhere a folder that hosts have in common stands for NFS.
- **ssh.** Scripts that go from host to host do so through a program of that name that runs a shell on this machine.
- **A disk or a network that loses data**, and loads for longer than minutes.
- **Models deleted on NFS while a replica has them loaded.**
"""


def page(claims: Iterable[Claim], results: Mapping[str, Result]) -> str:
    """The page; a claim whose test did not pass when it last ran, or never ran, says so."""
    parts = [HEAD]
    for section, those in groupby(claims, key=lambda claim: claim.section):
        rows = "".join(_row(claim, results.get(claim.test)) for claim in those)
        parts.append(f"## {section}\n\n| Claim | Shown on | Figures | Day |\n|---|---|---|---|\n{rows}")
    return "\n".join([*parts, NOT_PROVEN])


def _row(claim: Claim, result: Result | None) -> str:
    engines, figures, day = ", ".join(claim.engines), "**not proven: never ran**", "-"
    if result is not None and result.passed:
        engines = ", ".join(f"{engine} {result.versions[engine]}" for engine in claim.engines)
        figures, day = _figures(claim, result), result.day
    elif result is not None:
        figures, day = "**not proven: failed**", result.day
    cells = (claim.sentence, engines, figures, day)
    return "".join(f"| {cell.replace('|', '&#124;')} " for cell in cells) + "|\n"


def _figures(claim: Claim, result: Result) -> str:
    cases = [f"{len(result.cases)} {claim.each}"] if claim.each else []
    return "; ".join([*cases, *result.figures])


def main() -> int:
    """Write the page; 1 when a claim on it is without proof."""
    claims, results = declared(), recording.kept()
    PAGE.write_text(page(claims, results))
    unproven = [claim.test for claim in claims if not recording.is_proven(claim.test, results)]
    for test in unproven:
        sys.stderr.write(f"not proven: {test} failed in its last run, or never ran here\n")
    return 1 if unproven else 0


if __name__ == "__main__":
    sys.exit(main())
