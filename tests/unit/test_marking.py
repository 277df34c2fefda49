"""Which line of which template made a piece of text, and what of the topology it was about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Struct

from composegen.keypath import KeyPath
from composegen.templatefaults import TemplateFault, Trace
from composegen.templating import Templates


class Box(Struct, frozen=True):
    address: str = "a"
    origin: KeyPath = ("boxes", 0)


def traced(text: str, line: int, **context: Any) -> Trace:
    """What made line `line` of what this template makes."""
    templates = Templates({}, own={"main.j2": text})
    made = templates.render("main.j2", context)
    return templates.trace("main.j2", context, made, line)


def test_another_text_is_not_traced() -> None:
    templates = Templates({}, own={"main.j2": "a\nb\nc\n"})
    assert templates.trace("main.j2", {}, "a\nb\nc\n", 3).line == 3
    assert templates.trace("main.j2", {}, "a\nb\nd\n", 3).line == 1


def test_all_lines_of_a_value_come_from_its_line() -> None:
    assert traced("one\n{{ value }}\nend\n", 3, value="a\nb").line == 2
    assert traced("one\n{{ value }}\nend\n", 4, value="a\nb").line == 3


def test_a_value_is_about_itself_and_not_about_the_next_one() -> None:
    context = {"one": Box(origin=("a",)), "two": Box(origin=("b", 0, "c"))}
    assert traced("{{ one.address }}{{ two.address }}\n", 1, **context).path == ("a",)
    assert traced("x: {{ two.address }}\n", 1, **context).path == ("b", 0, "c"), "text is about what comes in it"


def test_each_branch_of_a_condition_is_traced() -> None:
    text = "{% if a == 1 %}\none\n{% elif a == 2 %}\n\ntwo\n{% else %}\nthree\n{% endif %}\n"
    assert [traced(text, line, a=a).line for a, line in ((1, 1), (2, 2), (3, 1))] == [2, 5, 7]


@pytest.mark.parametrize(
    "captured",
    [
        "{% set a %}{% if one %}x{% endif %}{% endset %}",
        "{% set a %}{% for n in [1] %}x{% endfor %}{% endset %}",
        "{% set a %}{% set b = 1 %}x{% endset %}",
        "{% macro m() %}{% if one %}x{% endif %}{% endmacro %}{% set a = m() %}",
    ],
)
def test_what_is_captured_stays_as_it_is_and_the_rest_is_traced(captured: str) -> None:
    found = traced(captured + "\n{{ a | length }}\n\n{{ one.address }}\n", 3, one=Box(address="b"))
    assert (found.line, found.path) == (4, ("boxes", 0))


@pytest.mark.parametrize(
    "text", ["{% for a in box.no %}{% endfor %}", "{% set a = box.no + 1 %}", "{% if box.no %}{% endif %}"]
)
def test_a_fault_in_what_is_worked_out_is_about_its_values(text: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        Templates({}, own={"main.j2": text}).render("main.j2", {"box": Box()})
    assert caught.value.path == ("boxes", 0)


def test_a_condition_of_one_name_is_about_it() -> None:
    assert traced("{% if box %}\nhello\n{% endif %}\n", 1, box=Box()).path == ("boxes", 0)


@pytest.mark.parametrize("name", ["spec", "container", "service", "instance"])
def test_what_leads_to_a_section_of_the_topology_is_followed(name: str) -> None:
    about = SimpleNamespace(address="a", **{name: Box(origin=("hosts", "one"))})
    assert traced("{{ box.address }}\n", 1, box=about).path == ("hosts", "one")


def test_blanks_before_a_value_are_not_what_is_asked_about() -> None:
    assert traced("x\n  {{\nbox.address }}\n", 2, box=Box()).line == 3


def test_of_no_text_the_template_is_named() -> None:
    assert traced("{% set a = 1 %}\n{% if a == 2 %}x{% endif %}", 1).line == 1
