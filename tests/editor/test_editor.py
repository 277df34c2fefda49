"""Hover, completion and squiggles of the YAML language server, with the schema as it is shipped."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from composegen import shapes
from composegen.fields import Section
from composegen.io import resources
from composegen.topology import Gateway, Host, Placement, Service, ServiceDefaults, Topology
from tests.editor.language_server import Server, running
from tests.sampling import compiled
from tests.test_coverage_of_language import below

CURSOR = "|"
START = "name: demo\nhosts:\n  box: {address: 10.0.0.1}\n  nas: {address: 10.0.0.2}\nstores:\n  fast: {kind: volume}\n"
RESOLVER = f"{START}services:\n  chat: {{hosts: {{box: 1}}}}\ngateway:\n  host: box\n  tls:\n    resolver: own\n"

pytestmark = pytest.mark.tool

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as one:
        yield one


@pytest.fixture
def write(tmp_path: Path, server: Server) -> Write:
    """A topology that is open in the editor, as `init` leaves one: the schema beside it, named in the first lines."""

    def write(text: str, schema: str | None = None, modeline: str = "# yaml-language-server: $schema=./{}") -> Path:
        number = len(list(tmp_path.iterdir()))
        path, beside = tmp_path / f"{number}.yaml", tmp_path / f"{number}.schema.json"
        beside.write_text(resources.schema_text() if schema is None else schema, encoding="utf-8")
        path.write_text(f"{modeline.format(beside.name)}\n{text}", encoding="utf-8")
        server.open(path)
        return path

    return write


def composegen(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "composegen", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


# -- hover --


def described(text: str) -> Iterator[tuple[tuple[str, str], set[str], int, int]]:
    """Every declared field that a topology states: section and name, its words, and where its key stands (from 0).

    Where a section is one of several choices, the language server shows the section's words.
    """
    result = compiled("kitchen-sink") if not text else _compiled(text)
    assert result.topology is not None
    assert result.document is not None
    stated = [one for one in below(result.topology) if one.origin or isinstance(one, Topology)]
    for section in stated:
        # What stands under `defaults` is what stands under a service.
        kind = Service if isinstance(section, ServiceDefaults) else type(section)
        for field in shapes.declared(type(section)):
            span = result.document.keys.get(section.at(field.name))
            if span is not None:
                yield (
                    (kind.__name__, field.name),
                    {field.doc, *choices(field.shape)},
                    span.line - 1,
                    span.column - 1,
                )


def choices(shape: shapes.Shape) -> Iterator[str]:
    if isinstance(shape, shapes.Choice):
        yield from (inspect.cleandoc(one.section.__doc__ or "") for one in shape.shapes if isinstance(one, shapes.Part))


def _compiled(text: str) -> Any:
    from composegen import pipeline
    from tests.sampling import bare

    return pipeline.compile(pipeline.Source(name="t.yaml", data=text.encode()), bare())


def test_every_field_is_explained(server: Server, write: Write) -> None:
    sample = resources.sample("kitchen-sink")["topology.yaml"].decode()
    seen = set()
    for text, whole in (("", sample), (RESOLVER, RESOLVER)):
        path = write(whole)
        for name, words, line, column in described(text):
            shown = server.hover(path, line + 1, column + 1)  # not before it, where the node above ends
            assert any(one in shown for one in words), f"{name}: {shown}"
            seen.add(name)
    kinds = set(shapes.sections(Topology)) - {ServiceDefaults}
    short = {(kind.__name__, kind.SHORT) for kind in kinds}
    wanted = {(kind.__name__, field.name) for kind in kinds for field in shapes.declared(kind)}
    assert wanted - seen - short == set()


def test_a_hover_has_the_default_and_an_example(server: Server, write: Write) -> None:
    path = write(f"{START}services:\n  chat:\n    hosts:\n      box: {{port: 11440}}\n")
    shown = server.hover(path, 10, 12)
    assert shown.startswith("#### port\n\nHost port of instance 1;")
    assert "Default: `11434`." in shown
    assert "Example:\n\n```yaml\n11434\n```" in shown


# -- completion --


def offered(server: Server, write: Write, text: str, schema: str | None = None) -> list[str]:
    """What is offered at the cursor."""
    before = text[: text.index(CURSOR)]
    path = write(text.replace(CURSOR, "", 1), schema)
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2])
    return [item["label"].strip('"') for item in server.complete(path, line, column)]


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("|", Topology),
        ("hosts:\n  box:\n    |\n", Host),
        ("services:\n  chat:\n    |\n", Service),
        ("services:\n  chat:\n    hosts:\n      box:\n        |\n", Placement),
        ("gateway:\n  |\n", Gateway),
    ],
)
def test_keys_are_completed(server: Server, write: Write, text: str, section: type[Section]) -> None:
    assert {field.name for field in shapes.declared(section)} <= set(offered(server, write, text))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("gateway:\n  balance: |\n", {"wrr", "p2c", "hrw", "leasttime"}),
        ("hosts:\n  box:\n    gpus:\n      vendor: |\n", {"nvidia", "amd", "intel"}),
        ("stores:\n  fast:\n    kind: |\n", {"directory", "volume", "nfs"}),
        ("services:\n  chat:\n    init:\n      pull: |\n", {"missing", "always"}),
        ("rules:\n  floating-tag: |\n", {"error", "warning", "note", "off"}),
    ],
)
def test_words_are_completed(server: Server, write: Write, text: str, values: set[str]) -> None:
    assert values <= set(offered(server, write, text))


PLACES = {
    "services:\n  chat:\n    store: |\n": {"fast"},
    "services:\n  chat:\n    hosts:\n      |\n": {"box", "nas"},
    "gateway:\n  host: |\n": {"box", "nas"},
}


@pytest.mark.parametrize(("text", "names"), PLACES.items())
def test_hosts_and_stores_are_completed_with_the_schema_of_the_topology(
    server: Server, write: Write, tmp_path: Path, text: str, names: set[str]
) -> None:
    (tmp_path / "topology.yaml").write_text(START, encoding="utf-8")
    schema = composegen("schema", tmp_path / "topology.yaml")
    assert schema.returncode == 0, schema.stderr
    assert names <= set(offered(server, write, START + text, schema.stdout))
    # The schema for everybody cannot know them.
    assert not names & set(offered(server, write, START + text))
    # A name that is new since is no mistake.
    path = write(f"{START.replace('box', 'new')}services:\n  chat: {{hosts: {{new: 1}}}}\n", schema.stdout)
    assert server.diagnostics(path) == []


def test_what_is_offered_can_be_taken_as_it_is(server: Server, write: Write) -> None:
    path = write("hosts:\n  box:\n    gpus:\n      \n")
    items = {item["label"]: item for item in server.complete(path, 4, 6)}
    assert items["Host gpus, an example"]["textEdit"]["newText"] == 'vendor: nvidia\ndevices:\n  - "0"\n  - "1"'


# -- squiggles --


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  chat: {hots: {box: 1}}\n",
        "services:\n  chat: {hosts: {box: {port: 99999}}}\n",
        "services:\n  chat: {hosts: {box: 1}, direct: perhaps}\n",
        "services:\n  chat: {hosts: {box: 1}, engine: olama}\n",
        "services:\n  chat: {hosts: {box: 1}, memory: much}\n",
        "services:\n  chat: {hosts: {box: 1}}\ngateway: {host: box, balance: wr}\n",
    ],
)
def test_a_mistake_is_underlined_where_composegen_finds_it(server: Server, write: Write, text: str) -> None:
    path = write(START + text)
    told = json.loads(composegen("validate", "--format", "json", path).stdout)
    (finding,) = told["findings"]
    ranges = [one["range"] for one in server.diagnostics(path)]
    assert ranges == [finding_range(finding)]


def finding_range(finding: Any) -> Any:
    """The place of a finding as the language server's protocol counts: from 0."""
    return {
        "start": {"line": finding["line"] - 1, "character": finding["column"] - 1},
        "end": {"line": finding["end"]["line"] - 1, "character": finding["end"]["column"] - 1},
    }


def test_what_is_right_is_not_underlined(server: Server, write: Write) -> None:
    for name in resources.samples():
        text = resources.sample(name)["topology.yaml"].decode()
        lines = text.splitlines()
        found = [lines[one["range"]["start"]["line"] - 1] for one in server.diagnostics(write(text))]
        # That `null` takes a default away, no schema can say without letting it stand everywhere.
        assert found == [line for line in lines if "memory: null" in line], name


def test_a_mistake_is_told_in_words(server: Server, write: Write) -> None:
    path = write(f"{START}services:\n  chat: {{hosts: {{box: 1}}, memory: much}}\n")
    (told,) = server.diagnostics(path)
    assert told["message"] == "expected: an amount of memory with its unit, such as 16GiB or 512MiB"


def test_a_variable_is_no_mistake(server: Server, write: Write) -> None:
    path = write(f'variables: [TAG]\n{START}services:\n  chat: {{hosts: {{box: 1}}, image: "a/b:${{TAG}}"}}\n')
    assert server.diagnostics(path) == []


# -- how an editor finds the schema --


def test_init_leaves_a_topology_that_editors_understand(server: Server, tmp_path: Path) -> None:
    assert composegen("init", tmp_path / "new").returncode == 0
    path = tmp_path / "new" / "topology.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[:2] == [
        "# yaml-language-server: $schema=./topology.schema.json",
        "# $schema: ./topology.schema.json",
    ]
    path.write_text(text + "adress: 1\n", encoding="utf-8")
    server.open(path)
    (told,) = server.diagnostics(path)
    assert "adress" in told["message"]


def test_without_the_line_nothing_is_known(server: Server, write: Write) -> None:
    path = write("adress: 1\n", modeline="# no schema")
    assert server.diagnostics(path) == []
