from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from composegen import quoting
from composegen.plan import SecretRef
from tests.tools import compose as real_compose

pytestmark = pytest.mark.slow

# fmt: off
HOSTILE = (
    "", " ", "plain", "a b", " lead", "trail ", "#no", "a #no", "a: b", "a:", ":a", "- a", "-", "--", "---", "...",
    "?", "? a", "*a", "&a", "!a", "!!str a", "%a", "@a", "`a`", "|", ">", "|-", "[a]", "{a}", "a,b", "a]", "a}",
    "'a'", '"a"', "a'b", 'a"b', "yes", "No", "ON", "off", "y", "N", "true", "False", "NULL", "null", "~", "=", "<<",
    ".inf", "-.INF", ".nan", ".NaN", "0", "1", "-1", "+1", "1.0", "1.", ".5", "1e3", "1.5e+3", "1_000", "0x1F",
    "0o17", "017", "0b11", "12:30", "12:30:45", "1:20", "2001-12-14", "2001-12-14t21:59:43.10-05:00", "10.0.0.84",
    "0.0.0.0:11434", "fd00::4", "::", "[::1]:80", "10s", "16GiB", "1h30m", "10m", "--pull", "--a=b", "-.5",
    "ollama/ollama:0.32.15", "a@sha256:00", "./x", "../x", "~x", "~/x", "/a b", "$", "$$", "$A", "${A}", "${A:-b}",
    "$${A}", "a$", "$(id)", "{{", "{{{", "}}", "a{{b}}c", "{ {", "{", "{%", "{#", "\\", "\\n", "a\\", "\n", "a\nb",
    "a\n", "\na", "a\n\n b\n", "\t", "a\tb", "\r", "a\r\nb", "\x7f", "\x85", "\xa0", "\u2028", "\u2029", "\ufeff",
    "\ufffd", "é", "漢字", "\U0001f600", "\u200b", "\x1b[0m", "\x01", "a" * 300, "word " * 60,
)
# fmt: on

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=40) | st.sampled_from(HOSTILE)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def read_by_ruamel(text: str, version: tuple[int, int]) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = version
    return reader.load(io.StringIO(text))


def readers(text: str) -> list[Any]:
    """The same text to a YAML 1.1 reader and to ruamel's YAML 1.1 and 1.2 readers."""
    return [pyyaml.safe_load(text), read_by_ruamel(text, (1, 1)), read_by_ruamel(text, (1, 2))]


@pytest.mark.parametrize("text", HOSTILE)
def test_every_reader_gets_the_text_back(text: str) -> None:
    assert readers(f"key: {quoting.yaml(text)}\n") == [{"key": text}] * 3
    assert readers(f"key: {quoting.yaml([text])}\n") == [{"key": [text]}] * 3
    assert readers(f"{quoting.yaml(text)}: 1\n") == [{text: 1}] * 3


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_every_reader_gets_the_value_back(value: Any) -> None:
    assert readers(f"key: {quoting.yaml(value)}\n") == [{"key": value}] * 3


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_every_reader_gets_a_block_back(value: Any) -> None:
    assert readers(f"key:\n    {quoting.yaml(value, 4)}\nnext: 1\n") == [{"key": value, "next": 1}] * 3


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_traefik_gets_the_value_back_and_go_sees_no_template(value: Any) -> None:
    for text in (quoting.traefik(value), quoting.traefik(value, 4)):
        assert "{{" not in text
        assert readers(f"key:\n    {text}\n") == [{"key": value}] * 3


def test_plain_where_it_is_safe() -> None:
    assert quoting.yaml("ollama/ollama:0.32.15") == "ollama/ollama:0.32.15"
    assert quoting.yaml("10s") == "10s"
    assert quoting.yaml("10.0.0.84") == '"10.0.0.84"'
    assert quoting.yaml(["gpu"]) == '["gpu"]'
    assert quoting.yaml({}) == "{}"
    assert quoting.yaml((), 4) == "[]"


def test_a_block_keeps_its_indent() -> None:
    value = {"a": [{"b": 1, "c": [2, 3]}, []], "d": {}}
    assert quoting.yaml(value, 2) == "a:\n    - b: 1\n      c:\n        - 2\n        - 3\n    - []\n  d: {}"


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        quoting.yaml(object())
    with pytest.raises(TypeError, match="SecretRef"):
        quoting.yaml(SecretRef(name="TOKEN"))


def test_compose_doubles_every_dollar_but_that_of_a_secret() -> None:
    assert quoting.compose("a$b") == '"a$$b"'
    assert quoting.compose(["${A}"]) == '["$${A}"]'
    assert quoting.compose({"a": {"b": "$"}}, 2) == 'a:\n    b: "$$"'
    assert quoting.compose(SecretRef(name="TOKEN")) == '"${TOKEN:?set TOKEN in the shell or in .env}"'


def of_compose(folder: Path, values: dict[str, Any], secrets: tuple[str, ...] = ()) -> Any:
    lines = [f"      {quoting.yaml(name)}: {quoting.compose(value)}" for name, value in values.items()]
    labels = quoting.compose({name: value for name, value in values.items() if isinstance(value, str)}, 6)
    commands = quoting.compose([value for value in values.values() if isinstance(value, str)])
    head = ["name: test", "services:", "  one:", "    image: one", f"    command: {commands}"]
    text = "\n".join([*head, "    environment:", *lines, "    labels:", f"      {labels}"])
    (folder / "compose.yaml").write_text(text + "\n", encoding="utf-8")
    return real_compose.config(folder, secrets)["services"]["one"]


def undoubled(value: str) -> str:
    """`docker compose config` prints a file that could be read again, so it doubles dollars itself."""
    return value.replace("$$", "$")


@pytest.mark.tool
def test_compose_itself_reads_every_hostile_text(tmp_path: Path) -> None:
    values = {f"K{number}": text for number, text in enumerate(HOSTILE)}
    service = of_compose(tmp_path, values | {"S": SecretRef(name="TOKEN")}, ("TOKEN",))
    assert {name: undoubled(value) for name, value in service["environment"].items()} == values | {"S": "secret-value"}
    assert {name: undoubled(value) for name, value in service["labels"].items()} == values
    assert [undoubled(value) for value in service["command"]] == list(values.values())


@pytest.mark.tool
@settings(max_examples=8, deadline=None)
@given(texts=st.lists(TEXT.filter(lambda text: "\0" not in text), min_size=30, max_size=60))
def test_compose_itself_reads_any_text(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    values = {f"K{number}": text for number, text in enumerate(texts)}
    service = of_compose(tmp_path_factory.mktemp("compose"), values)
    assert {name: undoubled(value) for name, value in service["environment"].items()} == values


@pytest.mark.tool
def test_compose_itself_wants_the_secret(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="set TOKEN in the shell or in \\.env"):
        of_compose(tmp_path, {"S": SecretRef(name="TOKEN")})


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\0" not in text])
def test_a_shell_gets_the_word_back(text: str) -> None:
    script = f"printf %s {quoting.sh(text)}"
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode() == text
    assert shlex.split(quoting.sh([text, "b c"])) == [text, "b c"]
    assert shlex.split(quoting.sh(text, quoted=True)) == [text]


def test_a_name_is_no_subtraction(tmp_path: Path) -> None:
    script = tmp_path / "assigned.sh"
    script.write_text(f'#!/bin/sh\nhost=1\nname={quoting.sh("host-1", quoted=True)}\necho "$host $name"\n')
    subprocess.run([Path(sys.executable).parent / "shellcheck", script], check=True)


@pytest.mark.parametrize("text", ["/mnt2/\\", "a\\'b", "\\", "it's \\ \\\\", "'\\'"])
def test_a_backslash_before_a_quote_is_taken_for_no_escape(text: str, tmp_path: Path) -> None:
    once = quoting.sh(text)
    script = tmp_path / "quoted.sh"
    script.write_text(f'#!/bin/sh\nset -- {once} {quoting.sh(text, quoted=True)}\nprintf %s {quoting.sh(once)} "$@"\n')
    subprocess.run([Path(sys.executable).parent / "shellcheck", script], check=True)
    said = subprocess.run(["sh", script], capture_output=True, check=True, text=True).stdout
    assert said == once + text + text


@given(TEXT)
def test_a_comment_stays_on_its_line(text: str) -> None:
    written = quoting.comment(text)
    assert len(f"# {written}".splitlines()) == 1
    assert "{{" not in written
    assert pyyaml.safe_load(f"# {written}\n") is None


@pytest.mark.parametrize("line", ["", " a", "a ", "a\nb", "{{ a }}", "a\tb"])
def test_a_folded_line_cannot_be_escaped_so_it_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="folded"):
        quoting.folded(line)


def test_a_folded_line_is_itself() -> None:
    line = "Host(`a.example`) && (Path(`/`) # no comment"
    assert pyyaml.safe_load(f"rule: >-\n  {quoting.folded(line)}\n") == {"rule": line}


def of_octal(text: str) -> str:
    raw = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), text.encode())
    return raw.decode()


@given(TEXT)
def test_fstab_and_exports_keep_a_field_together(text: str) -> None:
    for written in (quoting.fstab(text), quoting.exports(text)):
        assert not re.search(r"\s", written)
        assert of_octal(written) == text
    assert not re.search(r"[\"'#()]", quoting.exports(text))
    assert quoting.fstab("/a b\tc\\d") == "/a\\040b\\011c\\134d"


def test_systemd_doubles_percent_and_quotes_only_where_needed() -> None:
    assert quoting.systemd("/opt/models") == "/opt/models"
    assert quoting.systemd(r"opt-a\x2db.mount") == r"opt-a\x2db.mount"
    assert quoting.systemd("/opt/50% off") == "'/opt/50%% off'"
    assert shlex.split(quoting.systemd("/it's")) == ["/it's"]


def test_markdown_shows_text_as_it_is() -> None:
    assert quoting.md("a|b <c> *d* [e] `f`") == "a\\|b &lt;c&gt; \\*d\\* \\[e\\] \\`f\\`"
    assert quoting.md("- a\n# b") == "\\- a \\# b"
    assert quoting.md("1. a") == "&#49;. a"
    assert quoting.mdcode("ollama pull a") == "`ollama pull a`"
    assert quoting.mdcode("a|b`c") == "<code>a&#124;b&#96;c</code>"
    assert quoting.mdcode("") == "<code></code>"


def test_a_mermaid_label_is_quoted() -> None:
    assert quoting.mermaid('a "b" #1 <c>') == '"a #34;b#34; #35;1 #60;c#62;"'
    assert quoting.mermaid("`&lt;`") == '"#96;#38;lt;#96;"'
    assert quoting.mermaid("%%{init: {}}%%") == '"#37;#37;#123;init: #123;#125;#125;#37;#37;"'


def test_json_is_no_surprise() -> None:
    """What is quoted for ASCII text is JSON too, so that tools that read JSON as YAML agree."""
    assert json.loads(quoting.yaml('a b"c\\d\n')) == 'a b"c\\d\n'
