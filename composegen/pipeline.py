"""The whole program on one screen: each stage takes what the one before has made.

A stage runs only while no error has been found; after one, `remainder` says what the later stages are sure of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace

from composegen import (
    acceptance,
    artifacts,
    build,
    document,
    modelfiles,
    policy,
    references,
    remainder,
    resolve,
    rules,
    suppressions,
    templating,
    variables,
)
from composegen.artifacts import Tree
from composegen.document import Document
from composegen.findings import Finding, Findings, Location, Severity, Span, has_errors
from composegen.plan import Plan
from composegen.suppressions import Allowed
from composegen.targets import targets
from composegen.topology import Topology


@dataclass(frozen=True, kw_only=True)
class Source:
    """A topology as it was read; `name` is what findings call it."""

    name: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that the core may know of the world outside the topology."""

    environment: Mapping[str, str]
    """Values for `variables:`: the process environment over the env files."""
    findings: Findings
    """What was wrong in the env files."""
    read: Callable[[str], bytes | None]
    """Content of a file beside the topology; None when it cannot be read or lies outside."""
    templates: Mapping[str, str]
    compiled: MutableMapping[str, bytes] | None = None
    """Keeps compiled templates from one run to the next; None keeps nothing."""
    schema: Mapping[str, object]
    compose_schema: Callable[[], Mapping[str, object]]


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """How far a topology got. What is None was not reached; the findings say why."""

    findings: Findings
    document: Document | None = None
    topology: Topology | None = None
    plan: Plan | None = None
    tree: Tree | None = field(default=None, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The Modelfiles that could be read, by the path that names them."""
    allowed: tuple[Allowed, ...] = ()
    """What comments of the topology allow; none of it is among the findings."""
    sensitive: Findings = field(default=(), repr=False)
    """What was found about values that no report may show, also where that is allowed."""


def compile(  # noqa: A001 - the field's own word for what this is
    source: Source, world: World, progress: artifacts.Progress | None = None
) -> Compiled:
    """From the bytes of a topology to the tree of files, or as far as its errors allow."""
    parsed, findings = document.parse(source.name, source.data)
    findings = (*world.findings, *findings)
    if parsed is None:
        return Compiled(findings=findings)

    parsed, more = variables.substitute(parsed, world.environment)
    comments = suppressions.read(parsed)
    unread, faults = has_errors(findings), (*more, *acceptance.check(parsed, world.schema, world.compose_schema))
    findings = (*findings, *comments.findings, *faults)
    if unread:
        return Compiled(findings=findings, document=parsed)
    topology = None if has_errors(faults) else build.build(parsed)
    if topology is None or has_errors((*references.check(topology), *policy.check(topology))):
        rest = remainder.remainder(parsed, faults, world.read, comments)
        return Compiled(
            findings=(*findings, *rest.findings),
            document=parsed,
            topology=topology,
            allowed=rest.allowed,
            sensitive=rest.sensitive,
        )

    files, more = modelfiles.read(topology, world.read)
    plan = resolve.resolve(topology, files)
    found = rules.check(plan, parsed.locate)
    left, allowed = comments.apply(policy.apply(topology, found))
    compiled = Compiled(
        findings=(*findings, *more, *left),
        document=parsed,
        topology=topology,
        plan=plan,
        files=files,
        allowed=allowed,
        sensitive=tuple(finding for finding in found if finding.sensitive),
    )
    return compiled if has_errors(compiled.findings) else _rendered(compiled, plan, world, progress)


def _rendered(compiled: Compiled, plan: Plan, world: World, progress: artifacts.Progress | None) -> Compiled:
    """The same with its tree, or with what is wrong in a template."""
    try:
        templates = templating.Templates(world.templates, world.compiled)
        tree = artifacts.render(targets()["compose"].artifacts(plan), templates, progress)
    except templating.TemplateFault as fault:
        return replace(compiled, findings=(*compiled.findings, _of_template(fault)))
    return replace(compiled, tree=tree)


def _of_template(fault: templating.TemplateFault) -> Finding:
    return Finding(
        code="CG010",
        slug="template-fault",
        severity=Severity.ERROR,
        message=fault.message,
        where=Location(
            file=fault.template,
            span=Span(line=fault.line, column=1, end_line=fault.line, end_column=1),
        ),
        hint=fault.hint,
    )
