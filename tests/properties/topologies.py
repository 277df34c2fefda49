"""Random valid topologies, derived from the declarations of the language.

A field is drawn from its declared shape and limits. Only where fields must fit each other (names that exist, ports that
are free, one writer for each store) does `CONTEXT` take over; a test sees to it that nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from composegen.fields import Limits, Section, Verbatim
from composegen.shapes import Choice, Many, Nothing, Part, Plain, Shape, Words, declared
from composegen.topology import (
    Admin,
    App,
    DirectoryStore,
    EntryPoint,
    Gateway,
    Host,
    HostGpus,
    Init,
    Model,
    NfsStore,
    Placement,
    Secret,
    Service,
    ServiceDefaults,
    Tls,
    Topology,
    Traefik,
    Upgrade,
    VolumeStore,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]
Data = dict[str, Any]

TAG = "zqz"
"""Stands in every name that Traefik hears of; `numbered` replaces it, so that many topologies fit into one Traefik."""

LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
)
TEXT = st.text(st.one_of(LETTERS, st.sampled_from(" $\"'\\{}[]#&*!|>%@`,:;~^()<>?-=\n\t")), max_size=30)
"""Text as a value of an environment variable or a label may be."""

NEWEST = {"engine": "29.2", "compose": "5.6"}
MODES = {
    "nvidia": ("reservation", "gpus", "runtime", "cdi"),
    "amd": ("devices", "cdi"),
    "intel": ("devices",),
}
NO_INIT = (False,)
KNOWN_VARIABLES = {"OLLAMA_KEEP_ALIVE": "30m", "OLLAMA_NUM_PARALLEL": 2, "OLLAMA_FLASH_ATTENTION": True}
COMPOSE_EXTRAS: Sequence[Data] = (
    {},
    {"cpus": 4},
    {"cap_drop": ["ALL"], "read_only": True},
    {"ulimits": {"nofile": 65536}, "shm_size": "1gb"},
    {"sysctls": {"net.core.somaxconn": 1024}, "dns": ["10.0.0.53"]},
    {"x-mine": {"a": [1, None]}},
)


def text(limits: Limits) -> st.SearchStrategy[str]:
    """Text within limits: any at all, as far as the pattern goes."""
    pattern = (limits.pattern or ".*").replace("$", r"\Z")
    found = st.from_regex(pattern, alphabet=LETTERS).filter(lambda one: re.search(pattern, one) is not None)
    return found.map(lambda one: one[:60] if re.search(pattern, one[:60]) else one)


def value(draw: Draw, shape: Shape) -> Any:  # noqa: PLR0911 - one for each shape
    """Anything that a shape admits, where nothing else has to fit."""
    limits = next((mark for mark in shape.marks if isinstance(mark, Limits)), None)
    match shape:
        case Plain(kind=kind) if kind is bool:
            return draw(st.booleans())
        case Plain(kind=kind) if kind is int and limits:
            return draw(st.integers(limits.minimum, limits.maximum))
        case Plain(kind=kind) if kind is str and limits:
            return draw(text(limits))
        case Words(words=words):
            return draw(st.sampled_from(words))
        case Many(item=item):
            return [value(draw, item) for _ in range(draw(st.integers(0, 3)))]
        case Part(section=section):
            return section_of(draw, section)
        case Choice(shapes=shapes) if any(isinstance(mark, Verbatim) for mark in shape.marks):
            return draw(st.one_of(TEXT, st.integers(), st.booleans()))
        case Choice(shapes=shapes):
            return value(draw, draw(st.sampled_from([one for one in shapes if not isinstance(one, Nothing)])))
    raise AssertionError(f"{shape} needs an entry in CONTEXT")


def section_of(draw: Draw, section: type[Section], given: Mapping[str, Any] | None = None) -> Data:
    """A section: what is given, what is required, and some of the rest. Nothing that `CONTEXT` has."""
    data: Data = dict(given or {})
    for one in declared(section):
        own = one.name in data or (section, one.name) in CONTEXT
        if not own and (not one.optional or draw(st.booleans())):
            data[one.name] = value(draw, one.shape)
    if draw(st.integers(0, 9)) == 0:
        data["x-mine"] = draw(st.sampled_from(["free", "${FREE}", ["0123"], {"y": None}]))
    return {key: item for key, item in data.items() if item is not ABSENT}


class _Absent:
    """Says that a field is left out."""


ABSENT = _Absent()

CONTEXT: frozenset[tuple[type[Section], str]] = frozenset(
    {
        (Topology, "hosts"),
        (Topology, "stores"),
        (Topology, "services"),
        (Topology, "defaults"),
        (Topology, "apps"),
        (Topology, "gateway"),
        (Topology, "variables"),
        (Topology, "rules"),
        (Topology, "output"),
        (Topology, "templates"),
        (Topology, "patches"),
        (Topology, "agents"),
        (Host, "address"),
        (Host, "bind"),
        (Host, "gpus"),
        (Host, "docker"),
        (HostGpus, "devices"),
        (HostGpus, "mode"),
        (DirectoryStore, "path"),
        (NfsStore, "path"),
        (NfsStore, "mountpoint"),
        (NfsStore, "server"),
        (NfsStore, "external"),
        (NfsStore, "writer"),
        *((kind, name) for kind in (Service, ServiceDefaults) for name in (
            "image", "store", "writer", "environment", "models", "hosts", "compose", "memory", "init", "migrate_from",
            "upgrade", "direct"
        )),
        (Upgrade, "snapshot"),
        (Upgrade, "rollback"),
        (Model, "name"),
        (Model, "modelfile"),
        (Model, "files"),
        (Model, "insecure"),
        (Placement, "instances"),
        (Placement, "port"),
        (Placement, "gpus"),
        (Placement, "shared"),
        (App, "host"),
        (App, "needs"),
        (App, "compose"),
        (App, "volumes"),
        (App, "networks"),
        (Gateway, "host"),
        (Gateway, "hostname"),
        (Gateway, "entrypoint"),
        (Gateway, "traefik"),
        (Gateway, "admin"),
        (Gateway, "tls"),
        (Gateway, "balance"),
        (Gateway, "routes"),
        (Admin, "users"),
        (Admin, "allow"),
        (EntryPoint, "name"),
        (EntryPoint, "port"),
        (Traefik, "version"),
        (Tls, "certificate"),
        (Tls, "key"),
        (Tls, "resolver"),
    }
)  # fmt: skip
"""Fields that must fit others, or a rule; all else is drawn from its declaration alone."""


@dataclass(kw_only=True)
class Drawing:
    """One topology while it is drawn."""

    draw: Draw
    hosts: dict[str, Data] = field(default_factory=dict)
    stores: dict[str, Data] = field(default_factory=dict)
    services: dict[str, Data] = field(default_factory=dict)
    apps: dict[str, Data] = field(default_factory=dict)

    def one_of(self, *words: Any) -> Any:
        """One of some values."""
        return self.draw(st.sampled_from(words))

    def often(self) -> bool:
        """True two times out of three."""
        return bool(self.draw(st.integers(0, 2)))


@st.composite
def topologies(draw: Draw) -> Data:
    """A valid topology: no finding that is an error."""
    work = Drawing(draw=draw)
    for number in range(draw(st.integers(1, 3))):
        name = draw(text(Limits(expected="", pattern="^[a-z0-9][a-z0-9-]{0,8}$"))) + f"h{number}"
        work.hosts[name] = _host(work, number)
    for number in range(draw(st.integers(1, 3))):
        _service(work, number)
    for number in range(draw(st.integers(0, 2))):
        _app(work, number)
    given = {
        "variables": work.one_of([], ["IMAGE"], ["IMAGE", "X_Y"]),
        "hosts": work.hosts,
        "stores": work.stores or ABSENT,
        "services": work.services,
        "apps": work.apps or ABSENT,
        "gateway": _gateway(work) if work.often() else ABSENT,
        "defaults": work.one_of(
            ABSENT, {}, {"memory": "64GiB"}, {"environment": {"V_ALL": "1"}, "init": {"attempts": 2}}
        ),
        "rules": work.one_of(ABSENT, {}, {"floating-tag": "note", "weights-ignored": "off"}),
        "output": work.one_of(ABSENT, "deploy", "out/ü x"),
        "templates": work.one_of(ABSENT, ABSENT, "templates"),
        "patches": work.one_of(ABSENT, [], _patches(work)),
        "agents": work.one_of(ABSENT, ABSENT, ["compose-farm"]),
    }
    if given["agents"] is not ABSENT:
        for name, host in work.hosts.items():
            host["directory"] = f"/srv/{name}"
    if given["variables"]:
        work.one_of(*work.services.values())["image"] = "${IMAGE:-ollama/ollama:0.32.15}"
    return section_of(draw, Topology, given)


def _host(work: Drawing, number: int) -> Data:
    octet = work.draw(st.integers(1, 254))
    address, bind = work.one_of(
        (f"10.{number}.0.{octet}", ABSENT),
        (f"10.{number}.0.{octet}", "0.0.0.0"),  # noqa: S104 - an address like any
        (f"fd00:{number}::{octet:x}", ABSENT),
        (f"node{octet}.h{number}.example", f"10.{number}.1.{octet}"),
        (f"Node{octet}.h{number}", f"fd00:{number}::1:{octet:x}"),
    )
    gpus = _gpus(work) if work.often() else ABSENT
    docker = NEWEST if gpus is not ABSENT else work.one_of(ABSENT, NEWEST, {"engine": "24.0.7"}, {"compose": "2.30"})
    return section_of(work.draw, Host, {"address": address, "bind": bind, "gpus": gpus, "docker": docker})


def _patches(work: Drawing) -> list[Data]:
    """Patches that find something in every file: there is at least one container."""
    label = {work.draw(TEXT.filter(bool)): work.draw(TEXT), "a": "x"}
    return [
        {"match": "services.*", "count": "any", "merge": {"labels": label}, "hosts": ["*"]},
        {"match": "services.*.labels.a", "count": "any", "set": work.draw(TEXT), "file": "compose.yaml"},
        {"match": "services.*.labels.a", "count": "any", "remove": True},
    ]


def _gpus(work: Drawing) -> Data:
    vendor = work.one_of(*MODES)
    uuid = "GPU-3f2a9c1e-5b7d-4e8f-a1c2-9d0b6e4f8a7c"
    devices = [str(number) for number in range(12)] + ([] if vendor == "intel" else [uuid])
    return section_of(
        work.draw, HostGpus, {"vendor": vendor, "devices": devices, "mode": work.one_of(ABSENT, *MODES[vendor])}
    )


def _service(work: Drawing, number: int) -> None:
    """A service, with a store of its own or the one before, from which it only reads."""
    name = work.draw(text(Limits(expected="", pattern="^[a-z][a-z0-9]{0,6}$"))) + f"{TAG}{number}s"
    hosts = work.draw(st.lists(st.sampled_from(sorted(work.hosts)), min_size=1, unique=True))
    shared = [one for one in work.services.values() if "store" in one and one.get("writer") is None]
    given: Data = {
        "environment": _environment(work, {**KNOWN_VARIABLES}),
        "memory": work.one_of(ABSENT, "64GiB", "1.5 t"),
    }
    if shared and work.often():
        owner = work.one_of(*shared)
        given |= {"store": owner["store"], "writer": "none"}
        hosts = hosts if work.stores[owner["store"]]["kind"] == "nfs" else [next(iter(owner["hosts"]))]
    elif work.often():
        given["store"] = _store(work, number, hosts)
    given |= {
        "image": work.one_of(ABSENT, "ollama/ollama:0.32.15", "registry.example:5000/x/y:1.0@sha256:" + "0a" * 32),
        "models": [_model(work, number, index) for index in range(work.draw(st.integers(0, 3)))],
        "hosts": {host: _placement(work, host, number) for host in hosts},
        "init": work.one_of(ABSENT, {"attempts": 1}, section_of(work.draw, Init), *NO_INIT),
        "compose": work.one_of(ABSENT, *COMPOSE_EXTRAS),
        "migrate_from": work.one_of(ABSENT, [], [f"old{number}_1", f"/old{number}/a b'$x"]),
        "upgrade": work.one_of(ABSENT, _upgrade(work)),
        "direct": work.one_of(ABSENT, *(True, False)),
    }
    for key in ("store", "writer"):
        given.setdefault(key, ABSENT)
    work.services[name] = section_of(work.draw, Service, given)


def _upgrade(work: Drawing) -> Data:
    """Nobody goes back by himself to what was not kept."""
    kept = work.draw(st.booleans())
    rollback = work.one_of(ABSENT, "manual", "automatic") if kept else work.one_of(ABSENT, "manual")
    return section_of(work.draw, Upgrade, {"snapshot": kept, "rollback": rollback})


def _store(work: Drawing, number: int, hosts: Sequence[str]) -> str:
    name: str = work.draw(text(Limits(expected="", pattern="^[a-z][a-z0-9-]{0,8}$"))) + f"{number}m"
    path = f"/srv{number}" + work.draw(_PATH)
    match work.one_of("directory", "volume", "nfs", "nas"):
        case "directory":
            data = section_of(work.draw, DirectoryStore, {"kind": "directory", "path": path})
        case "volume":
            data = section_of(work.draw, VolumeStore)
        case kind:
            server = {"server": work.one_of(*work.hosts)} if kind == "nfs" else {"external": "nas.example"}
            writer = ABSENT if server.get("server") in hosts and work.often() else work.one_of(*hosts)
            mountpoint = f"/mnt{number}" + work.draw(_PATH) if work.often() else ABSENT
            given = {"kind": "nfs", "path": path, "writer": writer, "mountpoint": mountpoint, **server}
            data = section_of(work.draw, NfsStore, {"server": ABSENT, "external": ABSENT, **given})
    work.stores[name] = data
    return name


_PATH = st.from_regex(r"\A(/[^/.\x00-\x1f\x7f][^/\x00-\x1f\x7f]{0,8})?\Z", alphabet=LETTERS).filter(
    lambda path: path == path.rstrip()
)
"""The rest of a path, with whatever a path may hold."""


def _model(work: Drawing, number: int, index: int) -> Any:
    name = work.draw(
        st.from_regex(r"\A(([a-z.]{1,5}\.example(:5000)?/)?[a-z0-9_][a-z0-9_-]{0,4}/)?[a-z]\Z", alphabet=LETTERS)
    )
    name = f"{name.replace('..', '.').lstrip('.-')}{number}{index}" + work.one_of("", ":7b", ":q4_K.M-1")
    return work.one_of(
        name,
        {"name": name, "insecure": work.draw(st.booleans())},
        {"name": name, "modelfile": work.draw(_MODELFILE)},
        {"name": name, "modelfile": "Modelfile", "files": f"/gguf{number}{index}" + work.draw(_PATH)},
    )


_MODELFILE = st.from_regex(r"\A[^/.\x00-\x1f\x7f][^/\x00-\x1f\x7f]{0,12}\Z", alphabet=LETTERS)


def _placement(work: Drawing, host: str, number: int) -> Any:
    """Instances on ports of their own; each gets a GPU of its own, or none."""
    instances, port = work.draw(st.integers(1, 3)), 3000 + 1000 * number + work.draw(st.integers(0, 900))
    gpus = work.one_of("one-each", "none", 1) if "gpus" in work.hosts[host] else work.one_of(ABSENT, "none")
    given = {"instances": instances, "port": port, "gpus": gpus, "shared": ABSENT}
    if gpus is not ABSENT and gpus != "none" and work.draw(st.booleans()):
        given |= {"gpus": [str(9 + number)], "instances": 1, "shared": work.draw(st.booleans())}
    return section_of(work.draw, Placement, given)


def _environment(work: Drawing, known: Mapping[str, Any]) -> Data:
    entries = {
        f"V_{key}_x": work.draw(TEXT) for key in work.draw(st.lists(st.from_regex(r"\A[A-Z0-9_]{0,6}\Z"), max_size=3))
    }
    if work.often():
        entries["A_SECRET"] = section_of(work.draw, Secret, {})
    return entries | {
        key: known[key] for key in work.draw(st.lists(st.sampled_from(sorted(known)), unique=True)) if known
    }


def _app(work: Drawing, number: int) -> None:
    name = work.draw(text(Limits(expected="", pattern="^[a-z][a-z0-9]{0,6}$"))) + f"{number}p"
    compose: Data = {
        "image": "example/app:1.4",
        "environment": work.one_of(_environment(work, {"TERM": "xterm"}), ["A=1", "B"]),
        "labels": {f"l{index}": work.draw(TEXT) for index in range(2)},
        "command": [work.draw(TEXT) for _ in range(work.draw(st.integers(0, 2)))],
        **work.one_of(*COMPOSE_EXTRAS),
    }
    given: Data = {"host": work.one_of(*work.hosts), "volumes": ABSENT, "networks": ABSENT}
    if work.often():
        compose |= {"volumes": [f"{name}-v:/data", "/etc/x:/x:ro"], "ports": [f"{60000 + number}:80"]}
        given["volumes"] = work.one_of(ABSENT, {f"{name}-v": None}, {f"{name}-v": {"labels": {"a": work.draw(TEXT)}}})
    if work.often():
        compose["networks"] = work.one_of(["back"], {"back": None})
        given["networks"] = work.one_of(ABSENT, {"back": {"internal": False}}) if not work.apps else ABSENT
    near = [one for one, app in work.apps.items() if app["host"] == given["host"]]
    needed = work.draw(st.lists(st.sampled_from([*work.services, *near]), unique=True))
    services = [one for one in needed if one in work.services]
    given["needs"] = [*near[:1], *(_need(work, index, one) for index, one in enumerate(services))]
    work.apps[name] = section_of(work.draw, App, {**given, "compose": compose})


def _need(work: Drawing, index: int, service: str) -> Any:
    """The need of a service; only one of them can have its address in the default variable."""
    long = {"service": service, "variable": f"N{index}"}
    return long if index else work.one_of(service, long)


def _gateway(work: Drawing) -> Data:
    name = work.one_of(*work.services)
    service = work.services[name]
    store = work.stores.get(service.get("store", ""), {})
    writing = [one for one in work.services.values() if one.get("store", name) == service.get("store", "")] or [service]
    one_writer = store.get("kind") == "nfs" or all(len(one["hosts"]) == 1 for one in writing)
    resolver = work.draw(text(Limits(expected="", pattern="^[a-z][a-z0-9]{0,5}$")))
    hostname = work.one_of(ABSENT, "llm.example", "LLM")
    tls = work.one_of(ABSENT, {"certificate": "s/llm.crt", "key": "/k/l m.key"}, {"resolver": resolver})
    if tls is not ABSENT and "resolver" in tls:
        hostname = "llm.example"
    host = work.one_of(*work.hosts)
    families = {_family(one["address"]) for one in work.hosts.values()}
    if families not in ({"IPv4"}, {"IPv6"}):
        for one in work.services.values():
            one["direct"] = True  # a host lets the gateway through by an address of its own family
    return section_of(
        work.draw,
        Gateway,
        {
            "host": host,
            "hostname": hostname,
            "routes": ABSENT if len(work.services) == 1 else [{"service": name}],
            "tls": tls if tls is ABSENT else section_of(work.draw, Tls, tls),
            "admin": _admin(work) if one_writer and work.often() else ABSENT,
            "entrypoint": work.one_of(ABSENT, {"name": f"e{resolver}", "port": work.draw(st.integers(1000, 1999))}),
            "traefik": section_of(work.draw, Traefik, {"version": "3.7.15"}),
            "balance": work.one_of(ABSENT, "wrr", "p2c", "hrw", "leasttime"),
        },
    )


def _admin(work: Drawing) -> Data:
    allow = work.one_of(ABSENT, [], ["10.0.0.0/24", "10.0.0.7"], ["fd00::/8", "::1", "2001:db8::/32"])
    return section_of(work.draw, Admin, {"users": "secrets/u $x", "allow": allow})


def _family(address: str) -> str:
    """What a host is known by; names stand for themselves."""
    return address if "ode" in address else "IPv6" if ":" in address else "IPv4"


def escaped(data: Any) -> Any:
    """The data as it must be written: `${` is composegen's own, unless it is the one of the variable."""
    match data:
        case dict():
            return {key: escaped(item) for key, item in data.items()}
        case list():
            return [escaped(item) for item in data]
        case str() if not data.startswith("${IMAGE"):
            return data.replace("${", "$${")
    return data


def numbered(text_of_it: str, number: int) -> str:
    """The text of a topology whose names are told from those of all others."""
    return text_of_it.replace(TAG, f"n{number}")
