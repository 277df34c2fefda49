"""What the later stages have to say of a topology with faults, so that one run tells as much as is certain.

Everything here goes by what `salvage` leaves of the topology and says only what `doubts` lets stand. Nothing of it is
rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from composegen import build, modelfiles, policy, references, resolve, rules
from composegen.findings import Finding, Findings
from composegen.salvage import salvage

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.doubts import Doubts
    from composegen.suppressions import Allowed, Suppressions
    from composegen.topology import Topology

_TOO_MANY = "CG012"


class Remainder(Struct, frozen=True, kw_only=True):
    """What is left to say: the findings, those that comments allow, and those about values that no report may show."""

    findings: Findings = ()
    allowed: tuple[Allowed, ...] = ()
    sensitive: Findings = ()


class _Sound(Struct, frozen=True, kw_only=True):
    """What is left of a topology, and what is doubtful about it."""

    topology: Topology
    doubts: Doubts


def remainder(
    document: Document, faults: Findings, content: Callable[[str], bytes | None], comments: Suppressions
) -> Remainder:
    """What is certain beside the faults that the earlier stages have found; `content` reads the topology's files."""
    if _are_cut_off(faults):
        return Remainder()
    sound, dangling = _connected(document, faults)
    if sound is None:
        return Remainder(findings=dangling)
    return _judged(sound, dangling, document, content, comments)


def _connected(document: Document, faults: Findings) -> tuple[_Sound | None, Findings]:
    """What is left when all that leads nowhere is taken out too, and what there was of that."""
    told: Findings | None = None
    left = salvage(document, faults)
    while left is not None:
        sound, doubts = left
        topology = build.build(sound)
        dangling = references.check(topology)
        if told is None:
            told = tuple(filter(None, map(doubts.left, references.check(topology, doubts.may_exist))))
        if not dangling:
            return _Sound(topology=topology, doubts=doubts), told
        left = None if _are_cut_off(dangling) else salvage(sound, dangling, doubts)
        if left is not None and left[0].data == sound.data:
            break
    return None, told or ()


def _judged(
    sound: _Sound,
    dangling: Findings,
    document: Document,
    content: Callable[[str], bytes | None],
    comments: Suppressions,
) -> Remainder:
    """What the rules say; their findings are judged one by one, before what is said twice is said once."""
    chosen = policy.check(sound.topology)
    doubts = sound.doubts.with_choices(chosen)
    files, missing = modelfiles.read(sound.topology, content)
    sensitive: list[Finding] = []

    def judge(finding: Finding) -> Finding | None:
        if finding.sensitive:
            sensitive.append(finding)
        return doubts.left(finding)

    found = rules.check(resolve.resolve(sound.topology, files), document.locate, judge)
    left, allowed = comments.apply(policy.apply(sound.topology, found), whole=False)
    first = (*dangling, *filter(None, map(doubts.left, (*chosen, *missing))))
    return Remainder(findings=(*first, *left), allowed=allowed, sensitive=tuple(sensitive))


def _are_cut_off(findings: Findings) -> bool:
    """Whether there are more findings than are told."""
    return any(finding.code == _TOO_MANY for finding in findings)
