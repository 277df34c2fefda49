from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec import Struct

from composegen.quoting import FILTERS
from composegen.templating import TemplateFault, Templates


class Box(Struct, frozen=True):
    address: str


def render(text: str, context: Mapping[str, object] | None = None, **others: str) -> str:
    templates = {"main.j2": text} | {f"{name}.j2": other for name, other in others.items()}
    return Templates(templates).render("main.j2", context or {})


def fault(text: str, context: Mapping[str, object] | None = None, **others: str) -> TemplateFault:
    with pytest.raises(TemplateFault) as caught:
        render(text, context, **others)
    return caught.value


def test_blocks_leave_no_trace_and_the_last_newline_stays() -> None:
    assert render("a:\n  {% for n in (1, 2) %}\n  - {{ n | yaml }}\n  {% endfor %}\n") == "a:\n  - 1\n  - 2\n"


def test_nothing_is_escaped_for_html() -> None:
    assert render("{{ '<&>' | sh }}") == "'<&>'"


def test_every_filter_of_quoting_is_there() -> None:
    for name in FILTERS:
        assert render("{{ 'a' | " + name + " }}")


def test_an_unknown_name_is_a_fault_with_the_near_ones() -> None:
    found = fault("one\ntwo {{ hots | yaml }}\n", {"host": 1, "plan": 2})
    assert (found.template, found.line) == ("main.j2", 2)
    assert found.message == "'hots' is undefined"
    assert found.near == ("host",)
    assert found.hint == "did you mean `host`?"


def test_an_unknown_attribute_is_a_fault_with_the_near_ones() -> None:
    found = fault("{{ box.adress | yaml }}", {"box": Box(address="a")})
    assert found.near == ("address",)
    assert "adress" in found.message


def test_an_unknown_key_of_a_mapping_is_a_fault_with_the_near_ones() -> None:
    assert fault("{{ box['adress'] | yaml }}", {"box": {"address": 1}}).near == ("address",)


def test_an_unknown_name_in_a_condition_or_loop_is_a_fault() -> None:
    assert fault("{% if no %}x{% endif %}").line == 1
    assert fault("\n\n{% for a in no %}x{% endfor %}").line == 3
    assert fault("{% if no == 1 %}x{% endif %}").hint == ""


def test_a_fault_in_an_included_template_is_placed_there() -> None:
    found = fault("a\nb\n{% include 'part.j2' %}", {}, part="x\n\n\n{{ no | yaml }}")
    assert (found.template, found.line) == ("part.j2", 4)


def test_a_syntax_error_is_a_fault() -> None:
    found = fault("a\n{% if %}\n")
    assert (found.template, found.line) == ("main.j2", 2)
    assert found.near == ()


def test_a_syntax_error_in_an_included_template_is_placed_there() -> None:
    found = fault("{% include 'part.j2' %}", {}, part="\n{{ a | no_such_filter }}")
    assert (found.template, found.line) == ("part.j2", 2)
    assert "no_such_filter" in found.message


def test_a_missing_template_is_a_fault() -> None:
    assert fault("{% include 'gone.j2' %}").message == "there is no template `gone.j2`"
    with pytest.raises(TemplateFault, match="gone"):
        Templates({}).render("gone.j2", {})


def test_a_value_without_a_form_in_the_file_is_a_fault() -> None:
    found = fault("\n{{ box | yaml }}", {"box": Box(address="a")})
    assert found.line == 2
    assert "Box(address='a') has no form in YAML" in found.message


def test_other_mistakes_of_a_template_are_faults_too() -> None:
    assert fault("\n{{ (1 // 0) | yaml }}").line == 2
    assert fault("{{ 1 | yaml(1, 2, 3) }}").line == 1
    assert fault("{{ box.address() | yaml }}", {"box": Box(address="a")}).line == 1
    assert str(fault("{{ no | yaml }}")).startswith("main.j2:1: ")


def test_an_unknown_name_inside_a_list_is_a_fault_with_the_near_ones() -> None:
    assert fault("{{ [1, box.adress] | compose }}", {"box": Box(address="a")}).near == ("address",)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("{{ 1 | yamll }}", ("yaml",)),
        ("{{ 1 | lengt }}", ("length",)),
        ("{% if a is definde %}{% endif %}", ("defined", "undefined")),
        ("{% if a is joinn %}{% endif %}", ()),
        ("{% if a == 1 %}{{ 1 | yamll }}{% endif %}", ("yaml",)),
    ],
)
def test_a_filter_is_near_to_filters_and_a_test_to_tests(text: str, near: tuple[str, ...]) -> None:
    found = fault(f"\n{text}", {"a": 1})
    assert (found.near, found.line) == (near, 2)
    assert not found.message.endswith(".")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "nested without end"),
        ("{% for a in [1] %}" * 30 + "{% endfor %}" * 30, "nested too deeply"),
    ],
)
def test_what_python_has_against_a_template_is_told_in_words(text: str, words: str) -> None:
    assert words in fault(text).message


def test_a_message_ends_without_a_full_stop() -> None:
    assert fault("{% if a %}").message.endswith("needs to be closed is 'if'")


def test_all_names_that_could_stand_there_are_known_in_their_order() -> None:
    assert fault("{{ c | yaml }}", {"b": 1, "a": 1}).known == ("a", "b")


def test_a_fault_is_placed_in_the_innermost_of_several_templates() -> None:
    found = fault("{% include 'part.j2' %}", {}, part="\n{% include 'inner.j2' %}", inner="\n\n{{ no | yaml }}")
    assert (found.template, found.line) == ("inner.j2", 3)


def test_a_missing_template_has_near_names_and_is_shown_no_longer_than_others() -> None:
    assert fault("{% include 'prat.j2' %}", {}, part="x").near == ("part.j2",)
    long = fault("{% include '" + "a" * 5000 + ".j2' %}").message
    assert len(long) < 500
