"""What a finding is called from one report to the next: the same name and fingerprint while it is the same finding.

Both come from code, file and node of the topology, never from lines or words, so neither moving lines nor a better
message makes an old finding look new.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from composegen.keypath import show
from composegen.report import Located, Sources


class Identity(Struct, frozen=True, kw_only=True):
    """A name for people and a fingerprint for programs, each of them unique in its report."""

    name: str
    fingerprint: str


def identities(items: Iterable[Located], sources: Sources) -> tuple[Identity, ...]:
    """The identity of each finding; what is found several times at one node is counted."""
    seen: Counter[str] = Counter()
    found = []
    for item in items:
        name, key = _name(item), _key(item, sources)
        seen[name] += 1
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", "backslashreplace")).hexdigest()[:32]
        found.append(Identity(name=name if seen[name] == 1 else f"{name} ({seen[name]})", fingerprint=digest))
    return tuple(found)


def _name(item: Located) -> str:
    finding = item.finding
    where = f" {show(finding.where.path)}" if finding.where.path else ""
    return f"{finding.code} {finding.slug}{where}"


def _key(item: Located, sources: Sources) -> str:
    """What makes a finding the same one; key paths are joined so that no two of them are alike."""
    where = item.finding.where
    path = (f"{type(part).__name__}:{part}" for part in where.path)
    return "\0".join((item.finding.code, where.part, sources.relative(item.place.file), *path))
