"""Hostile text in every string of the language: it arrives at the consumer as it was, or is refused right there.

The places are read off the declarations, through a topology that uses every field; nothing is listed but what must
look up a name or is read by no consumer.
"""

from __future__ import annotations

import copy
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from composegen import document, pipeline, quoting
from composegen.findings import Finding, Severity
from composegen.keypath import KeyPath, show
from composegen.pipeline import Compiled, Source
from composegen.report import Sources, json, text
from tests.properties import mutations
from tests.sampling import FOLDER, bare, write
from tests.tools import compose

SAMPLE = FOLDER / "kitchen-sink"
WORLD = bare(SAMPLE)
OWN = frozenset({"templates", "patches"})
"""The sections by which users change what is rendered."""

HOSTILE = {
    "quotes": "a'b\"c`d",
    "dollars": "$a $$b ${HOME} $(id) `id`",
    "Jinja": "{{ 7 * 7 }} {% raw %} {# x #}",
    "line breaks": "a\nb\r\nc",
    "NUL": "a\0b",
    "tab": "a\tb",
    "YAML": "- a: &b *c !d | > % @ # e",
    "shell": "; rm -rf / & | < > ( ) * ? [ ] ! ~ \\",
    "separators": "a\u2028b\u2029c\x85d",
    "right to left": "a\u202eb\u200fc\ufeff",
    "emoji": "🦙\U0001f468\u200d\U0001f469",
    "half an emoji": "a\ud83eb",
    "blanks around": "  a  ",
    "long": "x" * 20_000,
    "escape": "a\x1b[31mb",
    "empty": "",
    "number": "0x1F",
    "word": "no",
    "path": "../../etc/passwd",
    "option": "--privileged",
}


@cache
def plain() -> Any:
    """A topology that uses every field, as plain data with every reference replaced."""
    parsed, findings = document.parse("topology.yaml", (SAMPLE / "topology.yaml").read_bytes())
    assert parsed is not None
    assert not findings
    data = parsed.data
    data["defaults"]["image"] = "ollama/ollama:0.32.15"
    data["apps"]["web"]["compose"]["labels"] = {"note": "x"}
    data["apps"]["web"]["compose"]["command"] = ["x"]
    return data


def strings() -> list[KeyPath]:
    """Every place of the topology where text may stand."""
    return [path for path in mutations.nodes(plain()) if isinstance(mutations.at(plain(), path), str)]


def compiled(path: KeyPath, value: str) -> tuple[Compiled, str]:
    """What composegen makes of the topology with this value at this place, and its text."""
    data = copy.deepcopy(plain())
    mutations.at(data, path[:-1])[path[-1]] = value.replace("${", "$${")
    if path[0] not in OWN:  # trees that nobody has changed are made in a third of the time
        data = {key: value for key, value in data.items() if key not in OWN}
    written = mutations.dump(data)
    return pipeline.compile(Source(name="topology.yaml", data=written.encode()), WORLD), written


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_goes_through_or_is_refused_at_its_place(kind: str) -> None:
    for path in strings():
        result, written = compiled(path, HOSTILE[kind])
        errors = [finding for finding in result.findings if finding.severity is Severity.ERROR]
        assert (result.tree is None) == bool(errors)
        if errors and not _names_something(path):
            assert any(_is_at(path, result, finding) for finding in errors), (path, errors)
        locate = result.document.locate if result.document else None
        about = Sources(name="topology.yaml", texts={"topology.yaml": written}, locate=locate)
        shown = text.report(result.findings, about)
        assert not [one for one in shown if one != "\n" and not one.isprintable()], (path, shown)
        assert json.report(result.findings, about)


def _names_something(path: KeyPath) -> bool:
    """Whether other places of the topology need this one to be what it is."""
    return path[:1] == ("variables",) or path[-1] in {"kind", "vendor", "service", "host", "server", "writer", "store"}


def _is_at(path: KeyPath, result: Compiled, finding: Finding) -> bool:
    """Whether a finding stands at this place, or on its line where it is one about text."""
    if finding.where.span is not None or result.document is None:
        return True
    locations = (finding.where, *finding.related)
    near = [result.document._written(location.path) for location in locations]  # also what comes from `defaults`
    return any(one[: len(path)] == path or one == path[:-1] for one in near)


CARRIED = (
    ("apps", "web", "compose", "environment", "PRICE"),
    ("apps", "web", "compose", "labels", "note"),
    ("apps", "web", "compose", "command", 0),
    ("services", "chat", "environment", "OLLAMA_KEEP_ALIVE"),
)
"""Where text is anybody's; `docker-compose config` shows it."""


def _of_compose(path: KeyPath, folder: Path, result: Compiled) -> Any:
    """What Compose makes of the text at this place, with `$` as the container will have it."""
    assert result.plan is not None
    name, host, keys = ("web", "gate", path[3:]) if path[0] == "apps" else ("chat-1", "big", path[2:])
    secrets = next(one.secrets for one in result.plan.hosts if one.name == host)
    accepted = compose.config(folder / host, secrets)
    return mutations.at(accepted["services"][name], keys).replace("$$", "$")


@pytest.mark.tool
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("path", CARRIED, ids=show)
def test_text_of_the_users_own_arrives_at_compose_as_it_is(path: KeyPath, kind: str, tmp_path: Path) -> None:
    result, _ = compiled(path, HOSTILE[kind])
    if result.tree is None:
        assert kind in {"NUL", "half an emoji"}, result.findings
        return
    write(result.tree, tmp_path)
    assert _of_compose(path, tmp_path, result) == HOSTILE[kind]


@pytest.mark.tool
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_shell_prints_what_was_written(kind: str) -> None:
    for path, wanted in (
        (("stores", "pool", "path"), f"/srv/{HOSTILE[kind]}"),
        (("hosts", "big", "ssh"), HOSTILE[kind]),
    ):
        result, _ = compiled(path, wanted)
        if result.tree is None:
            continue
        scripts = [entry.data for entry in result.tree.values() if entry.mode & 0o111]
        for script in scripts:
            subprocess.run(["sh", "-n"], input=script, check=True, timeout=20)
        word = quoting.sh(wanted)
        done = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, timeout=20, check=True)
        assert done.stdout.decode() == wanted
        assert any(word in script.decode() for script in scripts), path
