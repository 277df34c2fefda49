"""The user's own templates: which there are, which shipped ones they replace, and what they were taken from.

Pure: what lies in a folder is passed in as bytes by path.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from composegen.findings import Finding, Findings, Location, Severity, Span
from composegen.limits import first
from composegen.suggestion import cut

if TYPE_CHECKING:
    from composegen.templating import Templates
    from composegen.topology import Topology

CONTEXT = 1
"""The version of what templates are given; it rises when a name goes away or changes its meaning."""

LARGEST = 256 * 1024
"""Bytes of the largest template that is read."""

MOST = 500
"""Templates of the user's that are read from one folder."""

_DIGITS = 16
_STAMP = re.compile(
    r"\{#\s*composegen template (?P<name>\S+), shipped (?P<digest>[0-9a-f]{16}), context (?P<context>[0-9]{1,6})\b"
)
_START = Span(line=1, column=1, end_line=1, end_column=1)


class OwnTemplates(Struct, frozen=True, kw_only=True, dict=True):
    """The templates of one folder; `folder` is what findings call it, `files` are by path below it, with `/`."""

    folder: str
    files: Mapping[str, bytes]

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """The texts, as far as they can be read."""
        return {name: data.decode("utf-8", "replace") for name, data in sorted(self.files.items())}

    def file(self, name: str) -> str:
        """What findings call a template of that path."""
        return f"{self.folder}/{name}" if self.folder not in ("", ".") else name


class Stamp(Struct, frozen=True, kw_only=True):
    """What an ejected template remembers: of which shipped text it is a copy, and for which context."""

    digest: str
    context: int


def digest(text: str) -> str:
    """What tells one version of a shipped template from another."""
    return sha256(text.encode()).hexdigest()[:_DIGITS]


def ejected(name: str, text: str) -> str:
    """A shipped template as a user gets it to change: with a first line that remembers where it is from."""
    line = f"composegen template {name}, shipped {digest(text)}, context {CONTEXT}; see: composegen templates diff"
    return f"{{# {line} #}}\n{text}"


def stamp(text: str) -> Stamp | None:
    """What an ejected template remembers; None where the line is gone."""
    found = _STAMP.search(text[:_FAR])
    return Stamp(digest=found["digest"], context=int(found["context"])) if found else None


_FAR = 4096


def body(text: str) -> str:
    """A template without the line that `ejected` put before it."""
    line, _, rest = text.partition("\n")
    return rest if _STAMP.match(line) else text


def has_moved(text: str, shipped: str) -> bool:
    """Whether the shipped template has changed since this one was taken from it; False where that is not known."""
    found = stamp(text)
    return found is not None and found.digest != digest(shipped)


def takes_along(name: str, text: str) -> bool:
    """Whether a template includes the shipped one in whose place it is."""
    return re.search(rf"""\{{%-?\s*(?:include|extends)\s+["']shipped/{re.escape(name)}["']""", text) is not None


def read(
    topology: Topology, given: OwnTemplates | None, folder: Callable[[str], Mapping[str, bytes] | None]
) -> tuple[OwnTemplates | None, Findings]:
    """The templates to use: those `given` on the command line, else those in the folder that the topology names."""
    own = given
    if own is None and topology.templates is not None:
        files = folder(topology.templates)
        if files is None:
            return None, (_no_folder(topology),)
        own = OwnTemplates(folder=topology.templates.rstrip("/").removeprefix("./"), files=files)
    return own, () if own is None else first(_unreadable(own))


def doubts(own: OwnTemplates, templates: Templates, shipped: Mapping[str, str]) -> Findings:
    """Templates that take the place of nothing and that no other one includes, and those for another context."""
    return first((*_unused(own, templates, shipped), *_outdated(own)))


def _unused(own: OwnTemplates, templates: Templates, shipped: Mapping[str, str]) -> Iterator[Finding]:
    included: set[str] = set()
    for name in own.texts:
        referenced = templates.referenced(name)
        if referenced is None:
            return  # what it includes is worked out when it is rendered
        included.update(referenced)
    for name in own.texts:
        if name not in shipped and name not in included:
            near = difflib.get_close_matches(name, shipped, n=1)
            yield Finding(
                code="CG014",
                slug="template-unused",
                severity=Severity.WARNING,
                message=f"`{cut(name)}` takes the place of no shipped template, and none of yours includes it",
                where=Location(file=own.file(name), span=_START),
                expected="a path of `composegen templates list`",
                hint=f"did you mean `{near[0]}`?" if near else "",
            )


def _outdated(own: OwnTemplates) -> Iterator[Finding]:
    for name, text in own.texts.items():
        found = stamp(text)
        if found is not None and found.context != CONTEXT:
            yield Finding(
                code="CG015",
                slug="template-context",
                severity=Severity.WARNING,
                message=f"`{cut(name)}` is for version {found.context} of what templates are given; this is {CONTEXT}",
                where=Location(file=own.file(name), span=_START),
                hint=f"see: composegen templates diff {cut(name)}",
            )


def _no_folder(topology: Topology) -> Finding:
    return Finding(
        code="CG013",
        slug="templates-missing",
        severity=Severity.ERROR,
        message=f"there is no folder `{cut(topology.templates or '')}` beside the topology",
        where=Location(path=topology.at("templates")),
        expected="a folder below the topology's own, not reached through a link",
        hint="for one elsewhere use the option: --templates DIR",
    )


def _unreadable(own: OwnTemplates) -> Iterator[Finding]:
    if len(own.files) > MOST:
        yield _unusable(own.folder, f"there are more than {MOST} templates in the folder")
    for name, data in own.files.items():
        if len(data) > LARGEST:
            yield _unusable(own.file(name), f"the template is larger than {LARGEST // 1024} KiB")
        else:
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as error:
                line = data.count(b"\n", 0, error.start) + 1
                yield _unusable(own.file(name), f"byte 0x{data[error.start]:02x} in line {line} is not UTF-8")


def _unusable(file: str, message: str) -> Finding:
    return Finding(
        code="CG010",
        slug="template-fault",
        severity=Severity.ERROR,
        message=message,
        where=Location(file=file, span=_START),
    )
