"""The whole program on one screen: each stage takes what the one before has made.

A stage runs only while no error has been found; after one, `remainder` says what the later stages are sure of. The
stages that not every run comes to are imported when it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from composegen import (
    acceptance,
    build,
    document,
    modelfiles,
    policy,
    references,
    resolve,
    rules,
    suppressions,
    variables,
)
from composegen.document import Document
from composegen.findings import Findings, has_errors
from composegen.plan import Plan
from composegen.suppressions import Allowed
from composegen.topology import Topology

if TYPE_CHECKING:
    from composegen.artifacts import Artifact, Literal, Progress, Tree
    from composegen.customized import Origins
    from composegen.owntemplates import OwnTemplates
    from composegen.templating import TemplateFault, Templates


class Source(Struct, frozen=True, kw_only=True):
    """A topology as it was read; `name` is what findings call it."""

    name: str
    data: bytes


class World(Struct, frozen=True, kw_only=True):
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
    folder: Callable[[str], Mapping[str, bytes] | None] = lambda _: None
    """The templates in a folder beside the topology, by path; None when it is not there or lies outside."""
    own_templates: OwnTemplates | None = None
    """Templates of the user's that were asked for, whatever the topology names."""
    schema: Mapping[str, object]
    compose_schema: Callable[[], Mapping[str, object]]


class Compiled(Struct, frozen=True, kw_only=True):
    """How far a topology got. What is None was not reached; the findings say why."""

    findings: Findings
    document: Document | None = None
    topology: Topology | None = None
    plan: Plan | None = None
    tree: Tree | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The Modelfiles that could be read, by the path that names them."""
    allowed: tuple[Allowed, ...] = ()
    """What comments of the topology allow; none of it is among the findings."""
    sensitive: Findings = ()
    """What was found about values that no report may show, also where that is allowed."""
    own_templates: OwnTemplates | None = None
    """The user's templates, where there are any."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Texts that findings quote besides: the user's templates, and generated files that are wrong."""


def compile(  # noqa: A001 - the field's own word for what this is
    source: Source, world: World, progress: Progress | None = None
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
        from composegen import remainder

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


def _rendered(compiled: Compiled, plan: Plan, world: World, progress: Progress | None) -> Compiled:
    """The same with its tree, or with what is wrong in a template."""
    from composegen import artifacts, templating
    from composegen.targets import targets

    own, findings = _own_templates(plan.topology, world)
    if own is not None:
        quoted = {own.file(name): text for name, text in own.texts.items()}
        compiled = replace(compiled, own_templates=own, texts=quoted)
    compiled = replace(compiled, findings=(*compiled.findings, *findings))
    if has_errors(findings):
        return compiled
    templates = templating.Templates(world.templates, world.compiled, own.texts if own else None)
    rows = tuple(targets()["compose"].artifacts(plan))
    try:
        tree = artifacts.render(rows, templates, progress)
    except templating.TemplateFault as fault:
        return _faulty(compiled, fault, world)
    if own is None and not plan.topology.patches:
        return replace(compiled, tree=tree)
    return _customized(compiled, rows, templates, tree, world)


def _own_templates(topology: Topology, world: World) -> tuple[OwnTemplates | None, Findings]:
    """The user's templates; most have none."""
    if world.own_templates is None and topology.templates is None:
        return None, ()
    from composegen import owntemplates

    return owntemplates.read(topology, world.own_templates, world.folder)


def _customized(
    compiled: Compiled, rows: tuple[Artifact | Literal, ...], templates: Templates, tree: Tree, world: World
) -> Compiled:
    """The same with its tree as templates and patches of the user's make it, or with what is wrong with that."""
    from composegen import customized, owntemplates

    own = compiled.own_templates
    doubts = owntemplates.doubts(own, templates, world.templates) if own else ()
    assert compiled.plan is not None  # for the type checker
    outcome = customized.customize(compiled.plan, rows, templates, tree, _origins(compiled, world))
    findings = (*compiled.findings, *doubts, *outcome.findings)
    compiled = replace(compiled, findings=findings, texts={**compiled.texts, **outcome.texts})
    return compiled if has_errors(findings) else replace(compiled, tree=outcome.tree)


def _faulty(compiled: Compiled, fault: TemplateFault, world: World) -> Compiled:
    from composegen import customized

    finding = customized.template_fault(fault, _origins(compiled, world))
    return replace(compiled, findings=(*compiled.findings, finding))


def _origins(compiled: Compiled, world: World) -> Origins:
    from composegen.customized import Origins

    return Origins(own=compiled.own_templates, shipped=world.templates, compose_schema=world.compose_schema)
