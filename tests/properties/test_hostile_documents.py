"""Documents and files that nobody wishes for: each ends in a finding or a clear error, in bounded memory.

composegen runs as a program of its own here, with less memory than such a document could eat; the deadline only ends a
test that would never end.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from composegen import document, events, limits, nodes
from composegen.io import dotenv

MEMORY = 1536 * 1024**2
DEADLINE = 300.0
GOOD = "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices: {ollama: {hosts: {box: 1}}}\n"
WITH_VARIABLE = "variables: [TAG]\n" + GOOD.replace("{hosts", "{image: 'ollama/ollama:${TAG}', hosts")

Tree = Callable[[Mapping[str, str | bytes]], Path]


def run(*arguments: str, folder: Path, stdin: str = os.devnull) -> tuple[int, str]:
    """Run the program with little memory; its exit code and all that it prints."""
    with Path(stdin).open("rb") as given:
        done = subprocess.run(
            [sys.executable, "-m", "composegen", *arguments],
            cwd=folder,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=DEADLINE,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        )
    told = done.stdout.decode("utf-8", "replace")
    assert "Traceback" not in told, told[-3000:]
    return done.returncode, told


def large(hosts: int, instances: int) -> str:
    """A topology of many hosts, with every instance spelled out."""
    lines = ["name: large", "hosts:"]
    for host in range(hosts):
        lines += [f"  h{host:05}:", f"    address: 10.{host // 65536}.{host // 256 % 256}.{host % 256}"]
    lines.append("services:")
    for number in range(instances):
        lines += [f"  s{number}:", "    models: [mistral:7b]", "    hosts:"]
        for host in range(hosts):
            lines += [f"      h{host:05}:", "        instances: 1", f"        port: {11434 + number}"]
    return "\n".join(lines) + "\n"


def aliases_of_aliases() -> str:
    """Ten to the power of twenty scalars."""
    levels = [f"a{level}: &a{level} [{f'*a{level - 1},' * 10}]" for level in range(1, 20)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *levels])


DOCUMENTS: Mapping[str, tuple[str | bytes, str, str]] = {
    "alias bomb": (aliases_of_aliases(), "CG004", "1,000,000 values"),
    "alias cycle": (GOOD + "x-loop: &a {b: [*a]}", "CG004", "contain itself"),
    "merge key": (GOOD + "x-a: {<<: {b: 1}}", "CG006", "`<<`"),
    "unknown tag": (GOOD + "x-a: !!python/object/apply:os.system [id]", "CG005", "python/object"),
    "100,000 unknown tags": ("- !x 1\n" * 100_000, "CG012", "more than 1,000 mistakes"),
    "100,000 lists in lists": ("[" * 100_000, "CG004", "100 levels"),
    "100,000 mappings in mappings": ("{a: " * 100_000, "CG004", "100 levels"),
    "100,000 dashes": ("- " * 100_000 + "a", "CG004", "100 levels"),
    "30,000 duplicate keys": ("a: 1\n" * 30_000, "CG012", "more than 1,000 mistakes"),
    "20,000 unknown keys": (GOOD + "".join(f"k{n}: 1\n" for n in range(20_000)), "CG012", "more than 1,000 mistakes"),
    "20,000 unknown hosts": (
        GOOD.replace("{box: 1}", "{" + ", ".join(f"b{n}: 1" for n in range(20_000)) + "}"),
        "CG012",
        "more than 1,000 mistakes",
    ),
    "30,000 unknown aliases of 30,000": (
        "".join(f"- &a{n} x\n- *b{n}\n" for n in range(30_000)),
        "CG012",
        "more than 1,000 mistakes",
    ),
    "200,000 unlisted variables": (
        GOOD + 'apps: {a: {host: box, compose: {image: "' + "${A}" * 200_000 + '"}}}',
        "CG012",
        "more than 1,000 mistakes",
    ),
    "an endless line": ("name: " + "x" * 1_000_000, "CG103", "`name` cannot be"),
    "an endless key": ("x" * 1_000_000 + ": 1", "CG001", "cannot stand here"),
    "an endless number": (GOOD.replace("{box: 1}", "{box: " + "9" * 500_000 + "}"), "CG102", "not a whole number"),
    "half a million quotes": ('"' * 500_000, "CG001", "complete already"),
    "a tab for each blank": (GOOD.replace(": ", ":\t").replace("hosts", "\thosts"), "CG001", "a tab"),
    "nothing but tabs": ("\t" * 1_000_000, "CG001", "a tab"),
    "NUL": (GOOD.replace("demo", "de\0mo"), "CG003", "NUL byte"),
    "a million control characters": ("\x01" * 1_000_000, "CG003", "control character"),
    "UTF-16": (GOOD.encode("utf-16"), "CG003", "save it as UTF-8"),
    "UTF-16 without mark": (GOOD.encode("utf-16-be"), "CG003", "NUL byte"),
    "UTF-32": (GOOD.encode("utf-32"), "CG003", "not UTF-8"),
    "Latin-1": (GOOD.replace("demo", "démo").encode("latin-1"), "CG003", "byte 0xe9"),
    "50 MB of comment": (GOOD + "#" + "x" * 50 * 1024**2, "CG003", "larger than 32 MiB"),
    "50 MB of keys": ("".join(f"key-{n:08}: value\n" for n in range(2_400)) * 1000, "CG003", "larger than 32 MiB"),
    "50 MB of no text": (b"\xff" * 50 * 1024**2, "CG003", "larger than 32 MiB"),
}
"""What may be in a file, the code that must be among the findings, and what they must say."""


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_is_a_finding(name: str, tree: Tree) -> None:
    content, code, phrase = DOCUMENTS[name]
    folder = tree({"topology.yaml": content})
    exit_code, told = run("render", folder=folder)
    assert exit_code == 1, told[:2000]
    assert f"[{code}]" in told, told[:2000]
    assert phrase in told, told[:2000]
    assert len(told) < 1024**2
    assert [path.name for path in folder.iterdir()] == ["topology.yaml"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "content", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD.replace("\n", "\r"), GOOD + "...\n"]
)
def test_what_only_looks_odd_is_read(content: str, tree: Tree) -> None:
    assert run("validate", folder=tree({"topology.yaml": content})) == (
        0,
        "no findings\nNext: composegen render\n",
    )


@pytest.mark.slow
def test_a_thousand_hosts_with_eight_instances_each_are_no_abuse() -> None:
    text = large(1000, 8)
    assert len(text) > 400_000
    parsed, findings = document.parse("large.yaml", text.encode())
    assert parsed is not None
    assert findings == ()


@pytest.mark.slow
def test_too_many_values_are_a_finding_that_names_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_VALUES", 1000)
    monkeypatch.setattr(nodes, "MAX_VALUES", 1000)
    entries = "".join(f"k{number}: 1\n" for number in range(999))
    assert document.parse("t.yaml", entries.encode())[1] == ()
    for text in (entries + "k: 1\n", "[" + "1," * 1000 + "]", entries.replace("1\n", "&a 1\n", 1) + "k: [*a, *a]\n"):
        (finding,) = document.parse("t.yaml", text.encode())[1]
        assert (finding.code, finding.message.split(" once")[0]) == ("CG004", "the file holds more than 1,000 values")


def test_the_limits_are_above_ten_thousand_hosts_with_eight_instances() -> None:
    sample = large(100, 8)
    parsed, _ = document.parse("t.yaml", sample.encode())
    assert parsed is not None
    assert 100 * len(sample) < limits.MAX_BYTES
    assert 100 * len(parsed.values) < limits.MAX_VALUES


ENV_FILES: Mapping[str, tuple[bytes, int, str]] = {
    "not UTF-8": (b"TAG=caf\xe9\n", 1, "0xe9"),
    "UTF-16": ("TAG=1\n".encode("utf-16"), 1, "not UTF-8"),
    "NUL": (b"TAG=1\0\n", 1, "NUL byte"),
    "an open quote": (b'TAG="1\n', 1, 'does not end with the "'),
    "no assignment": (b"TAG=1\nthis is no line\n", 1, "sets no variable"),
    "200,000 lines that are none": (b"this is no line\n" * 200_000, 2, "larger than 1 MiB"),
    "20,000 lines that are none": (b"this is no line\n" * 20_000, 1, "more than 1,000 mistakes"),
    "20,000 open quotes": (b'TAG="1\n' * 20_001, 1, 'does not end with the "'),
    "half a million quotes": (b'"' * 500_000, 1, "neither a value nor a default"),
    "a value without end": (b"TAG=" + b"9" * 900_000, 1, "CG103"),
    "a value of several lines": (b"TAG='1\n2'\n", 1, "CG103"),
    "a template": (b"TAG={{ 7 * 7 }}\n", 1, "CG103"),
    "a reference": (b"TAG=${HOME}\n", 1, "CG103"),
}
"""What may be in an env file, how `validate` ends, and what it must say."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ENV_FILES)
@pytest.mark.parametrize("named", [False, True])
def test_a_hostile_env_file_is_a_finding_or_an_error(name: str, tree: Tree, *, named: bool) -> None:
    content, exit_code, phrase = ENV_FILES[name]
    folder = tree({"topology.yaml": WITH_VARIABLE, "other.env" if named else ".env": content})
    ended, told = run("validate", *(("--env-file", "other.env") if named else ()), folder=folder)
    assert phrase in told, told[:2000]
    assert ended == exit_code
    assert len(told) < 1024**2


def test_an_env_file_may_be_a_pipe_and_nothing_else_that_is_no_file(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"TAG=1\n")
    os.close(writing)
    values, findings = dotenv.environment({}, [Path(f"/dev/fd/{reading}")], tmp_path)
    os.close(reading)
    assert (values, findings) == ({"TAG": "1"}, ())
    os.mkfifo(tmp_path / "pipe")
    assert dotenv.environment({}, [tmp_path / "pipe"], tmp_path) == ({}, ())


@pytest.mark.slow
def test_an_env_file_that_is_no_file_is_an_error(tree: Tree) -> None:
    folder = tree({"topology.yaml": WITH_VARIABLE})
    (folder / "loop").symlink_to("loop")
    for name, phrase in (
        ("/dev/zero", "a device"),
        (".", "a directory"),
        ("loop", "symbolic"),
        ("none", "No such file"),
    ):
        ended, told = run("validate", "--env-file", name, folder=folder)
        assert (ended, phrase in told, told.count("\n")) == (2, True, 1), told


@pytest.mark.slow
def test_a_topology_that_is_no_file_is_an_error(tree: Tree) -> None:
    folder = tree({"folder/topology.yaml": GOOD})
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        for name, phrase in {
            "folder": "did you mean folder/topology.yaml?",
            "loop": "symbolic link",
            "pipe": "a named pipe",
            "socket": "a socket",
            "/dev/zero": "a device",
            "none": "No such file",
            "n" * 300: "File name too long",
        }.items():
            for command in ("validate", "render"):
                ended, told = run(command, name, folder=folder)
                assert (ended, phrase in told, told.count("\n")) == (2, True, 1), told
    assert not (folder / "deploy").exists()


@pytest.mark.slow
def test_standard_input_without_end_is_a_finding(tmp_path: Path) -> None:
    ended, told = run("validate", "-", folder=tmp_path, stdin="/dev/zero")
    assert (ended, "larger than 32 MiB" in told) == (1, True), told
    assert run("validate", "-", folder=tmp_path)[0] == 1
