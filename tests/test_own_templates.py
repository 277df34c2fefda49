"""Templates of the user's from the command line: listed, copied, compared, used, and what is said of wrong ones."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from composegen import owntemplates
from composegen.errors import ExitCode
from composegen.io import resources
from tests.invoking import Make, Run
from tests.sampling import compile_text

STACK = "compose/stack.yaml.j2"
STATIC = "traefik/static.yaml.j2"
TOPOLOGY = """\
name: demo
hosts:
  box: {address: 10.0.0.1}
services:
  chat: {hosts: {box: 2}}
gateway: {host: box}
"""


def stack(before: str = "", after: str = "") -> str:
    text = resources.templates()[STACK]
    assert before in text
    return text.replace(before, after, 1)


slow = pytest.mark.slow


@pytest.fixture
def folder(tree: Make, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A topology that names `mine`, in the current folder."""
    place = tree(
        {"topology.yaml": f"{TOPOLOGY}templates: mine\n", "plain.yaml": TOPOLOGY, "mine/README": "no template"}
    )
    monkeypatch.chdir(place)
    return place


def test_the_shipped_templates_are_listed_and_printed(folder: Path, run: Run) -> None:
    listed = run("templates", "list", "plain.yaml")
    assert folder.is_dir()
    assert listed.code == ExitCode.DONE
    assert [line.strip() for line in listed.out.splitlines()] == sorted(resources.templates())
    assert run("templates", "show", STACK).out == resources.templates()[STACK]


def test_a_template_that_there_is_not_has_a_near_name(folder: Path, run: Run) -> None:
    for words in (("show",), ("eject", "--to", str(folder / "x"))):
        outcome = run("templates", *words, "compose/stak.yaml.j2")
        assert outcome.code == ExitCode.FAILED
        assert f"did you mean {STACK}?" in outcome.err
    assert run("templates", "eject", "../x").code == ExitCode.FAILED


@pytest.mark.slow
def test_an_ejected_template_changes_no_byte_and_is_never_overwritten(folder: Path, run: Run) -> None:
    assert run("render", "plain.yaml", "-o", "before").code == ExitCode.DONE
    for name in resources.templates():
        assert run("templates", "eject", name, "--to", "mine").code == ExitCode.DONE
    assert run("render", "-o", "after").code == ExitCode.DONE
    before = {path.relative_to("before"): path.read_bytes() for path in Path("before").rglob("*") if path.is_file()}
    after = {path.relative_to("after"): path.read_bytes() for path in Path("after").rglob("*") if path.is_file()}
    assert before == after
    (folder / "mine" / STACK).write_text("edited", encoding="utf-8")
    again = run("templates", "eject", STACK, "--to", "mine")
    assert again.code == ExitCode.FAILED
    assert (folder / "mine" / STACK).read_text(encoding="utf-8") == "edited"


@pytest.mark.slow
def test_a_template_takes_the_place_of_the_shipped_one_by_name(tree: Make, folder: Path, run: Run) -> None:
    tree({f"mine/{STACK}": stack("init: true", "init: false"), f"other/{STACK}": stack("init: true", "tty: true")})
    assert folder.is_dir()
    assert "init: false" in run("render", "--stdout", "box/compose.yaml").out
    assert "tty: true" in run("render", "--stdout", "box/compose.yaml", "--templates", "other").out
    assert "init: true" in run("render", "plain.yaml", "--stdout", "box/compose.yaml").out


def test_what_differs_is_shown_and_whether_the_shipped_one_has_moved(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    run("templates", "eject", STATIC, "--to", "mine")
    assert run("templates", "diff").out == f"mine/{STATIC}: as shipped.\n"
    ejected = Path("mine", STATIC).read_text(encoding="utf-8")
    tree({f"mine/{STATIC}": ejected.replace("level: INFO", "level: WARN")})
    changed = run("templates", "diff", "--exit-code")
    assert changed.code == ExitCode.DONE
    assert "-  level: INFO\n+  level: WARN\n" in changed.out
    assert "moved" not in changed.out
    now = owntemplates.digest(resources.templates()[STATIC])
    tree({f"mine/{STATIC}": ejected.replace(now, "0123456789abcdef").replace("level: INFO", "level: WARN")})
    moved = run("templates", "diff", STATIC, "--exit-code")
    assert moved.code == ExitCode.FINDINGS
    assert f"has moved since you took it (0123456789abcdef then, {now} now)" in moved.out
    assert run("templates", "diff", STATIC).code == ExitCode.DONE
    listed = run("templates", "list").out
    assert f"{STATIC}" in listed
    assert "the shipped one has moved since" in listed


def test_templates_without_a_first_line_or_a_shipped_one_are_told_apart(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({f"mine/{STACK}": stack("init: true", "init: false"), "mine/common/_ours.j2": "x\n"})
    shown = run("templates", "diff").out
    assert "mine/common/_ours.j2: yours alone" in shown
    assert f"mine/{STACK}: no first line says what it was taken from" in shown


@pytest.mark.slow
def test_a_fault_names_the_line_the_value_and_near_names(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({f"mine/{STACK}": stack("container.image |", "container.imge |")})
    told = run("validate")
    line = next(n for n, text in enumerate(stack().splitlines(), 1) if "container.image |" in text)
    assert told.code == ExitCode.FINDINGS
    column = stack().splitlines()[line - 1].index("image |") + 1
    assert f"--> mine/{STACK}:{line}:{column}" in told.out, "the word that is wrong, not the line"
    assert "::: topology.yaml:5:" in told.out
    assert "did you mean `image`?" in told.out
    assert "{{ container.imge | compose }}" in told.out


@pytest.mark.slow
def test_yaml_that_does_not_parse_is_shown_with_the_line_of_the_template(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({f"mine/{STACK}": stack("    restart: unless-stopped", "   restart: unless-stopped")})
    told = run("validate").out
    line = next(n for n, text in enumerate(stack().splitlines(), 1) if "restart: unless-stopped" in text)
    assert "error[CG016]" in told
    assert f"--> mine/{STACK}:{line}:4" in told
    assert "::: box/compose.yaml (not written):" in told
    assert "::: topology.yaml:5:" in told


@pytest.mark.slow
def test_a_compose_file_that_compose_refuses_is_shown_too(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({f"mine/{STACK}": stack("init: true", "inti: true")})
    told = run("render")
    assert told.code == ExitCode.FINDINGS
    assert "unknown key `inti` in service `chat-1`" in told.err
    assert not Path("deploy").exists()


def test_a_template_that_leaves_nothing_of_a_file_is_told_so(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({f"mine/{STACK}": "# nothing\n"})
    told = run("validate").out
    assert "this makes box/compose.yaml wrong: nothing is left in it" in told
    assert "composegen init" not in told, "that is for an empty topology"


def test_a_template_that_takes_the_shipped_one_along_is_not_compared(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({f"mine/{STACK}": f'{{% include "shipped/{STACK}" %}}\n# more\n'})
    told = run("templates", "diff", "--exit-code")
    assert (told.code, told.out) == (
        ExitCode.DONE,
        f"mine/{STACK}: takes the shipped one along, as it is in each version; the rest is yours.\n",
    )


def test_a_folder_that_no_topology_can_name_is_not_said_to_be_named(folder: Path, run: Run) -> None:
    told = run("templates", "eject", STACK, "--to", str(folder / "x")).err
    assert told.endswith(f"It is used with --templates {folder / 'x'}.\n")


def test_a_template_cannot_be_copied_below_a_file(folder: Path, run: Run) -> None:
    assert folder.is_dir()
    outcome = run("templates", "eject", STACK, "--to", "plain.yaml")
    assert outcome.code == ExitCode.FAILED
    assert f"cannot write plain.yaml/{STACK}: Not a directory" in outcome.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "format", ["sarif", *(pytest.param(one, marks=slow) for one in ("json", "github", "gitlab", "junit"))]
)
def test_every_format_can_say_it(format: str, tree: Make, folder: Path, run: Run) -> None:  # noqa: A002 - the option's name
    assert folder.is_dir()
    tree({f"mine/{STACK}": stack("init: true", "inti: true")})
    told = run("validate", "--format", format)
    assert told.code == ExitCode.FINDINGS
    assert "inti" in told.out


@pytest.mark.slow
def test_a_misspelt_path_is_a_warning_with_a_near_name(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({"mine/compose/stak.yaml.j2": stack()})
    told = run("validate")
    assert told.code == ExitCode.DONE
    assert "warning[CG014]" in told.out
    assert f"did you mean `{STACK}`?" in told.out
    assert run("validate", "--strict").code == ExitCode.FINDINGS
    tree({f"mine/{STACK}": '{% include "compose/stak.yaml.j2" %}'})
    assert "no findings" in run("validate").out


@pytest.mark.slow
def test_a_template_for_another_context_is_a_warning(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    text = owntemplates.ejected(STACK, stack()).replace("context 1;", "context 7;")
    tree({f"mine/{STACK}": text})
    assert "warning[CG015]" in run("validate").out
    assert "templates are given other things now" in run("templates", "diff").out


@pytest.mark.slow
def test_a_template_that_works_out_what_it_includes_leaves_nothing_unused(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    chosen = '{% set part = "ours.j2" %}{% include part %}\n{% include "shipped/' + STACK + '" %}'
    tree({f"mine/{STACK}": chosen, "mine/ours.j2": "# ours\n", "mine/theirs.j2": "# theirs\n"})
    assert "no findings" in run("validate").out


def test_the_folder_is_called_by_its_plain_name(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({"topology.yaml": f"{TOPOLOGY}templates: ./mine/\n", f"mine/{STACK}": b"name:\n# \xff"})
    told = run("validate").out
    assert f"--> mine/{STACK}:1:" in told
    assert "byte 0xff in line 2 is not UTF-8" in told


def test_the_templates_of_the_folder_of_the_topology_are_called_by_their_names_alone() -> None:
    assert owntemplates.OwnTemplates(folder=".", files={}).file(STACK) == STACK
    assert owntemplates.OwnTemplates(folder="", files={}).file(STACK) == STACK
    assert owntemplates.OwnTemplates(folder="mine", files={}).file(STACK) == f"mine/{STACK}"


def test_templates_are_judged_in_the_order_of_their_names() -> None:
    assert list(owntemplates.OwnTemplates(folder="", files={"b.j2": b"", "a.j2": b""}).texts) == ["a.j2", "b.j2"]


@pytest.mark.slow
def test_of_many_mistakes_in_one_file_the_first_are_shown(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({f"mine/{STACK}": stack("init: true", "".join(f"wrong{n}: true\n    " for n in range(8)) + "init: true")})
    assert run("validate").out.count("error[CG016]") == 5


def test_no_more_templates_are_read_than_anybody_has() -> None:
    files = {f"part{number}.j2": b"" for number in range(owntemplates.MOST + 1)}
    given = owntemplates.OwnTemplates(folder="mine", files=files)
    topology = compile_text(TOPOLOGY).topology
    assert topology is not None
    _, findings = owntemplates.read(topology, given, lambda _: None)
    assert [found.message for found in findings] == ["there are more than 500 templates in the folder"]


@pytest.mark.parametrize("name", ["gone", "topology.yaml", "link", "../outside"])
def test_a_folder_that_is_not_below_the_topology_is_refused(name: str, tree: Make, folder: Path, run: Run) -> None:
    tree({"topology.yaml": f"{TOPOLOGY}templates: {name}\n"})
    (folder / "link").symlink_to("/")
    told = run("validate")
    assert told.code == ExitCode.FINDINGS
    assert "error[CG013]" in told.out or "error[CG103]" in told.out
    assert run("validate", "plain.yaml", "--templates", str(folder / "gone")).code == ExitCode.FAILED


def test_what_is_no_plain_text_is_refused(tree: Make, folder: Path, run: Run) -> None:
    tree({f"mine/{STACK}": b"\xff\xfe"})
    assert "is not UTF-8" in run("validate").out
    tree({f"mine/{STACK}": "x" * (owntemplates.LARGEST + 1)})
    assert "larger than" in run("validate").out
    (folder / "mine" / STACK).unlink()
    os.mkfifo(folder / "mine" / STACK)
    assert run("validate").code in {ExitCode.FAILED, ExitCode.FINDINGS}
    (folder / "mine" / STACK).unlink()
    (folder / "mine" / STACK).symlink_to("/etc/passwd")
    assert run("validate").code in {ExitCode.FAILED, ExitCode.FINDINGS}


@pytest.mark.slow
def test_a_run_that_found_nothing_to_do_sees_each_change_of_a_template(
    tree: Make, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSEGEN_CACHE_DIR", str(folder / "cache"))
    tree({f"mine/{STACK}": stack("init: true", "init: false")})
    assert "new" in run("render").err
    time.sleep(0.1)  # a file that has just been written is not trusted
    assert "unchanged" in run("render").err
    assert "unchanged" in run("render").err
    tree({f"mine/{STACK}": stack("init: true", "tty: true")})
    assert "1 changed" in run("render").err
    time.sleep(0.1)
    run("render")
    tree({f"mine/{STATIC}": resources.templates()[STATIC].replace("level: INFO", "level: WARN")})
    assert "2 changed" in run("render").err
    time.sleep(0.1)
    run("render")
    (folder / "mine" / STATIC).unlink()
    assert "2 changed" in run("render").err
    tree({f"other/{STACK}": stack("init: true", "init: false")})
    assert "1 changed" in run("render", "--templates", "other").err


@pytest.mark.slow
def test_check_and_status_know_the_templates(tree: Make, folder: Path, run: Run) -> None:
    assert folder.is_dir()
    tree({f"other/{STACK}": stack("init: true", "init: false")})
    assert run("render", "plain.yaml", "--templates", "other").code == ExitCode.DONE
    assert run("check", "plain.yaml", "--templates", "other").code == ExitCode.DONE
    stale = run("check", "plain.yaml")
    assert stale.code == ExitCode.FINDINGS
    assert " M box/compose.yaml" in run("status", "plain.yaml").out
    told = run("check", "topology.yaml", "-o", "deploy", "--templates", "mine")
    assert "--templates mine" in told.err
