"""Each form: what it shows of the samples, and that no name gets out of its quotes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from msgspec.structs import replace

from composegen.graph import FORMATS, building, dot, draw, mermaid, svg, text
from composegen.graph.measure import cell_width
from composegen.graph.model import Graph, Mark
from tests.planning import plan_of
from tests.sampling import SAMPLES, compiled
from tests.unit.graph.pictures import HOSTILE, chance_graph, farm, hostile
from tests.unit.graph.test_marking import FEWER, TEXT, change

SVG = "{http://www.w3.org/2000/svg}"
LABEL = r'"[^"\n]*"'
MERMAID_LINE = re.compile(
    rf"flowchart LR| +subgraph host\d+\[{LABEL}\]| +end"
    rf"| +[a-z]+\d*(\(\[{LABEL}\]\)|\[\({LABEL}\)\]|\[{LABEL}\])"
    rf"| +[a-z]+\d* -\.?->(\|{LABEL}\|)? [a-z]+\d*"
    r"| +(classDef|class|linkStyle) [a-z0-9,]+ [\w:#,;\- ]+"
)
"""All that a diagram of ours may hold; in a label no sign with a meaning of its own stands as it is."""
STRING = r'"(?:[^"\\]|\\.)*"'
ATTRIBUTES = rf"\[\w+=(?:{STRING}|[\w.,]+)(?:, \w+=(?:{STRING}|[\w.,]+))*\]"
DOT_LINE = re.compile(
    rf"digraph {STRING} \{{| +subgraph cluster_\d+ \{{| *\}}| +\w+ -> \w+(?: {ATTRIBUTES})?;| +\w+ {ATTRIBUTES};"
    rf"| +(?:\w+=(?:{STRING}|[\w.]+);? ?)+"
)


def of_sample(name: str) -> Graph:
    plan = compiled(name).plan
    assert plan is not None
    return building.build(plan)


GRAPHS = [*SAMPLES, "hostile", "change"]


def graph(name: str) -> Graph:
    if name == "hostile":
        return hostile()
    return change(FEWER, TEXT) if name == "change" else of_sample(name)


@pytest.mark.parametrize("name", GRAPHS)
def test_mermaid_holds_nothing_but_what_we_mean(name: str) -> None:
    for line in mermaid.lines(graph(name)):
        assert MERMAID_LINE.fullmatch(line), line
        labels = "".join(re.findall(LABEL, line)).replace('"', "").replace("<br/>", "")
        assert not re.search(r"[<>`%{}&]", labels), line


@pytest.mark.parametrize("name", GRAPHS)
def test_dot_holds_nothing_but_what_we_mean(name: str) -> None:
    drawn = dot.draw(graph(name))
    open_braces = 0
    for line in drawn.splitlines():
        assert DOT_LINE.fullmatch(line), line
        outside = re.sub(STRING, "", line)
        open_braces += outside.count("{") - outside.count("}")
        assert open_braces > 0 or line == "}", line
    assert open_braces == 0


def test_dot_quotes_what_graphviz_reads_in_strings() -> None:
    assert dot.quoted('a"b\\N&lt;', "x") == '"a\\"b\\\\N&amp;lt;\\nx"'


@pytest.mark.parametrize("name", GRAPHS)
def test_svg_holds_names_as_text_only(name: str) -> None:
    drawn = svg.draw(graph(name))
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "g",
        "path",
        "circle",
        "text",
        "tspan",
    }
    names = {attribute for element in root.iter() for attribute in element.attrib}
    assert not [attribute for attribute in names if attribute.startswith("on") or "href" in attribute]
    style = root.find(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in str(style.text)
    assert "url(" not in str(style.text)
    assert "@import" not in str(style.text)


@pytest.mark.parametrize("name", GRAPHS)
def test_svg_can_be_heard(name: str) -> None:
    shown = graph(name)
    root = ET.fromstring(svg.draw(shown))  # noqa: S314 - our own
    title, story = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert title is not None
    assert story is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {story.get('id')}"
    assert shown.summary in str(title.text)
    assert len(str(story.text)) > 60


def test_svg_has_a_style_for_every_class_it_uses() -> None:
    drawn = svg.draw(change(FEWER, TEXT)) + svg.draw(of_sample("kitchen-sink"))
    styles = set(re.findall(r"\.([a-z][\w-]*)(?=[ ,{])", drawn.split("</style>")[0]))
    used = {name for names in re.findall(r'class="([^"]*)"', drawn) for name in names.split()}
    assert used <= styles, used - styles


def test_svg_texts_stay_on_the_page() -> None:
    for name in ("hostile", "kitchen-sink"):
        root = ET.fromstring(svg.draw(graph(name)))  # noqa: S314 - our own
        width = float(str(root.get("width")))
        assert all(0 <= float(str(text.get("x"))) <= width for text in root.iter(f"{SVG}text"))


@pytest.mark.parametrize("name", SAMPLES)
def test_text_fits_a_hundred_columns(name: str) -> None:
    widest = max(map(cell_width, text.draw(of_sample(name)).splitlines()))
    assert widest <= text.WIDTH or name == "kitchen-sink"


def test_text_is_the_picture_of_the_seeds() -> None:
    assert (
        text.draw(of_sample("minimal"))
        == """\
local-llm: 1 instance on 1 host; users go to http://192.168.1.10:11434

               ╭─ box   192.168.1.10 ─────────────────────────────────────────────────╮
               │                                 ┌──────────────────────────────────┐ │
┌───────┐      │ ┌──────────────────┐            │ ollama-models                    │ │
│ users ├───────▶│ ollama-1  :11434 ├─── rw ─────┤ volume · local-llm_ollama-models │ │
└───────┘      │ └──────────────────┘            │ 1 model                          │ │
               │                                 └──────────────────────────────────┘ │
               ╰──────────────────────────────────────────────────────────────────────╯

rw: writes the store
"""
    )


@pytest.mark.parametrize("name", GRAPHS)
def test_text_moves_no_cursor_and_every_border_is_closed(name: str) -> None:
    drawn = text.draw(graph(name))
    assert drawn.replace("\n", "").replace("\u200e", "").isprintable()
    assert drawn.count("┌") >= drawn.count("╭")
    for opened, closed in ("╭╮", "╰╯"):
        assert drawn.count(opened) == drawn.count(closed) == len(graph(name).frames)


@pytest.mark.slow
def test_text_marks_by_signs_and_where_wanted_by_colour() -> None:
    shown = change(FEWER, TEXT)
    assert "│ + ollama-3 " in text.draw(shown)
    assert "+ added   ~ changed\n" in text.draw(shown)
    assert "\x1b" not in text.draw(shown)
    coloured = text.draw(shown, colour=True)
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[\d*m", "", coloured) == text.draw(shown)
    assert "e\u0301" in text.draw(hostile()).partition("\n\n")[2]
    gone = text.draw(change(TEXT, FEWER))
    assert "┆ - ollama-3 " in gone


def test_what_is_marked_is_said_in_words_where_there_are_only_colours() -> None:
    shown = change(FEWER, TEXT)
    assert '"ollama-3 :11436 (added)<br/>16GiB"' in mermaid.draw(shown)
    assert re.search(r"class [\w,]*instance4\b[\w,]* added", mermaid.draw(shown))
    assert 'label="ollama-3 :11436 (added)\\n16GiB"' in dot.draw(shown)
    assert ">+</text>" in svg.draw(shown)
    assert "ollama-3 on port 11436 (16GiB) [added]" in svg.draw(shown)
    assert "Host server80 (10.0.0.80): Traefik on port 11400 " in svg.draw(shown)
    assert "users ask Traefik on server80." in svg.draw(shown)


def test_every_mark_has_a_colour_in_every_form() -> None:
    shown = hostile()
    for mark in list(Mark)[1:]:
        assert f"classDef {mark.value} " in mermaid.draw(shown)
        assert f'class="card marked line-{mark.value}"' in svg.draw(shown)
    frame = re.search(r"subgraph cluster_1 \{\n.*\n +(.*)", dot.draw(shown))
    assert frame is not None
    assert frame[1] == 'style="rounded"; color="#9a6700";'


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_graph_is_the_same_text(form: str) -> None:
    for seed in range(5):
        assert draw(form, chance_graph(seed)) == draw(form, chance_graph(seed))
        assert draw(form, chance_graph(seed)).endswith("\n")


@pytest.mark.parametrize("form", FORMATS)
def test_large_and_empty_ones_are_drawn_too(form: str) -> None:
    assert draw(
        form,
        building.build(plan_of(farm(70, 3, services=3, gateway="gateway: {host: h000, routes: [{service: chat}]}"))),
    )
    empty = replace(hostile(), frames=(), outside=hostile().outside[:1], edges=())
    assert draw(form, empty)


def test_names_survive_where_they_can() -> None:
    drawn = svg.draw(hostile())
    texts = ["".join(element.itertext()) for element in ET.fromstring(drawn).iter(f"{SVG}text")]  # noqa: S314
    for name in HOSTILE[:5]:
        assert any(name in text for text in texts) or len(name) > 20, name
