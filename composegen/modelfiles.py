"""The Modelfiles that a topology names; whoever may read files passes in how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from composegen.findings import Basis, Finding, Findings, Location, Severity

if TYPE_CHECKING:
    from composegen.keypath import KeyPath
    from composegen.topology import Topology


def read(topology: Topology, content: Callable[[str], bytes | None]) -> tuple[dict[str, bytes], Findings]:
    """Their contents by path, and a finding for each that cannot be read."""
    files: dict[str, bytes] = {}
    findings: list[Finding] = []
    for path, origin in _named(topology):
        found = content(path)
        if found is None:
            findings.append(_missing(path, origin))
        else:
            files[path] = found
    return files, tuple(findings)


def _named(topology: Topology) -> Iterator[tuple[str, KeyPath]]:
    for service in topology.services.values():
        for model in service.models:
            if model.modelfile is not None:
                yield model.modelfile, model.at("modelfile")


def _missing(path: str, origin: KeyPath) -> Finding:
    return Finding(
        code="CG011",
        slug="missing-file",
        severity=Severity.ERROR,
        message=f"there is no file `{path}` beside the topology",
        where=Location(path=origin),
        expected="a readable file in the topology's folder or below it",
        basis=Basis.PLACES,
    )
