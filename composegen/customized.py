"""Trees with templates or patches of the user's: the files are patched, and read again as their readers will.

Nothing of this happens to other trees: what the shipped templates write is known to be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from operator import eq
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from composegen import document, patches, patching
from composegen.artifacts import Artifact, Literal, Syntax, Tree
from composegen.findings import Finding, Findings, Location, Severity, Span
from composegen.keypath import KeyPath
from composegen.suggestion import cut, one_of
from composegen.templatefaults import SHIPPED, TemplateFault, Trace
from composegen.templating import Templates
from composegen.validation import compose_file

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.owntemplates import OwnTemplates
    from composegen.plan import Plan
    from composegen.topology import Patch

_MOST = 5
"""Mistakes of one generated file that are shown: most often they have one cause."""

_YAML = frozenset({Syntax.COMPOSE, Syntax.YAML, Syntax.COMPOSE_FARM})


class Customized(Struct, frozen=True, kw_only=True):
    """The tree as it is to be written, what is wrong with it, and the texts of the generated files that this quotes."""

    tree: Tree
    findings: Findings
    texts: Mapping[str, str] = field(default_factory=dict)


class Origins(Struct, frozen=True, kw_only=True):
    """From what files are made, and by what they are judged."""

    own: OwnTemplates | None
    shipped: Mapping[str, str]
    compose_schema: Callable[[], Mapping[str, object]]

    def source(self, template: str) -> tuple[str, str]:
        """What findings call a template, and its text."""
        if self.own is not None and template in self.own.texts:
            return self.own.file(template), self.own.texts[template]
        name = template.removeprefix(SHIPPED)
        return name, self.shipped.get(name, "")


def customize(
    plan: Plan, artifacts: Sequence[Artifact | Literal], templates: Templates, tree: Tree, origins: Origins
) -> Customized:
    """A tree with its patches, or what is wrong with the files that templates of the user's have written."""
    rows = {row.path: row for row in artifacts if isinstance(row, Artifact)}
    wrong: list[Finding] = []
    texts: dict[str, str] = {}
    for path, row in rows.items():
        if templates.is_own(row.template):
            text = tree[path].data.decode()
            found = tuple(_of_template(row, text, templates, origins))
            wrong += found
            texts |= {_name(path): text} if found else {}
    if wrong:
        return Customized(tree=tree, findings=tuple(wrong), texts=texts)
    patched = patches.apply(plan, tree, {path: row.syntax for path, row in rows.items()})
    wrong += patched.findings
    for path, changes in patched.changed.items():
        text = patched.tree[path].data.decode()
        found = () if wrong else tuple(_of_patch(path, text, changes, rows[path].syntax, origins))
        wrong += found
        texts |= {_name(path): text} if found else {}
    return Customized(tree=_noticed(plan, patched.tree, rows, origins), findings=tuple(wrong), texts=texts)


def _noticed(plan: Plan, tree: Tree, rows: Mapping[PurePosixPath, Artifact], origins: Origins) -> Tree:
    """The tree with a label that makes Traefik start anew when its static file is another one.

    Traefik reads it at its start, and Compose never looks into it; what varies in the shipped one has labels already.
    """
    gateway = plan.gateway
    if gateway is None or gateway.container is None:
        return tree
    static = PurePosixPath(gateway.host.name, "traefik", "traefik.yaml")
    row = rows[static]
    if tree[static].data == Templates(origins.shipped).render(row.template, row.context).encode():
        return tree
    label = {"composegen.static": sha256(tree[static].data).hexdigest()}
    return patching.labelled(tree, PurePosixPath(gateway.host.name, "compose.yaml"), gateway.container.name, label)


def template_fault(fault: TemplateFault, origins: Origins) -> Finding:
    """The finding about a template that does not work."""
    file, text = origins.source(fault.template)
    return Finding(
        code="CG010",
        slug="template-fault",
        severity=Severity.ERROR,
        message=fault.message,
        where=Location(file=file, span=_span(text, fault.line, fault.word)),
        expected=one_of(fault.known) if fault.known else "",
        hint=fault.hint,
        related=_about(fault.path),
    )


def _of_template(row: Artifact, text: str, templates: Templates, origins: Origins) -> Iterator[Finding]:
    """What is wrong with a file that a template of the user's wrote, at the line of the template."""
    for finding, span, _ in _faults(row.path, text, row.syntax, origins):
        trace = templates.trace(row.template, row.context, text, span.line)
        file, template = origins.source(trace.template)
        yield _finding(finding, row.path, Location(file=file, span=_span(template, trace.line, "")), span, trace)


def _of_patch(
    path: PurePosixPath, text: str, changes: Sequence[tuple[Patch, KeyPath]], syntax: Syntax, origins: Origins
) -> Iterator[Finding]:
    """What is wrong with a file since it was patched, at the patch that did it."""
    for finding, span, place in _faults(path, text, syntax, origins):
        near = [patch for patch, changed in changes if all(map(eq, place, changed))]
        patch = (near or [changes[-1][0]])[-1]
        yield _finding(finding, path, Location(path=patch.at("match"), part="key"), span, None)


def _finding(finding: Finding, path: PurePosixPath, where: Location, span: Span, trace: Trace | None) -> Finding:
    made = Location(file=_name(path), span=span, label="what came out")
    return Finding(
        code="CG016",
        slug="generated-file",
        severity=Severity.ERROR,
        message=f"this makes {path} wrong: {finding.message}",
        where=where,
        expected=finding.expected,
        hint=finding.hint,
        related=(made, *(_about(trace.path) if trace else ())),
    )


def _faults(
    path: PurePosixPath, text: str, syntax: Syntax, origins: Origins
) -> Iterator[tuple[Finding, Span, KeyPath]]:
    """What the reader of a file would have against it, with the place in it."""
    if syntax not in _YAML:
        return
    parsed, findings = document.parse(str(path), text.encode())
    if parsed is not None and not findings and syntax is Syntax.COMPOSE:
        findings = compose_file(parsed, origins.compose_schema())
    for finding in islice(findings, _MOST):
        yield _reworded(finding), _place(finding, parsed), finding.where.path


def _reworded(finding: Finding) -> Finding:
    """The same, without what is true of topologies only."""
    if finding.code != "CG009":
        return finding
    return replace(finding, message="nothing is left in it", expected="", hint="")


def _place(finding: Finding, parsed: Document | None) -> Span:
    if finding.where.span is None and parsed is not None:
        return parsed.locate(finding.where)
    return finding.where.span or Span(line=1, column=1, end_line=1, end_column=1)


def _span(text: str, line: int, word: str) -> Span:
    """The word in a line, else all that stands there."""
    lines = text.split("\n")
    stated = lines[line - 1] if 0 < line <= len(lines) else ""
    start = stated.find(word) if word else -1
    if start < 0:
        start, word = len(stated) - len(stated.lstrip()), stated.strip()
    return Span(line=line, column=start + 1, end_line=line, end_column=start + len(word) + 1)


def _about(path: KeyPath) -> tuple[Location, ...]:
    return (Location(path=path, part="key", label="the template was at this"),) if path else ()


def _name(path: PurePosixPath) -> str:
    return cut(f"{path} (not written)")
