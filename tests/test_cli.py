"""The commands from outside: exit codes, streams, and what a person sees. Each runs in the folder of its test."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import jsonschema
import pytest

import composegen
from composegen import cli
from composegen.errors import ExitCode
from composegen.io import resources

Make = Callable[[Mapping[str, str | bytes]], Path]
CHECKOUT = Path(__file__).resolve().parent.parent
GOOD = (CHECKOUT / "samples" / "minimal" / "topology.yaml").read_text()
BAD = "name: demo\nhosts:\n  box: {adress: 10.0.0.1}\nservices:\n  ollama: {hosts: {box: 1}}\n"
WARNS = "name: demo\nhosts:\n  box: {address: 10.0.0.1}\nservices:\n  ollama: {image: ollama/ollama, hosts: {box: 1}}\n"

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = cli.run(list(arguments))
        sys.stdout.flush()
        captured = capfdbinary.readouterr()
        return Outcome(code=code, out=captured.out.decode(), err=captured.err.decode())

    return invoke


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


# -- the program as a whole --


def test_help_and_version_everywhere(run: Run) -> None:
    for arguments in ([], *([name] for name in cli.COMMANDS)):
        for flag in ("-h", "--help"):
            outcome = run(*arguments, flag)
            assert (outcome.code, outcome.err) == (0, "")
            assert outcome.out.startswith("Usage: composegen")
    assert run("--version").out == f"composegen {composegen.__version__}\n"


def test_every_option_has_help() -> None:
    for name in cli.COMMANDS:
        command = cli.group.get_command(cli.group.make_context("composegen", [name]), name)
        assert command is not None
        assert command.help
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (name, parameter.name)
                # click makes the variable's name of the parameter's, where none is stated
                variable = parameter.envvar or f"COMPOSEGEN_{name}_{parameter.name}"
                assert isinstance(variable, str)
                word = variable.upper().removeprefix("COMPOSEGEN_").removeprefix(f"{name.upper()}_")
                assert f"--{word.lower().replace('_', '-')}" in parameter.opts, (name, parameter.name)


def test_without_a_command_it_helps(run: Run) -> None:
    outcome = run()
    assert outcome.code == ExitCode.FAILED
    assert "validate" in outcome.out + outcome.err


@pytest.mark.parametrize("arguments", [("rendr",), ("render", "--hots", "x"), ("validate", "a", "b"), ("explain",)])
def test_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    assert "Error:" in outcome.err


def test_a_bug_prints_what_to_report(run: Run, tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    tree({"topology.yaml": GOOD})

    def broken(*_: object) -> None:
        raise ZeroDivisionError("the test's own")

    monkeypatch.setattr("composegen.pipeline.compile", broken)
    outcome = run("validate", "topology.yaml")
    assert (outcome.code, outcome.out) == (ExitCode.BUG, "")
    assert "bug in composegen" in outcome.err
    assert "composegen validate topology.yaml\n" in outcome.err
    assert outcome.err.endswith("ZeroDivisionError: the test's own\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt, EOFError])
def test_an_interrupt(run: Run, tree: Make, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    tree({"topology.yaml": GOOD})

    def stopped(*_: object) -> None:
        raise error

    monkeypatch.setattr("composegen.pipeline.compile", stopped)
    outcome = run("validate")
    assert (outcome.code, outcome.out) == (ExitCode.INTERRUPTED, "")
    assert outcome.err.split() == ["interrupted"]


def test_a_real_interrupt(tree: Make) -> None:
    code = """
import sys, time
from composegen import cli, pipeline

def busy(*_):
    print("busy", flush=True)
    time.sleep(600)

pipeline.compile = busy
sys.exit(cli.run(["validate", "topology.yaml"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=tree({"topology.yaml": GOOD}),
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"busy\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read().split() == [b"interrupted"]
    assert process.returncode == ExitCode.INTERRUPTED


def program(*arguments: str, stdout: int, closed: str = "") -> subprocess.CompletedProcess[bytes]:
    """The program as a process of its own; `closed` is shell text that closes streams."""
    command = f'exec "$@" {closed}'
    return subprocess.run(
        ["/bin/sh", "-c", command, "sh", sys.executable, "-m", "composegen", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        check=False,
    )


@pytest.mark.parametrize("arguments", [("schema",), ("explain", "CG104"), ("render", "--dry-run"), ("--help",)])
def test_a_reader_that_goes_away_is_no_news(tree: Make, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str]) -> None:
    monkeypatch.chdir(tree({"topology.yaml": GOOD}))
    reading, writing = os.pipe()
    os.close(reading)
    ended = program(*arguments, stdout=writing)
    os.close(writing)
    assert ended.stderr == b""
    assert ended.returncode == ExitCode.DONE


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("/dev/full").open("wb") as full:
        ended = program("schema", stdout=full.fileno())
    assert ended.returncode == ExitCode.FAILED
    assert ended.stderr == b"composegen: cannot write to standard output: No space left on device\n"


def test_closed_streams_are_no_bug(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree({"topology.yaml": GOOD}))
    assert program("validate", stdout=subprocess.PIPE, closed=">&- 2>&-").returncode == 0
    assert program("validate", "-", stdout=subprocess.PIPE, closed="<&-").returncode == ExitCode.FAILED


@pytest.mark.parametrize("arguments", [("explain", "CG104"), ("validate", "missing.yaml")], ids=" ".join)
def test_what_a_run_has_made_is_not_taken_apart_at_its_end(run: Run, arguments: tuple[str, ...]) -> None:
    kept = "class Kept:\n    def __del__(self):\n        print('taken apart')\n\nkept = Kept()\n"
    code = f"from composegen.__main__ import main\n{kept}main()"
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert Outcome(code=ended.returncode, out=ended.stdout, err=ended.stderr) == run(*arguments)


def test_help_is_quick_because_it_loads_little() -> None:
    heavy = ("jinja2", "jsonschema", "ruamel", "dotenv", "check_jsonschema")
    code = (
        "import sys\nfrom composegen.cli import run\nrun(['--help'])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert ended.stderr == "[]\n"
    assert "render" in ended.stdout


@pytest.mark.parametrize(
    ("variables", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours_by_convention(variables: Mapping[str, str], *, terminal: bool, expected: bool) -> None:
    from composegen.cli.streams import wants_colour

    assert wants_colour(variables, terminal=terminal) is expected


def test_colours_by_option_and_variable(run: Run, tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    tree({"topology.yaml": BAD})
    assert "\x1b[" not in run("validate").out
    assert "\x1b[" in run("validate", "--color", "always").out
    assert "\x1b[" in run("--color", "always", "validate").out
    with monkeypatch.context() as here:
        here.setenv("COMPOSEGEN_COLOR", "always")
        assert "\x1b[" in run("validate").out
        assert "\x1b[" not in run("validate", "--color", "never").out


def test_options_are_variables_too(run: Run, tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    tree({"topology.yaml": GOOD})
    with monkeypatch.context() as here:
        here.setenv("COMPOSEGEN_VALIDATE_FORMAT", "json")
        here.setenv("COMPOSEGEN_RENDER_OUTPUT", "elsewhere")
        assert json.loads(run("validate").out)["findings"] == []
        assert run("render").code == 0
    assert "elsewhere/verify.sh" in files(Path())


# -- reading --


def test_the_topology_of_the_current_folder(run: Run, tree: Make) -> None:
    missing = run("validate")
    assert (missing.code, missing.out) == (ExitCode.FAILED, "")
    assert "composegen init" in missing.err
    tree({"topology.yaml": GOOD})
    assert run("validate").code == 0


def test_standard_input(run: Run) -> None:
    assert run("validate", "-", stdin=GOOD.encode()).code == 0
    outcome = run("validate", "-", stdin=BAD.encode())
    assert outcome.code == ExitCode.FINDINGS
    assert "--> <stdin>:3:9" in outcome.out


@pytest.mark.parametrize(
    "name", ["missing.yaml", "folder", "pipe", "/dev/null", "x" * 5000, "a\x00b", "topology.yaml/x"]
)
@pytest.mark.parametrize("command", ["validate", "render"])
def test_what_cannot_be_read(run: Run, tree: Make, command: str, name: str) -> None:
    root = tree({"topology.yaml": GOOD, "folder/topology.yaml": GOOD})
    os.mkfifo(root / "pipe")
    outcome = run(command, name)
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    assert outcome.err.startswith("composegen: ")
    assert "Traceback" not in outcome.err
    if name == "folder":
        assert "did you mean folder/topology.yaml?" in outcome.err


def test_a_topology_without_permission(run: Run, tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    tree({"topology.yaml": GOOD})

    def refuse(path: Path, _: str) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as here:
        here.setattr(Path, "open", refuse)
        outcome = run("validate")
    assert outcome.code == ExitCode.FAILED
    assert outcome.err == "composegen: cannot read topology.yaml: Permission denied\n"


def test_env_files(run: Run, tree: Make) -> None:
    text = GOOD.replace("name: local-llm", "name: ${NAME}\nvariables: [NAME]")
    tree({"topology.yaml": text, "a.env": "NAME=first\n", "b.env": "NAME=second\n", ".env": "NAME=beside\n"})
    assert "name: beside" in run("render", "--stdout", "box/compose.yaml").out
    assert "name: first" in run("render", "--env-file", "a.env", "--stdout", "box/compose.yaml").out
    both = run("render", "--env-file", "a.env", "--env-file", "b.env", "--stdout", "box/compose.yaml")
    assert "name: second" in both.out
    gone = run("validate", "--env-file", "gone.env")
    assert (gone.code, gone.out) == (ExitCode.FAILED, "")
    assert "gone.env" in gone.err


def test_a_fault_in_an_env_file_is_a_finding(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, ".env": "GOOD=1\nnot an assignment !\n"})
    outcome = run("validate")
    assert outcome.code == ExitCode.FINDINGS
    assert "CG007" in outcome.out
    assert ".env:2:" in outcome.out


# -- validate --


def test_validate_says_nothing_is_wrong(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    outcome = run("validate", "topology.yaml")
    assert (outcome.code, outcome.out) == (0, "no findings\n")
    assert outcome.err == "Next: composegen render topology.yaml\n"


def test_a_topology_that_is_right_is_rendered_with_the_same_options(run: Run, tree: Make) -> None:
    tree({"a folder/topology.yaml": GOOD, "some.env": ""})
    Path("own").mkdir()
    outcome = run("validate", "a folder/topology.yaml", "--env-file", "some.env", "--templates", "own")
    assert outcome.err == "Next: composegen render 'a folder/topology.yaml' --env-file some.env --templates own\n"


def test_validate_shows_the_finding(run: Run, tree: Make) -> None:
    tree({"topology.yaml": BAD})
    outcome = run("validate")
    assert (outcome.code, outcome.err) == (ExitCode.FINDINGS, "")
    assert outcome.out.startswith("error[CG10")
    assert (
        "  --> topology.yaml:3:9\n   |\n 2 | hosts:\n 3 |   box: {adress: 10.0.0.1}\n   |         ^^^^^^" in outcome.out
    )
    assert "help: did you mean `address`?" in outcome.out
    assert "composegen explain CG104" in outcome.out


def test_warnings_stop_only_under_strict(run: Run, tree: Make) -> None:
    tree({"topology.yaml": WARNS})
    assert run("validate").code == 0
    assert run("validate", "--strict").code == ExitCode.FINDINGS
    assert run("render", "--strict").code == ExitCode.FINDINGS
    assert files(Path()) == {"topology.yaml"}
    rendered = run("render")
    assert rendered.code == 0
    assert "warning[CG706]" in rendered.err


def test_validate_as_json(run: Run, tree: Make) -> None:
    tree({"topology.yaml": BAD})
    outcome = run("validate", "--format", "json")
    document = json.loads(outcome.out)
    jsonschema.Draft202012Validator(json.loads((CHECKOUT / "schemas/findings.schema.json").read_text())).validate(
        document
    )
    assert (outcome.code, outcome.err) == (ExitCode.FINDINGS, "")
    assert [(one["code"], one["line"], one["column"]) for one in document["findings"] if one["code"] == "CG104"] == [
        ("CG104", 3, 9)
    ]


@pytest.mark.parametrize("name", resources.samples())
def test_every_sample_is_valid(run: Run, name: str) -> None:
    outcome = run("validate", str(CHECKOUT / "samples" / name / "topology.yaml"))
    assert outcome.code == 0, outcome.out


# -- render --


def test_render_writes_beside_the_topology(run: Run, tree: Make) -> None:
    tree({"sub/topology.yaml": GOOD})
    outcome = run("render", "sub/topology.yaml")
    assert (outcome.code, outcome.out) == (0, "")
    assert {"sub/deploy/box/compose.yaml", "sub/deploy/verify.sh", "sub/deploy/composegen.lock.json"} <= files(Path())
    assert "  + box/compose.yaml\n" in outcome.err
    assert outcome.err.splitlines()[-1].startswith("Next: ")


def test_where_render_writes(run: Run, tree: Make) -> None:
    tree({"sub/topology.yaml": GOOD + "output: out/here\n"})
    assert run("render", "sub/topology.yaml").code == 0
    assert run("render", "sub/topology.yaml", "-o", "there").code == 0
    assert run("render", "-", "-o", "piped", stdin=GOOD.encode()).code == 0
    assert {"sub/out/here/verify.sh", "there/verify.sh", "piped/verify.sh"} <= files(Path())


def test_render_twice_changes_nothing(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    run("render")
    before = {path: path.stat().st_mtime_ns for path in Path("deploy").rglob("*")}
    outcome = run("render")
    assert outcome.code == 0
    assert "unchanged." in outcome.err
    assert "  + " not in outcome.err
    assert before == {path: path.stat().st_mtime_ns for path in Path("deploy").rglob("*")}


def test_errors_write_nothing(run: Run, tree: Make) -> None:
    tree({"topology.yaml": BAD})
    outcome = run("render")
    assert (outcome.code, outcome.out) == (ExitCode.FINDINGS, "")
    assert outcome.err.splitlines()[-1].endswith("; nothing was written")
    assert files(Path()) == {"topology.yaml"}


def test_one_file_to_standard_output(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    outcome = run("render", "--stdout", "box/compose.yaml")
    assert outcome.code == 0
    assert files(Path()) == {"topology.yaml"}
    run("render")
    assert outcome.out == Path("deploy/box/compose.yaml").read_text()
    other = run("render", "--stdout", "nope")
    assert (other.code, other.out) == (ExitCode.FAILED, "")
    assert "box/compose.yaml" in other.err


def test_a_dry_run_says_what_it_would_do(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    outcome = run("render", "--dry-run")
    assert outcome.code == 0
    assert "  + box/compose.yaml\n" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("Would write to deploy: ")
    assert files(Path()) == {"topology.yaml"}


def test_a_hand_edit_stops_the_write(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    run("render")
    edited = Path("deploy/box/compose.yaml")
    edited.write_text(edited.read_text() + "# mine\n")
    tree({"topology.yaml": GOOD.replace("local-llm", "other")})
    untouched = Path("deploy/verify.sh").read_bytes()
    for arguments in (["render"], ["render", "--dry-run"]):
        outcome = run(*arguments)
        assert outcome.code == ExitCode.FINDINGS
        assert "  ! deploy/box/compose.yaml: edited by hand since the last render\n" in outcome.err
        for way in ("compose.override.yaml", "git diff deploy", "--force"):
            assert way in outcome.err
    assert edited.read_text().endswith("# mine\n")
    assert Path("deploy/verify.sh").read_bytes() == untouched
    assert run("render", "--force").code == 0
    assert "# mine" not in edited.read_text()


def test_a_file_that_is_not_ours_stops_the_write_unless_it_is_right(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD})
    run("render")
    Path("deploy/composegen.lock.json").unlink()
    assert run("render").code == 0
    Path("deploy/composegen.lock.json").unlink()
    Path("deploy/README.md").write_text("mine\n")
    outcome = run("render")
    assert outcome.code == ExitCode.FINDINGS
    assert "deploy/README.md: not written by composegen" in outcome.err
    assert Path("deploy/README.md").read_text() == "mine\n"


def test_orphans(run: Run, tree: Make) -> None:
    two = GOOD.replace(
        "hosts:\n  box: {address: 192.168.1.10}",
        "hosts:\n  box: {address: 192.168.1.10}\n  two: {address: 192.168.1.11}",
    )
    two = two.replace("hosts: {box: 1}", "hosts: {box: 1, two: 1}")
    tree({"topology.yaml": two})
    run("render")
    Path("deploy/two/compose.override.yaml").write_text("mine\n")
    tree({"topology.yaml": GOOD})
    assert run("render", "--no-prune").code == 0
    assert Path("deploy/two/compose.yaml").exists()
    outcome = run("render")
    assert outcome.code == 0
    assert "  - two/compose.yaml\n" in outcome.err
    assert files(Path("deploy/two")) == {"compose.override.yaml"}


def test_only_one_host(run: Run, tree: Make) -> None:
    text = (CHECKOUT / "samples" / "nfs-replicas" / "topology.yaml").read_text()
    tree({"topology.yaml": text, "models/assistant.Modelfile": "FROM mistral:7b\n"})
    assert run("render", "--host", "server84").code == 0
    assert {path.split("/")[0] for path in files(Path("deploy"))} == {"server84", "composegen.lock.json"}
    assert run("render").code == 0
    whole = files(Path("deploy"))
    recorded = Path("deploy/composegen.lock.json").read_bytes()
    assert run("render", "--host", "server80").code == 0
    assert (files(Path("deploy")), Path("deploy/composegen.lock.json").read_bytes()) == (whole, recorded)
    other = run("render", "--host", "server8")
    assert other.code == ExitCode.FAILED
    assert "server80, server84" in other.err


@pytest.mark.parametrize(
    "lock", ["<<<<<<<", '{"format": 1, "target": "compose", "files": {"../x": {"sha256": "", "mode": "0644"}}}']
)
def test_a_damaged_lock_stops_everything(run: Run, tree: Make, lock: str) -> None:
    tree({"topology.yaml": GOOD, "deploy/composegen.lock.json": lock, "x": "mine"})
    outcome = run("render", "--force")
    assert outcome.code == ExitCode.FAILED
    assert "deploy/composegen.lock.json is damaged" in outcome.err
    assert files(Path()) == {"topology.yaml", "deploy/composegen.lock.json", "x"}


def test_no_write_through_a_symbolic_link(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "elsewhere/x": "", "deploy/y": ""})
    Path("deploy/box").symlink_to("../elsewhere")
    outcome = run("render", "--force")
    assert outcome.code == ExitCode.FAILED
    assert "leads out of the output folder" in outcome.err
    assert files(Path("elsewhere")) == {"x"}


def test_a_folder_that_cannot_be_made(run: Run, tree: Make) -> None:
    tree({"topology.yaml": GOOD, "taken": ""})
    outcome = run("render", "-o", "taken/deploy")
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    assert run("render", "-o", "taken").code == ExitCode.FAILED


# -- init, explain, schema --


def test_from_init_to_files(run: Run) -> None:
    first = run("init", "new")
    assert (first.code, first.out) == (0, "")
    lines = Path("new/topology.yaml").read_text().splitlines()
    assert lines[:2] == ["# yaml-language-server: $schema=./topology.schema.json", "# $schema: ./topology.schema.json"]
    assert "\n".join(lines[2:]) + "\n" == GOOD
    assert first.err.splitlines()[-1] == "Next: composegen render new/topology.yaml"
    assert run("render", "new/topology.yaml").code == 0


def test_init_overwrites_nothing(run: Run, tree: Make) -> None:
    tree({"topology.yaml": "mine\n"})
    outcome = run("init")
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    assert "topology.yaml exists already" in outcome.err
    assert files(Path()) == {"topology.yaml"}
    assert Path("topology.yaml").read_text() == "mine\n"


@pytest.mark.parametrize("name", resources.samples())
def test_every_sample_can_be_started_from(run: Run, name: str) -> None:
    assert run("init", "--sample", name).code == 0
    outcome = run("render", "-o", "out")
    assert outcome.code == 0, outcome.err


def test_init_knows_its_samples(run: Run) -> None:
    outcome = run("init", "--sample", "nope")
    assert outcome.code == ExitCode.FAILED
    assert "minimal" in outcome.err


def test_explain_by_code_and_by_name(run: Run) -> None:
    by_code = run("explain", "CG201")
    assert (by_code.code, by_code.err) == (0, "")
    assert by_code.out.startswith("# CG201 port-conflict\n")
    assert "error[CG201]" in by_code.out
    assert run("explain", "port-conflict").out == run("explain", "cg201").out == by_code.out


@pytest.mark.parametrize("code", ["CG2O1", "port-conflicts", "", "what"])
def test_explain_what_there_is_not(run: Run, code: str) -> None:
    outcome = run("explain", code)
    assert (outcome.code, outcome.out) == (ExitCode.FAILED, "")
    if code.startswith("port"):
        assert "did you mean CG201 (port-conflict)?" in outcome.err


def test_schema(run: Run) -> None:
    outcome = run("schema")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == (CHECKOUT / "schemas" / "topology.schema.json").read_text()
