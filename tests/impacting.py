"""Reviews of changes between two topologies, and random changes of a topology as somebody makes them."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from typing import Any

from composegen.artifacts import Entry, Tree
from composegen.changes import Changes, compare
from composegen.impact.assess import assess
from composegen.impact.model import Review
from composegen.manifest import owned
from composegen.pipeline import Compiled
from tests.sampling import FOLDER, compile_text

Data = dict[str, Any]


def changes(before: Tree, after: Tree) -> Changes:
    """What turns one rendered tree into the other."""
    return compare(after, before, owned(before))


def reviewed(before: str, after: str, *, old_plan: bool = True, **world: Any) -> Review:
    """The review of a change from one topology to another, both as text and without errors."""
    old, new = compiled(before, **world), compiled(after, **world)
    return between(old, new, old_plan=old_plan)


def between(old: Compiled, new: Compiled, *, old_plan: bool = True) -> Review:
    """The review of a change from one compiled topology to another."""
    assert old.tree is not None, old.findings
    assert new.tree is not None, new.findings
    return assess(changes(old.tree, new.tree), new.plan, old.plan if old_plan else None)


def compiled(text: str, **world: Any) -> Compiled:
    """A topology that has no errors."""
    found = compile_text(text, folder=world.pop("folder", FOLDER), **world)
    assert found.tree is not None, found.findings
    return found


def edited(tree: Tree, file: str, data: bytes) -> Mapping[Any, Entry]:
    """A tree in which one file is another."""
    return {path: Entry(data=data, mode=entry.mode) if str(path) == file else entry for path, entry in tree.items()}


def changed(data: Data, chance: random.Random) -> Data | None:
    """The topology with one change of the kind that people make; None where that change has no place in it."""
    data = copy.deepcopy(data)
    return data if chance.choice(DEEDS)(data, chance) else None


def _service(data: Data, chance: random.Random) -> Data:
    name = chance.choice(sorted(data["services"]))
    data["services"][name] = data["services"][name] or {}
    return data["services"][name]  # type: ignore[no-any-return]


def _image(data: Data, chance: random.Random) -> bool:
    _service(data, chance)["image"] = f"ollama/ollama:0.{chance.randrange(20, 40)}.{chance.randrange(3)}"
    return True


def _memory(data: Data, chance: random.Random) -> bool:
    _service(data, chance)["memory"] = f"{chance.randrange(1, 64)}GiB"
    return True


def _variable(data: Data, chance: random.Random) -> bool:
    service = _service(data, chance)
    service["environment"] = {**(service.get("environment") or {}), "OLLAMA_KEEP_ALIVE": f"{chance.randrange(60)}m"}
    return True


def _models(data: Data, chance: random.Random) -> bool:
    service = _service(data, chance)
    service["models"] = [*(service.get("models") or []), f"model{chance.randrange(99)}:1b"]
    return True


def _placement(data: Data, chance: random.Random) -> Data | None:
    service = _service(data, chance)
    placed = service.get("hosts") or data.get("defaults", {}).get("hosts")
    if not placed:
        return None
    service["hosts"] = placed = dict(placed)
    host = chance.choice(sorted(placed))
    placed[host] = dict(placed[host]) if isinstance(placed[host], dict) else {"instances": placed[host]}
    return placed[host]  # type: ignore[no-any-return]


def _instances(data: Data, chance: random.Random) -> bool:
    place = _placement(data, chance)
    if place is None:
        return False
    place["instances"] = max(1, int(place.get("instances") or 1) + chance.choice((-1, 1)))
    return True


def _port(data: Data, chance: random.Random) -> bool:
    place = _placement(data, chance)
    if place is None:
        return False
    place["port"] = chance.randrange(20000, 30000)
    return True


def _weight(data: Data, chance: random.Random) -> bool:
    place = _placement(data, chance)
    if place is None:
        return False
    place["weight"] = chance.randrange(1, 9)
    return True


def _new_host(data: Data, chance: random.Random) -> bool:
    name = f"new{chance.randrange(99)}"
    data["hosts"][name] = {"address": f"10.99.0.{chance.randrange(1, 250)}"}
    service = _service(data, chance)
    service["hosts"] = {**(service.get("hosts") or {}), name: {"instances": 1, "gpus": "none"}}
    return True


def _no_host(data: Data, chance: random.Random) -> bool:
    service = _service(data, chance)
    placed = dict(service.get("hosts") or {})
    if len(placed) < 2:
        return False
    del placed[chance.choice(sorted(placed))]
    service["hosts"] = placed
    return True


def _rename_host(data: Data, chance: random.Random) -> bool:
    old, new = chance.choice(sorted(data["hosts"])), f"renamed{chance.randrange(99)}"

    def walk(value: Any) -> Any:
        match value:
            case dict():
                return {new if key == old else key: walk(one) for key, one in value.items()}
            case list():
                return [walk(one) for one in value]
        return new if value == old else value

    data.update(walk(data))
    data["hosts"].pop(old, None)
    return True


def _address(data: Data, chance: random.Random) -> bool:
    name = chance.choice(sorted(data["hosts"]))
    data["hosts"][name]["address"] = f"10.98.0.{chance.randrange(1, 250)}"
    return True


def _directory(data: Data, chance: random.Random) -> bool:
    data["hosts"][chance.choice(sorted(data["hosts"]))]["directory"] = f"/srv/{chance.randrange(99)}"
    return True


def _versions(data: Data, chance: random.Random) -> bool:
    data["hosts"][chance.choice(sorted(data["hosts"]))]["docker"] = {"engine": "29.2", "compose": "5.6"}
    return True


def _store(data: Data, chance: random.Random) -> bool:
    stores = data.get("stores") or {}
    if not stores:
        return False
    store = stores[chance.choice(sorted(stores))]
    if store.get("kind") == "nfs" and chance.random() < 0.5:
        store["mount"] = "volume" if store.get("mount") != "volume" else "fstab"
        store.pop("mountpoint", None)
        return True
    if "path" not in store:
        return False
    store["path"] = f"/srv/moved{chance.randrange(99)}"
    return True


def _own_store(data: Data, chance: random.Random) -> bool:
    kinds: tuple[Data, ...] = ({"kind": "volume"}, {"kind": "directory", "path": "/srv/own"})
    data["stores"] = {**(data.get("stores") or {}), "own": chance.choice(kinds)}
    service = _service(data, chance)
    service["store"] = "own"
    service.pop("writer", None)
    return True


def _extra(data: Data, chance: random.Random) -> bool:
    some: tuple[Data, ...] = (
        {"cpus": chance.randrange(1, 9)},
        {"cap_drop": ["ALL"]},
        {"shm_size": "1gb"},
        {"x-note": "free"},
        {"pull_policy": "always"},
        {"sysctls": {"net.core.somaxconn": chance.randrange(99)}},
        {"stop_signal": "SIGINT"},
        {"labels": ["a=b"]},
    )
    service = _service(data, chance)
    service["compose"] = {**(service.get("compose") or {}), **chance.choice(some)}
    return True


def _gateway(data: Data, chance: random.Random) -> bool:
    gateway = data.get("gateway")
    if not gateway:
        data["gateway"] = {
            "host": chance.choice(sorted(data["hosts"])),
            "routes": [{"service": min(data["services"])}],
            "entrypoint": {"name": "llm", "port": chance.randrange(31000, 32000)},
        }
        return True
    some: tuple[Data, ...] = (
        {"entrypoint": {"name": "other", "port": chance.randrange(31000, 32000)}},
        {"hostname": f"llm{chance.randrange(99)}.example"},
        {"retry": chance.randrange(1, 9)},
        {"sticky": True},
        {"balance": "p2c"},
        {"traefik": {"version": "3.7.14", "run": True}},
        {"traefik": {"version": "3.7.15", "run": False}},
        {"tls": {"resolver": "letsencrypt"}},
    )
    gateway.update(chance.choice(some))
    return True


def _no_gateway(data: Data, _: random.Random) -> bool:
    return data.pop("gateway", None) is not None


def _app(data: Data, chance: random.Random) -> bool:
    apps = data.setdefault("apps", {})
    if apps and chance.random() < 0.2:
        del apps[chance.choice(sorted(apps))]
        return True
    if not apps or chance.random() < 0.3:
        apps["extra"] = {"host": min(data["hosts"]), "compose": {"image": "example/extra:1"}}
    app = apps[chance.choice(sorted(apps))]
    app["compose"] = {**app["compose"], **chance.choice(_OF_APPS)}
    named = {"volumes": {"kept": {"labels": {"n": str(chance.randrange(9))}}}, "networks": {"back": {"internal": True}}}
    for key, options in named.items():
        if key in app["compose"] and chance.random() < 0.5:
            app[key] = options
    return True


def order(data: Data, chance: random.Random) -> bool:
    """An app waits for another one, or no longer does: only the order of starting changes."""
    apps = data.setdefault("apps", {})
    for name in ("extra", "other"):
        apps.setdefault(name, {"host": min(data["hosts"]), "compose": {"image": "example/extra:1"}})
    apps["other"]["host"] = apps["extra"]["host"]
    if chance.random() < 0.5 and apps["other"].get("needs"):
        del apps["other"]["needs"]
    else:
        apps["other"]["needs"] = ["extra"]
        apps["extra"]["compose"].setdefault("healthcheck", {"test": "true"})
    return True


_OF_APPS: tuple[Data, ...] = (
    {"image": "example/app:2"},
    {"volumes": ["kept:/data"]},
    {"volumes": [{"type": "volume", "source": "kept", "target": "/data"}]},
    {"networks": ["back"]},
    {"networks": {"back": None}},
    {"environment": {"A": "1", "B": "two"}},
    {"environment": ["A=1", "B=two"]},
    {"ports": ["10.0.0.9:9090:90"]},
    {"ports": [{"target": 90, "published": "9090", "host_ip": "10.0.0.9"}]},
    {"command": "run --fast 'a b'"},
    {"command": ["run", "--fast", "a b"]},
    {"profiles": ["rare"]},
    {"labels": {"a": "b"}},
    {"stop_grace_period": "90s"},
    {"stop_grace_period": "1m30s"},
    {"mem_limit": "1g"},
    {"mem_limit": "1024m"},
    {"healthcheck": {"test": "true", "interval": "30s"}},
    {"healthcheck": {"test": ["CMD-SHELL", "true"], "interval": "0m30s"}},
    {"network_mode": "host"},
    {"scale": 2},
    {"deploy": {"replicas": 2}},
)


def _project(data: Data, chance: random.Random) -> bool:
    data["name"] = f"renamed{chance.randrange(99)}"
    return True


DEEDS: tuple[Callable[[Data, random.Random], bool], ...] = (
    _image, _memory, _variable, _models, _instances, _instances, _port, _weight, _new_host, _no_host, _rename_host,
    _address, _directory, _versions, _store, _store, _own_store, _extra, _gateway, _gateway, _no_gateway, _app, _app,
    _app, order, _project,
)  # fmt: skip
