"""Heights: every host is a lane, lanes stand one below the other, and in each the columns are centred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from composegen.graph.drawing import Card, Panel
from composegen.graph.measure import Sizes, Style, filled, wrapped
from composegen.graph.model import Frame, Graph, Node


class Lane(Struct, frozen=True, kw_only=True):
    """A frame, and where its content begins and ends; `first` and `last` are its columns."""

    frame: Frame
    heading: tuple[str, ...]
    details: tuple[str, ...]
    beside: bool
    first: int
    last: int
    top: float
    bottom: float
    y: float
    """The upper border; that of the content is `top`."""

    def panel(self, x: float, right: float, sizes: Sizes) -> Panel:
        """The frame between these two."""
        height = self.bottom + sizes.frame_bottom - self.y
        return Panel(
            frame=self.frame,
            x=x,
            y=self.y,
            width=right - x,
            height=height,
            heading=self.heading,
            details=self.details,
            beside=self.beside,
        )


def card(node: Node, sizes: Sizes, sides: int) -> Card:
    """A node as large as its text wants, with room for so many wires on one side; not placed yet."""
    title = wrapped(node.title, sizes.widest, lambda text: sizes.width(text, Style.TITLE))
    ports = f":{node.ports}" if node.ports else ""
    beside = sizes.width(title[0], Style.TITLE) + sizes.width(f"  {ports}", Style.DETAIL)
    fits = len(title) == 1 and beside <= sizes.widest
    parts = node.details if fits or not ports else (ports, *node.details)
    details = filled(parts, sizes.widest, lambda text: sizes.width(text, Style.DETAIL))
    widths = [sizes.width(line, Style.TITLE) for line in title] + [sizes.width(line, Style.DETAIL) for line in details]
    lines = max(len(title) * sizes.title + len(details) * sizes.detail, sides * sizes.detail)
    return Card(
        node=node,
        x=0,
        y=0,
        width=max([*widths, beside if fits and ports else 0]) + sizes.icon + 2 * sizes.pad_x,
        height=lines + 2 * sizes.pad_y,
        title=title,
        ports=ports if fits else "",
        details=details,
    )


def lanes(
    graph: Graph, cards: dict[str, Card], at: Mapping[str, int], passing: Mapping[str, int], sizes: Sizes
) -> tuple[Lane, ...]:
    """Every lane, and in `cards` the height of each of its cards. `passing`: wires that go past the boxes of a host."""
    found: list[Lane] = []
    widths = _widths(cards, at)
    y = 0.0
    for frame in graph.frames:
        lane = _lane(frame, [cards[node.key] for node in frame.nodes], at, widths, sizes)
        stacks = _stacks([cards[node.key] for node in frame.nodes], at)
        room = max((_height(stack, sizes) for stack in stacks.values()), default=0)
        inner = [_height(stack, sizes) for column, stack in stacks.items() if column < lane.last]
        if passing.get(frame.host):
            room = max([room, *(height + 2 * passing[frame.host] * sizes.detail for height in inner)])
        top = y + lane.top
        for stack in stacks.values():
            _place(stack, cards, top + sizes.snap((room - _height(stack, sizes)) / 2), sizes)
        found.append(replace(lane, y=y, top=top, bottom=top + room))
        y = top + room + sizes.frame_bottom + sizes.lane
    return tuple(found)


def centred(keys: Sequence[str], cards: dict[str, Card], middle: float, sizes: Sizes) -> None:
    """Place cards one above the other, around that height."""
    stack = [cards[key] for key in keys]
    _place(stack, cards, sizes.snap(middle - _height(stack, sizes) / 2), sizes)


def _lane(
    frame: Frame, cards: Sequence[Card], at: Mapping[str, int], widths: Mapping[int, float], sizes: Sizes
) -> Lane:
    """A lane at the height 0, its heading broken to what is surely there in width."""
    used = [at[one.node.key] for one in cards] or [max(0, max(at.values()) - 1)]
    first, last = min(used), max(used)
    room = max(sum(widths.get(column, 0) for column in range(first, last + 1)), sizes.widest / 2) - sizes.inset
    heading = wrapped(frame.title, room, lambda text: sizes.width(text, Style.HEADING))
    details = filled(frame.details, room, lambda text: sizes.width(text, Style.DETAIL))
    beside = len(heading) == len(details) == 1 and _beside(heading[0], details[0], sizes) <= room
    top = (len(heading) + (0 if beside else len(details))) * sizes.heading + sizes.frame_top
    return Lane(
        frame=frame, heading=heading, details=details, beside=beside, first=first, last=last, top=top, bottom=0, y=0
    )


def _beside(heading: str, details: str, sizes: Sizes) -> float:
    """How wide a heading is with its details behind it."""
    return sizes.width(f"{heading}   ", Style.HEADING) + sizes.width(details, Style.DETAIL)


def _widths(cards: Mapping[str, Card], at: Mapping[str, int]) -> Mapping[int, float]:
    widths: dict[int, float] = {}
    for key, one in cards.items():
        widths[at[key]] = max(widths.get(at[key], 0), one.width)
    return widths


def _stacks(cards: Sequence[Card], at: Mapping[str, int]) -> Mapping[int, list[Card]]:
    stacks: dict[int, list[Card]] = {}
    for one in cards:
        stacks.setdefault(at[one.node.key], []).append(one)
    return stacks


def _height(stack: Sequence[Card], sizes: Sizes) -> float:
    return sum(one.height for one in stack) + sizes.gap * max(len(stack) - 1, 0)


def _place(stack: Sequence[Card], cards: dict[str, Card], y: float, sizes: Sizes) -> None:
    for one in stack:
        cards[one.node.key] = replace(one, y=y)
        y += one.height + sizes.gap
