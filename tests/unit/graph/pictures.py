"""Graphs for tests: farms of hosts, random ones, and one with names that mean harm to every reader."""

from __future__ import annotations

import random
from collections.abc import Iterator

from msgspec.structs import replace

from composegen.graph.model import Edge, Frame, Graph, Kind, Mark, Node, Way

HOSTILE = (
    "a\"b'c",
    "<script>alert(1)</script>",
    "&lt;b&gt; & ]]>",
    "end",
    "`md` **b** [x](javascript:alert(1))",
    "שלום עולם",
    "日本語モデル",
    "e\u0301\u202eevil\u202c",
    "x\\N\\n\\l\\",
    "#quot;{{7*7}}%%{init: {}}%%",
    "a\x1b[31mred\x00\r\n\tb\ud800\ufffe",
    "</style></svg>",
    "A" * 300,
    "|x| --> y; click y",
)


def farm(hosts: int, instances: int, services: int = 1, gateway: str = "") -> str:
    """So many hosts, each with so many instances of each of the services, which are all on one NFS store."""
    names = [f"h{number:03}" for number in range(hosts)]
    listed = ", ".join(f"{name}: {{address: 10.0.0.{number}}}" for number, name in enumerate(names, start=1))
    placed = [
        ", ".join(f"{name}: {{instances: {instances}, port: {11434 + 1000 * number}}}" for name in names)
        for number in range(services)
    ]
    others = "".join(f", s{n}: {{store: models, writer: none, hosts: {{{placed[n]}}}}}" for n in range(1, services))
    return f"""
        name: farm
        hosts: {{{listed}}}
        stores: {{models: {{kind: nfs, server: h000, path: /srv/models}}}}
        services: {{chat: {{store: models, hosts: {{{placed[0]}}}}}{others}}}
        {gateway}
    """


def hostile() -> Graph:
    """Every name of every kind, as a title, a detail, a label and a heading."""
    nodes = tuple(
        Node(
            key=f"h/{n}", kind=Kind.INSTANCE, title=name, ports="11434", details=(name, "16GiB"), mark=list(Mark)[n % 4]
        )
        for n, name in enumerate(HOSTILE)
    )
    store = Node(key="@x/store s", kind=Kind.STORE, title=HOSTILE[1], details=HOSTILE)
    users = Node(key="users", kind=Kind.USERS, title="users")
    asked = tuple(
        Edge(start="users", end=node.key, way=Way.ASKS, label=node.title[:20], mark=node.mark) for node in nodes
    )
    stored = tuple(Edge(start=node.key, end=store.key, way=Way.READS, label="ro", mark=node.mark) for node in nodes)
    return Graph(
        name=" ".join(HOSTILE),
        entry=HOSTILE[1],
        hosts=1,
        instances=len(nodes),
        frames=(Frame(host="h", title=HOSTILE[2], details=HOSTILE, nodes=nodes, mark=Mark.CHANGED),),
        outside=(users, store),
        edges=(*asked, *stored),
    )


def chance_graph(seed: int) -> Graph:
    """A graph as a topology might give, and odder ones."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    frames = tuple(_frame(chance, f"host{number}") for number in range(chance.randint(1, 5)))
    stores = tuple(Node(key=f"@nas/store s{n}", kind=Kind.STORE, title=f"s{n}") for n in range(chance.randint(0, 2)))
    outside = (Node(key="users", kind=Kind.USERS, title="users"), *stores)
    graph = Graph(name="chance", entry="", hosts=len(frames), instances=1, frames=frames, outside=outside, edges=())
    edges = dict.fromkeys((edge.start, edge.end, edge.way) for edge in _edges(chance, graph))
    unlike = tuple(Edge(start=start, end=end, way=way, label=_label(way)) for start, end, way in edges)
    return replace(graph, edges=unlike)


def _label(way: Way) -> str:
    return way.value if way in (Way.WRITES, Way.READS) else ""


def _frame(chance: random.Random, host: str) -> Frame:
    nodes = []
    for kind, most in ((Kind.GATEWAY, 1), (Kind.INSTANCE, 6), (Kind.APP, 4), (Kind.STORE, 3)):
        for number in range(chance.randint(0, most)):
            title = f"{kind.value}-{number}" + "x" * chance.choice((0, 0, 0, 8, 40))
            details = tuple(f"detail {n}" for n in range(chance.randint(0, 3)))
            ports = chance.choice(("", "11434"))
            nodes.append(Node(key=f"{host}/{kind.value}{number}", kind=kind, title=title, ports=ports, details=details))
    return Frame(host=host, title=host + "y" * chance.choice((0, 0, 40)), details=("10.0.0.1",), nodes=tuple(nodes))


def _edges(chance: random.Random, graph: Graph) -> Iterator[Edge]:
    of = {kind: [node.key for node in graph.nodes() if node.kind is kind] for kind in Kind}
    gateways = of[Kind.GATEWAY][:1]
    yield from (Edge(start="users", end=key, way=Way.ASKS) for key in gateways)
    for number, app in enumerate(of[Kind.APP]):
        targets = [*gateways, *of[Kind.INSTANCE], *of[Kind.APP][number + 1 :]]
        for target in chance.sample(targets, min(len(targets), chance.randint(0, 2))):
            yield Edge(start=app, end=target, way=Way.NEEDS)
        if chance.random() < 0.5:
            yield Edge(start="users", end=app, way=Way.ASKS)
    for instance in of[Kind.INSTANCE]:
        yield Edge(start=chance.choice(["users", *gateways]), end=instance, way=Way.ASKS)
        if of[Kind.STORE]:
            yield Edge(start=instance, end=chance.choice(of[Kind.STORE]), way=chance.choice((Way.READS, Way.WRITES)))
