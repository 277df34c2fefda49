"""Templates of the user's: what they may do, and that none of them gets away, or takes the machine for itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec import Struct, field

from composegen import artifacts, metering
from composegen.io import resources
from composegen.keypath import KeyPath
from composegen.quoting import FILTERS
from composegen.targets import targets
from composegen.templatefaults import TemplateFault
from composegen.templating import Templates
from tests.sampling import SAMPLES, compiled


class Box(Struct, frozen=True):
    address: str
    origin: KeyPath = ()
    tags: list[str] = field(default_factory=list)


def render(text: str, context: Mapping[str, object] | None = None, **shipped: str) -> str:
    texts = {f"{name}.j2": other for name, other in shipped.items()}
    return Templates(texts, own={"main.j2": text}).render("main.j2", context or {})


def fault(text: str, context: Mapping[str, object] | None = None, **shipped: str) -> TemplateFault:
    with pytest.raises(TemplateFault) as caught:
        render(text, context, **shipped)
    return caught.value


ESCAPES = (
    "{{ box.__class__ }}",
    "{{ box['__class__'] | yaml }}",
    "{{ box | attr('__class__') }}",
    "{{ [box] | map(attribute='__class__') | list | yaml }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ dict.__mro__ }}",
    "{{ '{0.__class__}'.format(box) }}",
    "{{ '%s'.__mod__(1) }}",
    "{{ (1).to_bytes(1, 'big') | length }}",
    "{{ box.tags.append('x') }}",
    "{{ box.tags.clear() }}",
    "{{ lipsum() }}",
    "{{ [1, 2] | random }}",
    "{{ get_flashed_messages() }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../etc/passwd' %}",
    "{% import 'os' as os %}",
)


@pytest.mark.parametrize("text", ESCAPES)
def test_no_template_gets_away(text: str) -> None:
    box = Box(address="a", tags=["one"])
    assert fault(text, {"box": box}).line == 1
    assert box.tags == ["one"]


BOMBS = (
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{% for b in range(9999) if false %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) recursive %}{{ loop(range(9999)) }}{% endfor %}",
    "{% set n = namespace(a='x' * 99) %}{% for i in range(99) %}{% set n.a = n.a ~ n.a %}{% endfor %}",
    "{% set n = namespace(a='x' * 99) %}{% for i in range(99) %}{% set n.a = n.a + n.a %}{% endfor %}",
    "{% set n = namespace(a='x') %}{% for i in range(99) %}{% set n.a %}{{ n.a }}{{ n.a }}{% endset %}{% endfor %}",
    "{% set n = namespace(a=[1]) %}{% for i in range(99) %}{% set n.a = [n.a, n.a] %}{% endfor %}{{ n.a | yaml }}",
    "{% set n = namespace(a='x') %}{% for i in range(99) %}{% set n.a = n.a | replace('x', 'xx') %}{% endfor %}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'main.j2' %}{% include 'main.j2' %}",
    "{% extends 'main.j2' %}",
    "{{ 9 ** 60 ** 60 }}",
    "{{ 'x' * 10 ** 9 }}",
    "{{ 10 ** 9 * 'x' }}",
    "{{ [0] * 10 ** 9 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ '%*d' | format(999999999, 1) }}",
    "{{ 'x' | center(10 ** 9) }}",
    "{{ 'x\ny' | indent(10 ** 9) }}",
    "{{ [1] | batch(10 ** 9, 'x') | list }}",
    "{{ [1] | slice(10 ** 9) | list }}",
    "{{ [1] | tojson(indent=10 ** 9) }}",
    "{{ {'a': [1]} | yaml(10 ** 9) }}",
    "{{ ['x' * 10 ** 6] * 100 | join }}",
    "{{ ('x' * 10 ** 6) | replace('x', 'y' * 10 ** 6) }}",
    "{% for i in range(9999) %}{{ range(9999) | list | length }}{% endfor %}",
    "{% for i in range(9999) %}{{ 'z' in 'x' * 4000000 }}{% endfor %}",
    "{% for i in range(9999) %}{% set y = ('x' * 4000000)[1:] %}{% endfor %}",
    "{{ range(10 ** 9) }}",
    "{{ " + "(" * 9999 + "1" + ")" * 9999 + " }}",
    "{{ " + "9" * 9999 + " }}",
    "".join(f"{{% for a{number} in [1] %}}" for number in range(40)) + "{% endfor %}" * 40,
    "{% for i in range(9999) %}" + "x" * 9999 + "{% endfor %}",
)


@pytest.mark.slow
@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_no_template_takes_the_machine_for_itself(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "STEPS", 50_000)
    monkeypatch.setattr(metering, "MOST_TEXT", 1_000_000)
    assert fault(text).template == "main.j2"


TOO_LARGE = {
    "{{ 'x' * 10 ** 7 }}": "what `*` is asked for",
    "{{ 10 ** 7 * [0] }}": "what `*` is asked for",
    "{% set n = namespace(a='x' * 4000000) %}{% set n.a = n.a + n.a %}": "a value grows beyond",
    "{% set n = namespace(a='x' * 4000000) %}{% set n.a = n.a ~ n.a %}": "a value grows beyond",
    "{{ 2 ** 65 }}": "an exponent is at most 64",
    "{{ 2 ** 64.5 }}": "an exponent is at most 64",
    "{{ 2 ** -65 }}": "an exponent is at most 64",
    "{{ ('x' * 4000000) * 4000000 }}": "what `*` is asked for",
    "{{ (2 ** 64) ** 64 * 2 }}": "a number has more than",
    "{{ '%99999d' % 1 }}": "a width of a thousand",
    "{{ '%*d' % (99999, 1) }}": "a width of a thousand",
    "{{ '%99999d' | format(1) }}": "a width of a thousand",
    "{{ 'x' | center(10 ** 8) }}": "what the filter `center` is asked for",
    "{{ [1] | batch(10 ** 8, 'x') | list }}": "what the filter `batch` is asked for",
    "{{ {'a': [1]} | yaml(10 ** 8) }}": "what the filter `yaml` is asked for",
    "{{ range(10 ** 6) | list | length }}": "Range too big",
    "{% for i in range(999) %}{{ 'x' * 99999 }}{% endfor %}": "prints more than 16,777,216 characters",
}
"""What is refused for its size, by the guard that must see it."""


@pytest.mark.parametrize("text", TOO_LARGE)
def test_what_would_be_too_large_is_refused_for_that(text: str) -> None:
    assert TOO_LARGE[text] in fault(text).message


COSTLY = (
    "{{ long == 'z' }}",
    "{{ 'z' == long }}",
    "{{ 'z' in long }}",
    "{{ 'z' is in long }}",
    "{{ long[1:] | length }}",
    "{{ long ~ '' | length }}",
    "{% set y = long + 'z' %}",
    "{% set y = 'x' * 4000000 %}",
    "{% set y = long.upper() %}",
    "{% set y = long.find('z') %}",
    "{% set y = dict(a=long) %}",
    "{% set y = listed.index(1) %}",
    "{% set y = 1 in mapped.values() %}",
    "{% set y = mapped.keys() - mapped.keys() %}",
    "{% set v = third.values() %}{% set y = 1 in v or 2 in v or 3 in v %}",
    "{% set v = third.keys() %}{% set y = v - v - v %}",
    "{% set y = listed | length %}",
    "{% set y = grouped | length %}",
    "{% set y = frozen | length %}",
    "{% set y = halves | length %}",
    "{% set y = numbers | sum %}",
    "{% for x in long %}{% endfor %}",
    "{% set y = long[1:] %}",
    "{% set y = short | replace('x', 'y' * 64) %}",
    "{% for x in [short] recursive %}{% if loop.depth0 %}{% else %}{{ loop(x) }}{% endif %}{% endfor %}",
    "{{ few" + " | map('upper')" * 40 + " | list | length }}",
    "{% macro m() %}{{ long }}{% endmacro %}{% set y = m() %}",
)
"""Few marks that take long."""


@pytest.mark.slow
@pytest.mark.parametrize("text", COSTLY)
def test_what_takes_long_takes_steps(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "STEPS", 50_000)
    found = fault(
        text,
        {
            "long": "x" * 4_000_000,
            "short": "x" * 60_000,
            "few": ["x"] * 2_000,
            "listed": [""] * 60_000,
            "grouped": [[""] * 2] * 30_000,
            "frozen": frozenset(range(60_000)),
            "numbers": range(60_000),
            "mapped": dict.fromkeys(range(60_000), ""),
            "halves": dict.fromkeys(range(30_000), ""),
            "third": dict.fromkeys(range(10_000), ""),
        },
    )
    assert found.message == "the template takes more than 50,000 steps for one file"


def test_parts_within_parts_take_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "STEPS", 1_000)
    parts = {f"part{number}": f"{{% include 'part{number - 1}.j2' %}}" * 2 for number in range(1, 11)}
    assert "more than 1,000 steps" in fault("{% include 'part10.j2' %}", None, part0="", **parts).message


def test_what_is_neither_large_nor_long_is_let_through() -> None:
    assert render("{% for i in range(3) %}{{ i ** 2 - 1 }} {% endfor %}{{ 1.5 | yaml }}") == "-1 0 3 1.5"
    assert render("{{ '%03d' % 7 }}{{ 'ab'.upper() }}") == "007AB"


@pytest.mark.parametrize("text", ["{{ 1e999 }}", "{{ '1e999' | float }}", "{{ -1e999 | int }}"])
def test_a_number_that_is_none_is_a_fault(text: str) -> None:
    assert fault(text).message == "a number is too large, or is none"


def test_each_file_may_take_as_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "STEPS", 25_000)
    templates = Templates({}, own={"main.j2": "{% for i in range(9999) %}{% endfor %}done"})
    assert [templates.render("main.j2", {}) for _ in range(3)] == ["done"] * 3


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_sandbox_changes_no_byte_of_what_shipped_templates_write(sample: str) -> None:
    plan = compiled(sample).plan
    assert plan is not None
    texts = resources.templates()
    rows = tuple(targets()["compose"].artifacts(plan))
    assert artifacts.render(rows, Templates(texts, own=texts)) == artifacts.render(rows, Templates(texts))


def test_own_templates_have_the_quoting_filters_and_know_no_undefined_names() -> None:
    for name in FILTERS:
        assert render("{{ 'a' | " + name + " }}")
    found = fault("one\n{{ box.adress | yaml }}", {"box": Box(address="a", origin=("hosts", "box"))})
    assert (found.line, found.word, found.near) == (2, "adress", ("address",))
    assert found.path == ("hosts", "box")
    assert "origin" in found.known


def test_a_name_that_the_template_sets_itself_is_near_too() -> None:
    assert fault("{% set colour = 1 %}{{ color | yaml }}").near == ("colour",)
    assert fault("{% for member in [1] %}{{ membr | yaml }}{% endfor %}").near == ("member",)


def test_only_text_and_numbers_are_printed_as_they_are() -> None:
    assert render("{{ 'a' }} {{ 1 }} {{ 2.5 }} {{ 'b' ~ 1 }}") == "a 1 2.5 b1"
    for text in ("{{ none }}", "{{ box }}", "{{ {}.get }}", "{{ [1] }}", "{{ 'a' ~ none }}", "{{ box | string }}"):
        assert "no form as text" in fault(text, {"box": Box(address="a")}).message


def test_an_own_template_includes_and_extends_shipped_ones() -> None:
    assert render("{% include 'part.j2' %}", part="shipped") == "shipped"
    assert (
        render("{% extends 'base.j2' %}{% block a %}own{% endblock %}", base="<{% block a %}{% endblock %}>") == "<own>"
    )


def test_the_shipped_template_is_reached_from_the_one_in_its_place() -> None:
    templates = Templates({"a.j2": "shipped {{ x | yaml }}"}, own={"a.j2": "{% include 'shipped/a.j2' %} and own"})
    assert templates.render("a.j2", {"x": 1}) == "shipped 1 and own"


def test_only_what_an_own_template_has_part_in_is_own() -> None:
    texts = {"a.j2": "{% include 'part.j2' %}", "b.j2": "b", "part.j2": "shipped"}
    templates = Templates(texts, own={"part.j2": "own"})
    assert templates.render("a.j2", {}) + templates.render("b.j2", {}) == "ownb"
    assert templates.is_own("a.j2")
    assert not templates.is_own("b.j2")


def test_an_own_part_of_a_shipped_template_is_in_the_sandbox() -> None:
    templates = Templates({"a.j2": "{% include 'part.j2' %}"}, own={"part.j2": "{{ ''.__class__ }}"})
    with pytest.raises(TemplateFault, match="__class__"):
        templates.render("a.j2", {})


def test_the_line_that_made_a_piece_of_text_is_known() -> None:
    text = (
        "one:\n{% for box in boxes %}\n  - {{ box.address | yaml }}  # {{ loop.index }}\n"
        "{% if box.tags %}\n    x\n    y\n{% endif %}\n{% endfor %}\nend\n"
    )
    boxes = [Box(address="a", origin=("boxes", 0)), Box(address="b", origin=("boxes", 1), tags=["t"])]
    templates = Templates({}, own={"main.j2": text})
    made = templates.render("main.j2", {"boxes": boxes})
    lines = made.splitlines()
    assert lines == ["one:", "  - a  # 1", "  - b  # 2", "    x", "    y", "end"]
    found = [templates.trace("main.j2", {"boxes": boxes}, made, number + 1) for number in range(len(lines))]
    assert [one.line for one in found] == [1, 3, 3, 5, 6, 9]
    assert [one.path for one in found][1:4] == [("boxes", 0), ("boxes", 1), ("boxes", 1)]


def test_a_text_that_cannot_be_traced_names_its_template_all_the_same() -> None:
    templates = Templates({}, own={"main.j2": "a\n"})
    found = templates.trace("main.j2", {}, "something else\n", 1)
    assert (found.template, found.line) == ("main.j2", 1)


def test_an_unknown_filter_is_a_fault_with_the_near_ones() -> None:
    assert fault("\n{{ 1 | yamll }}").near == ("yaml",)
