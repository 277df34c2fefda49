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
