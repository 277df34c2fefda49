"""The picture as SVG, looked at as people do: can it be read on both pages, is everything on it and explained."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from msgspec.structs import replace

from composegen.graph import svg, svg_style
from composegen.graph.layout import layout
from composegen.graph.measure import Style, pixel_width, pixels, wrapped
from composegen.graph.model import Way
from composegen.graph.svg_path import path
from tests.unit.graph.test_forms import GRAPHS, SVG, graph
from tests.unit.graph.test_marking import FEWER, TEXT, change

READABLE = 4.5
"""Contrast of small text and what is behind it (WCAG 2.2, 1.4.3)."""
SEEN = 3.0
"""Contrast of lines and signs (WCAG 2.2, 1.4.11)."""
TEXTS = {".title": ".card", ".detail": ".card", ".heading": ".panel", ".name": ".page", ".note": ".page"}
TAGS = (".tag-asks", ".tag-rw", ".tag-ro", ".fill-added", ".fill-removed", ".fill-changed")
LINES = (".asks", ".needs", ".rw", ".ro", ".line-added", ".line-removed", ".line-changed")


def painted(page: int) -> dict[str, dict[str, str]]:
    """Fill and stroke of each class on the light (0) or the dark (1) page."""
    found: dict[str, dict[str, str]] = {}
    for selector, rules in re.findall(r"^(\.[^{]+) \{ (.*) \}$", svg_style.css().split("@media")[page], re.MULTILINE):
        for name in selector.split(", "):
            found.setdefault(name, {}).update(re.findall(r"(fill|stroke): (#\w{6});", rules))
    return found


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("page", [0, 1], ids=["light", "dark"])
def test_texts_and_lines_can_be_read(page: int) -> None:
    of = painted(page)
    for text, behind in TEXTS.items():
        assert contrast(of[text]["fill"], of[behind]["fill"]) >= READABLE, text
    for text in TAGS:
        assert contrast(of[text]["fill"], of[".tag"]["fill"]) >= READABLE, text
    for line in LINES:
        assert all(contrast(of[line]["stroke"], of[behind]["fill"]) >= SEEN for behind in (".page", ".panel")), line
    for way in ("asks", "needs", "rw", "ro"):
        assert of[f".head-{way}"]["fill"] == of[f".{way}"]["stroke"]


@pytest.mark.parametrize("name", GRAPHS)
def test_the_legend_explains_what_is_drawn_and_nothing_else(name: str) -> None:
    shown = graph(name)
    texts = [text.text for text in ET.fromstring(svg.draw(shown)).iter(f"{SVG}text") if text.get("class") == "note"]  # noqa: S314
    meanings = {"sends requests": Way.ASKS, "needs it at its start": Way.NEEDS}
    meanings |= {"writes the store": Way.WRITES, "reads it": Way.READS}
    ways = {edge.way for edge in shown.edges}
    assert [text for text in texts if text in meanings] == [text for text, way in meanings.items() if way in ways]
    assert {mark.value for mark in shown.marks} <= set(texts)


def test_entries_of_the_legend_stand_side_by_side() -> None:
    ended = 0.0
    for text in ET.fromstring(svg.draw(change(FEWER, TEXT))).findall(f"{SVG}g")[-1].iter(f"{SVG}text"):  # noqa: S314
        assert float(str(text.get("x"))) > ended
        ended = float(str(text.get("x"))) + pixel_width(str(text.text), Style.DETAIL)
    assert ended > 0


def test_users_are_round_and_nobody_else_is() -> None:
    drawn = svg.draw(graph("minimal"))
    cards = re.findall(r'class="card" x="[^"]*" y="[^"]*" width="[^"]*" height="([^"]*)" rx="([^"]*)"', drawn)
    assert sorted(float(radius) == float(height) / 2 for height, radius in cards) == [False, False, True]


def test_corners_of_lines_are_round() -> None:
    assert path([(0, 0), (50, 0), (50, 60), (100, 60)]) == "M0 0L41 0Q50 0 50 9L50 51Q50 60 59 60L100 60"
    assert path([(0, 0), (50, 0), (50, 8), (100, 8)]) == "M0 0L46 0Q50 0 50 4L50 4Q50 8 54 8L100 8"


@pytest.mark.parametrize(("name", "users"), [("nas", True), ("shared-volume", False)])
def test_the_caption_says_where_users_begin(name: str, users: bool) -> None:
    note = next(t for t in ET.fromstring(svg.draw(graph(name))).iter(f"{SVG}text") if t.get("class") == "note")  # noqa: S314
    assert ("users go to http" in str(note.text)) is users
    assert ("·" in str(note.text)) is users


def test_lines_to_a_store_begin_where_they_come_together() -> None:
    drawing = layout(change(FEWER, TEXT), pixels())
    store = next(card for card in drawing.cards if card.node.title == "models")
    for line in svg._inside(drawing):
        if match := re.match(r'<path class="wire r[wo][^"]*" d="([^"]*)"', line):
            starts = re.findall(r"M([\d.]+) ", match[1])
            assert set(map(float, starts)) == {store.x}


def test_a_port_that_has_no_room_beside_its_name_stands_below_it() -> None:
    for name in GRAPHS:
        for card in layout(graph(name), pixels()).cards:
            shown = (card.ports, *(part for line in card.details for part in line.split(" · ")))
            assert not card.node.ports or f":{card.node.ports}" in shown, card.node.title


@pytest.mark.parametrize("widest", [-1, 0, 1])
def test_a_text_without_any_room_is_broken_after_each_character(widest: float) -> None:
    assert wrapped("abc", widest, len) == ("a", "b", "c")


def test_without_users_everything_is_on_the_page_all_the_same() -> None:
    shown = graph("kitchen-sink")
    asked = tuple(edge for edge in shown.edges if edge.start != "users")
    outside = tuple(node for node in shown.outside if node.key != "users")
    drawing = layout(replace(shown, outside=outside, edges=asked), pixels())
    assert min(panel.x for panel in drawing.panels) == 0
    assert max(panel.x + panel.width for panel in drawing.panels) <= drawing.width
