from __future__ import annotations

import hashlib
import json
from pathlib import PurePosixPath

import pytest

from composegen.artifacts import Entry
from composegen.errors import ComposegenError
from composegen.manifest import Lock, Owned, collision, dumps, inside, loads, owned, resolved

TREE = {
    PurePosixPath("verify.sh"): Entry(data=b"#!/bin/sh\n", mode=0o755),
    PurePosixPath("box/compose.yaml"): Entry(data=b"name: x\n"),
}


def test_round_trip() -> None:
    lock = Lock(files=owned(TREE))
    assert loads(dumps(lock)) == lock


def test_is_sorted_and_says_neither_time_nor_version() -> None:
    lock = dumps(Lock(files=owned(TREE)))
    assert lock == dumps(Lock(files=owned(dict(reversed(TREE.items())))))
    assert list(json.loads(lock)) == ["format", "target", "files"]
    assert json.loads(lock)["files"]["box/compose.yaml"] == {
        "mode": "0644",
        "sha256": hashlib.sha256(b"name: x\n").hexdigest(),
    }
    assert list(json.loads(lock)["files"]) == ["box/compose.yaml", "verify.sh"]
    assert lock.endswith(b"}\n")


def test_owned_recognises_its_bytes_whatever_their_mode() -> None:
    entry = Owned(sha256="", mode=0o644)
    assert not entry.wrote(Entry(data=b""))
    recorded = owned(TREE)[PurePosixPath("verify.sh")]
    assert recorded.wrote(Entry(data=b"#!/bin/sh\n", mode=0o700))
    assert not recorded.wrote(Entry(data=b"#!/bin/sh", mode=0o755))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "./a",
        "a/",
        "a\\b",
        "a\x00b",
        "a\nb",
        "composegen.lock.json",
        "..",
        ".git/config",
        "box/.git/hooks/pre-commit",
        ".composegen.staging/new-1",
        "a" * 1025,
    ],
)
def test_paths_that_composegen_never_wrote(text: str) -> None:
    assert inside(text) is None
    lock = {"format": 1, "target": "compose", "files": {text: {"sha256": "0", "mode": "0644"}}}
    with pytest.raises(ComposegenError, match=r"damaged: the path"):
        loads(json.dumps(lock).encode())


def test_paths_that_it_may_have_written() -> None:
    assert inside("box/traefik/dynamic/x.yaml") == PurePosixPath("box/traefik/dynamic/x.yaml")
    assert inside("box/.env.example") is not None


@pytest.mark.parametrize(
    ("paths", "pair"),
    [
        (["a/x", "b/x"], None),
        (["a/x", "a/X"], ("a/X", "a/x")),
        (["a/x", "A/y"], ("A", "a")),
        (["a/\u00e9", "a/e\u0301"], ("a/e\u0301", "a/\u00e9")),
        (["a", "a/b"], ("a", "a/b")),
        ([], None),
    ],
)
def test_collision(paths: list[str], pair: tuple[str, str] | None) -> None:
    found = collision(map(PurePosixPath, paths))
    assert (found and tuple(map(str, found))) == pair
    files = {path: {"sha256": "0", "mode": "0644"} for path in paths}
    data = json.dumps({"format": 1, "target": "compose", "files": files}).encode()
    if pair:
        with pytest.raises(ComposegenError, match="cannot be side by side on every disk"):
            loads(data)
    else:
        assert len(loads(data).files) == len(paths)


def test_after_a_broken_off_write_the_files_say_whose_they_are() -> None:
    a, b, c, d = (PurePosixPath(name) for name in "abcd")
    old, new, hand = (Entry(data=data) for data in (b"old", b"new", b"by hand"))
    lock = Lock(files=owned({a: old, b: old, c: old}))
    journal = Lock(files=owned({a: new, b: new, c: new, d: new}))
    assert resolved(lock, journal, {a: new, b: old, c: hand}).files == owned({a: new, b: old, c: old})
    assert resolved(lock, journal, {d: new}).files == {**lock.files, **owned({d: new})}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"<<<<<<< HEAD\n", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "does not have the keys"),
        (b'{"format": 1}', "does not have the keys"),
        (b'{"format": 1, "target": "compose", "files": []}', "does not have the keys"),
        (b'{"format": 1, "target": "compose", "files": {"a": 1}}', "not a hash and a mode"),
        (
            b'{"format": 1, "target": "compose", "files": {"a": {"sha256": "0", "mode": "4755"}}}',
            "not a hash and a mode",
        ),
        (b'{"format": 2, "files": {}}', "newer composegen"),
    ],
)
def test_broken_locks(data: bytes, reason: str) -> None:
    with pytest.raises(ComposegenError, match=reason):
        loads(data)
