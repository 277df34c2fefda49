"""How the picture looks in SVG: its colours for a light and a dark page, and its icons, drawn for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from composegen.graph.model import Kind

FONTS = (
    "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', "
    "'DejaVu Sans', sans-serif"
)

_Colours = tuple[str, str]
"""For a light page, for a dark one."""

_TEXT: _Colours = ("#1f2328", "#f0f6fc")
_MUTED: _Colours = ("#59636e", "#9198a1")
_PAGE: _Colours = ("#ffffff", "#0d1117")
_PANEL: _Colours = ("#f6f8fa", "#151b23")
_LINE: _Colours = ("#d1d9e0", "#3d444d")
_CARD: _Colours = ("#ffffff", "#212830")
_WIRE: _Colours = ("#818b98", "#7d8590")
_BLUE: _Colours = ("#0969da", "#58a6ff")
_VIOLET: _Colours = ("#8250df", "#bc8cff")
_TEAL: _Colours = ("#0e7490", "#2dd4e6")
_PINK: _Colours = ("#bf3989", "#f778ba")
_GREEN: _Colours = ("#1a7f37", "#3fb950")
_RED: _Colours = ("#cf222e", "#ff6e66")
_AMBER: _Colours = ("#9a6700", "#d29922")

_PAINT: Mapping[str, Mapping[str, _Colours]] = {
    ".page": {"fill": _PAGE, "stroke": _LINE},
    ".name, .title, .heading": {"fill": _TEXT},
    ".detail, .note": {"fill": _MUTED},
    ".panel": {"fill": _PANEL, "stroke": _LINE},
    ".card": {"fill": _CARD, "stroke": _LINE},
    ".asks": {"stroke": _WIRE},
    ".needs": {"stroke": _PINK},
    ".rw, .ro": {"stroke": _TEAL},
    ".head-asks": {"fill": _WIRE},
    ".head-needs": {"fill": _PINK},
    ".head-rw, .head-ro": {"fill": _TEAL},
    ".tag": {"fill": _CARD},
    ".tag-asks": {"fill": _MUTED},
    ".tag-rw, .tag-ro": {"fill": _TEAL},
    ".sign": {"fill": _PAGE},
    ".users": {"fill": _MUTED, "stroke": _MUTED},
    ".gateway": {"fill": _VIOLET, "stroke": _VIOLET},
    ".instance": {"fill": _BLUE, "stroke": _BLUE},
    ".app": {"fill": _PINK, "stroke": _PINK},
    ".store": {"fill": _TEAL, "stroke": _TEAL},
    ".line-added": {"stroke": _GREEN},
    ".line-removed": {"stroke": _RED},
    ".line-changed": {"stroke": _AMBER},
    ".fill-added": {"fill": _GREEN},
    ".fill-removed": {"fill": _RED},
    ".fill-changed": {"fill": _AMBER},
}
"""By class; later lines win."""

_SHAPE = f"""\
text {{ font-family: {FONTS}; font-variant-numeric: tabular-nums; }}
.name {{ font-size: 18px; font-weight: 700; }}
.note, .detail {{ font-size: 12px; }}
.title {{ font-size: 14px; font-weight: 600; }}
.heading {{ font-size: 13px; font-weight: 700; }}
.tag-text {{ font-size: 11px; font-weight: 600; }}
.sign {{ font-size: 13px; font-weight: 700; text-anchor: middle; }}
.end {{ text-anchor: end; }}
.middle {{ text-anchor: middle; }}
.wire, .icon {{ stroke-linecap: round; stroke-linejoin: round; }}
path.wire, path.icon {{ fill: none; }}
.asks, .ro, .needs {{ stroke-width: 1.5; }}
.rw {{ stroke-width: 2.5; }}
.needs, .line-removed {{ stroke-dasharray: 5 4; }}
.icon {{ stroke-width: 1.6; }}
.tile {{ stroke: none; opacity: 0.13; }}
.tag {{ stroke-width: 1; stroke-dasharray: none; }}
.marked {{ stroke-width: 2; }}
.tint {{ stroke: none; opacity: 0.1; }}"""

ICONS: Mapping[Kind, str] = {
    Kind.USERS: "M8 7.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2 14.5c0-3 2.700-4.500 6-4.500s6 1.500 6 4.500",
    Kind.GATEWAY: "M1.500 8h4M5.500 8l5-5h4M5.500 8l5 5h4M5.500 8h9",
    Kind.INSTANCE: "M3.500 3.500h9v9h-9zM6.500 6.500h3v3h-3zM6 1v2.500M10 1v2.500M6 12.500v2.500M10 12.500v2.500"
    "M1 6h2.500M1 10h2.500M12.500 6h2.500M12.500 10h2.500",
    Kind.APP: "M1.500 2.500h13v11h-13zM1.500 6h13M4 4.250h.01M6.500 4.250h.01",
    Kind.STORE: "M2 4c0-1.400 2.700-2.500 6-2.500s6 1.100 6 2.500-2.700 2.500-6 2.500-6-1.100-6-2.500v8c0 1.400 2.700 "
    "2.500 6 2.500s6-1.100 6-2.500v-8M2 8c0 1.400 2.700 2.500 6 2.500s6-1.100 6-2.500",
}
"""A path in a square of 16 pixels for each kind."""


def css() -> str:
    """The style sheet, for both kinds of page."""
    light, dark = ("\n".join(_rules(number)) for number in (0, 1))
    return f"{_SHAPE}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _rules(number: int) -> Iterator[str]:
    for selector, paint in _PAINT.items():
        rules = " ".join(f"{name}: {colours[number]};" for name, colours in paint.items())
        yield f"{selector} {{ {rules} }}"
