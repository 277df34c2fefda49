"""The templates, by their syntax trees: every expression is quoted for the file that it is in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from jinja2 import nodes

from composegen.artifacts import Artifact, Syntax
from composegen.io import resources
from composegen.quoting import FILTERS
from composegen.targets import targets
from composegen.templating import Templates
from tests.sampling import SAMPLES, compiled

QUOTING: dict[Syntax, frozenset[str]] = {
    Syntax.COMPOSE: frozenset({"compose", "yaml", "comment"}),
    Syntax.YAML: frozenset({"traefik", "folded", "comment"}),
    Syntax.SHELL: frozenset({"sh", "comment"}),
    Syntax.FSTAB: frozenset({"fstab", "comment"}),
    Syntax.EXPORTS: frozenset({"exports", "comment"}),
    Syntax.SYSTEMD: frozenset({"systemd", "comment"}),
    Syntax.GIT: frozenset({"comment"}),
    Syntax.COMPOSE_FARM: frozenset({"yaml", "comment"}),
    Syntax.MARKDOWN: frozenset({"md", "mdcode", "mermaid", "sh", "comment"}),
}
"""The filters that an expression may end in, by the reader of the file."""

VALUES = frozenset({"list", "string", "length", "selectattr", "rejectattr"})
"""Filters that may stand before the last one: they make a value, not a text."""

TEMPLATES = resources.templates()


def parsed(name: str) -> nodes.Template:
    return Templates(TEMPLATES).parse(name, TEMPLATES[name])


@cache
def rows() -> tuple[Artifact, ...]:
    """Every artifact row of every sample."""
    found = []
    for sample in SAMPLES:
        plan = compiled(sample).plan
        assert plan is not None
        found += [row for row in targets()["compose"].artifacts(plan) if isinstance(row, Artifact)]
    return tuple(found)


def parts(name: str) -> Iterator[str]:
    """The template itself and all that it includes."""
    yield name
    for tag in parsed(name).find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        assert isinstance(tag, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends)
        assert isinstance(tag.template, nodes.Const), (
            f"{name}:{tag.lineno}: the name of the other template must be written out"
        )
        yield from parts(tag.template.value)


@cache
def readers() -> dict[str, set[Syntax]]:
    """What reads the files that each template takes part in."""
    found: dict[str, set[Syntax]] = {}
    for row in rows():
        for part in parts(row.template):
            found.setdefault(part, set()).add(row.syntax)
    return found


def macros(template: nodes.Template) -> set[str]:
    return {macro.name for macro in template.find_all(nodes.Macro)}


def outputs(template: nodes.Template) -> Iterator[tuple[nodes.Expr, nodes.Node | None]]:
    """Each printed expression, with what is printed right after it."""
    for output in template.find_all(nodes.Output):
        for printed, after in zip(output.nodes, [*output.nodes[1:], None], strict=True):
            if not isinstance(printed, nodes.TemplateData):
                yield printed, after


def is_call_of_macro(printed: nodes.Expr, template: nodes.Template) -> bool:
    """What a macro of the same file prints is quoted already."""
    return (
        isinstance(printed, nodes.Call)
        and isinstance(printed.node, nodes.Name)
        and printed.node.name in macros(template)
    )


def unquoted(template: nodes.Template, allowed: frozenset[str]) -> list[int]:
    """Lines of printed expressions that do not end in one of these filters."""
    return [
        printed.lineno
        for printed, _ in outputs(template)
        if not is_call_of_macro(printed, template)
        and not (isinstance(printed, nodes.Filter) and printed.name in allowed)
    ]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_expression_is_quoted_for_the_reader_of_the_file(name: str) -> None:
    allowed = frozenset.intersection(*(QUOTING[syntax] for syntax in readers()[name]))
    assert unquoted(parsed(name), allowed) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_filter_but_the_quoting_ones_and_a_few_on_values(name: str) -> None:
    used = {found.name for found in parsed(name).find_all(nodes.Filter)}
    assert used <= FILTERS.keys() | VALUES
    assert not used & {"default", "d", "raw", "safe"}
    assert not re.search(r"{%[-+]?\s*(raw|filter|autoescape)\b", TEMPLATES[name])


def test_what_the_walk_forbids_is_seen_by_it() -> None:
    def walk(text: str) -> list[int]:
        return unquoted(Templates({}).parse("text", text), frozenset({"sh"}))

    assert walk("{{ a | sh }} {{ (a ~ 'b') | sh }}") == []
    assert walk("{% macro m(a) %}{{ a | sh }}{% endmacro %}{{ m(1) }}") == []
    assert walk("\n{{ a }}") == [2]
    assert walk("{{ a | sh | upper }}") == [1]
    assert walk("{{ a | md }}") == [1]
    assert walk("{{ a | sh if a else 'b' }}") == [1]
    assert walk("{{ a | sh ~ b }}") == [1]
    assert walk("{% if a %}{% for b in a %}\n{{ b.c() }}{% endfor %}{% endif %}") == [2]


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name.startswith("compose/")])
def test_only_keys_of_a_compose_file_keep_their_dollars(name: str) -> None:
    for printed, after in outputs(parsed(name)):
        if isinstance(printed, nodes.Filter) and printed.name == "yaml":
            assert isinstance(after, nodes.TemplateData), f"{name}:{printed.lineno}"
            assert after.data.startswith(":"), f"{name}:{printed.lineno}"


def test_every_template_belongs_to_a_row_and_every_row_to_a_template() -> None:
    assert set(readers()) == set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_file_says_that_it_is_generated(name: str) -> None:
    if any(row.template == name for row in rows()):
        assert "composegen" in TEMPLATES[name]
        assert re.search(r"[Dd]o not edit", TEMPLATES[name])


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name.endswith(".sh.j2")])
def test_scripts_are_indented_by_four(name: str) -> None:
    script = re.sub(r"<<'?([A-Z]+)'?\n.*?\n\1\n", "\n", TEMPLATES[name], flags=re.DOTALL)
    indents = [len(line) - len(line.lstrip(" ")) for line in script.splitlines() if line.strip()]
    assert {indent % 4 for indent in indents} == {0}


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_file_has_two_empty_lines_in_a_row(sample: str) -> None:
    tree = compiled(sample).tree
    assert tree is not None
    assert [path for path, entry in tree.items() if b"\n\n\n" in entry.data] == []
