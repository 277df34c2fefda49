"""The rendered model-init.sh under dash, with an `ollama` of the test's own that writes down how it was called."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import sampling
from tests.planning import plan_of

pytestmark = pytest.mark.slow

DASH = "/bin/dash"
SHELLCHECK = Path(sys.executable).parent / "shellcheck"
PLAN = plan_of("{name: demo, hosts: {box: {address: 10.0.0.1}}, services: {ollama: {models: [tiny], hosts: {box: 1}}}}")

OLLAMA = r"""#!/bin/sh
# Models that are there are files of $FAKE/store; words and failures of a model are files of $FAKE/say and $FAKE/fail.
printf '%s\n' "$*" >>"$FAKE/calls"
key() { printf '%s' "$1" | tr '/:' '__'; }
count() { n=$(($(cat "$FAKE/count.$1" 2>/dev/null || echo 0) + 1)); echo "$n" >"$FAKE/count.$1"; echo "$n"; }
fail() { cat "$FAKE/say/$1" >&2 2>/dev/null; exit 1; }
case $1 in
  ps)
    late=$(cat "$FAKE/late" 2>/dev/null || echo 0)
    [ "$(count ps)" -gt "$late" ] || { echo 'Error: could not connect to ollama server' >&2; exit 1; } ;;
  show)
    after=$(cat "$FAKE/appears" 2>/dev/null || echo -1)
    [ "$after" -lt 0 ] || [ "$(count show)" -le "$after" ] || : >"$FAKE/store/$(key "$2")"
    [ -e "$FAKE/store/$(key "$2")" ] || { echo "Error: model '$2' not found" >&2; exit 1; } ;;
  pull)
    shift; [ "$1" != --insecure ] || shift
    k=$(key "$1")
    printf '\033[?25lpulling manifest \033[K\r\033[1Gpulling 12%%\n' >&2
    [ ! -e "$FAKE/hang" ] || { : >"$FAKE/hanging"; sleep 30; }
    [ "$(count "$k")" -gt "$(cat "$FAKE/fail/$k" 2>/dev/null || echo 0)" ] || fail "$k"
    : >"$FAKE/store/$k" ;;
  create)
    pwd >>"$FAKE/folders"
    k=$(key "$2")
    [ "$(count "$k")" -gt "$(cat "$FAKE/fail/$k" 2>/dev/null || echo 0)" ] || fail "$k"
    : >"$FAKE/store/$k" ;;
esac
"""
DF = """#!/bin/sh
echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
echo "/dev/sda1 9000000 1 $FREE 1% /models"
"""


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    out: str
    err: str
    calls: tuple[str, ...]

    @property
    def pulls(self) -> tuple[str, ...]:
        return tuple(call for call in self.calls if call.startswith(("pull", "create")))


@dataclass(frozen=True)
class Stage:
    """A folder with the script, the pretended programs and what they know."""

    folder: Path

    def has(self, *models: str) -> None:
        for model in models:
            (self.folder / "store" / model.replace("/", "_").replace(":", "_")).touch()

    def fails(self, model: str, times: int, words: str = "Error: something") -> None:
        key = model.replace("/", "_").replace(":", "_")
        (self.folder / "fail" / key).write_text(str(times))
        (self.folder / "say" / key).write_text(words + "\n")

    def environment(self, **variables: str) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "FAKE": str(self.folder),
            "OLLAMA_HOST": "http://ollama-1:11434",
            "MODEL_INIT_PAUSE": "0",
            "MODEL_INIT_STATE": str(self.folder / "state"),
            "MODEL_INIT_STORE": str(self.folder / "models"),
            "TMPDIR": str(self.folder / "tmp"),
            "LC_ALL": "C",
            **variables,
        }

    def command(self, *arguments: str) -> list[str]:
        return [DASH, str(self.folder / "model-init.sh"), *arguments]

    def run(self, *arguments: str, variables: Mapping[str, str] | None = None) -> Done:
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(**(variables or {})),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not list((self.folder / "tmp").iterdir()), "the script leaves a file behind"
        return Done(code=done.returncode, out=done.stdout, err=done.stderr, calls=self.calls())

    def calls(self) -> tuple[str, ...]:
        calls = self.folder / "calls"
        return tuple(calls.read_text().splitlines()) if calls.exists() else ()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    for name in ("bin", "store", "fail", "say", "models", "tmp"):
        (tmp_path / name).mkdir()
    program(tmp_path / "bin" / "ollama", OLLAMA)
    text = sampling.templates().render("common/model-init.sh.j2", {"plan": PLAN})
    (tmp_path / "model-init.sh").write_text(text)
    return Stage(folder=tmp_path)


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_what_is_missing_is_pulled_and_what_is_there_asks_no_registry(stage: Stage) -> None:
    stage.has("mistral:7b")
    done = stage.run("--model", "mistral:7b", "--model", "llama2:7b")
    assert done.code == 0, done
    assert done.pulls == ("pull llama2:7b",)
    assert "mistral:7b: is there" in done.out
    assert "all 2 model(s) are there" in done.out


def test_a_second_run_pulls_nothing(stage: Stage) -> None:
    first = stage.run("--model", "a", "--model", "b")
    second = stage.run("--model", "a", "--model", "b")
    assert (first.code, second.code) == (0, 0)
    assert second.pulls == first.pulls == ("pull a", "pull b")


def test_always_asks_for_each(stage: Stage) -> None:
    stage.has("a")
    assert stage.run("--pull", "always", "--model", "a").pulls == ("pull a",)


def test_the_noise_of_the_progress_bar_is_not_in_the_log(stage: Stage) -> None:
    stage.fails("b", 9, "Error: strange")
    done = stage.run("--attempts", "1", "--model", "a", "--model", "b")
    assert "\033" not in done.out + done.err
    assert "pulling manifest" not in done.out
    assert "    Error: strange\n" in done.err


def test_a_pull_that_fails_is_tried_again(stage: Stage) -> None:
    stage.fails("a", 2)
    done = stage.run("--attempts", "5", "--model", "a")
    assert done.code == 0
    assert done.pulls == ("pull a",) * 3
    assert "attempt 2 of 5 failed" in done.out


def test_the_pause_doubles(stage: Stage) -> None:
    stage.fails("a", 9)
    program(stage.folder / "bin" / "sleep", '#!/bin/sh\necho "$1" >>"$FAKE/sleeps"\n')
    assert stage.run("--attempts", "7", "--model", "a", variables={"MODEL_INIT_PAUSE": "3"}).code == 1
    assert (stage.folder / "sleeps").read_text().split() == ["3", "6", "12", "24", "48", "60"]


def test_one_that_never_comes_does_not_keep_the_others_away(stage: Stage) -> None:
    stage.fails("a", 99)
    done = stage.run("--attempts", "2", "--model", "a", "--model", "b")
    assert done.code == 1
    assert done.pulls == ("pull a", "pull a", "pull b")
    assert "a: given up after 2 of 2 attempts" in done.err
    assert "1 of 2 model(s) missing" in done.err
    assert [line.split()[:2] for line in done.out.partition("summary\n")[2].splitlines()] == [
        ["a", "failed"],
        ["b", "pulled"],
    ]


def test_a_pull_that_brings_nothing_is_a_failure(stage: Stage) -> None:
    program(stage.folder / "bin" / "ollama", "#!/bin/sh\n[ $1 != show ]\n")
    assert stage.run("--attempts", "2", "--model", "a").code == 1


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("Error: write /models/blobs/x: no space left on device", "disk of the model store is full"),
        ("Error: dial tcp: lookup registry.ollama.ai: no such host", "cannot reach the registry"),
        ('Error: Get "https://r/": dial tcp 1.2.3.4:443: connect: connection refused', "cannot reach the registry"),
        ("Error: pull model manifest: file does not exist", "knows no such model"),
        ("Error: http: server gave HTTP response to HTTPS client", "insecure: true"),
        ("Error: open /models/blobs/x: read-only file system", "must be the one that writes"),
        ("Error: http: no Location header in response", "redirect to another host name"),
        ("Error: 401: unauthorized", "refuses access"),
        ("Error: could not connect to ollama server", "is gone"),
        ("Error: invalid model name: a b", "not a name that Ollama can read"),
        ('Error: (line 3): command must be one of "from", "license"', "cannot read its Modelfile"),
        ("Error: no FROM line", "cannot read its Modelfile"),
        ('Error: Get "https://r/": tls: failed to verify certificate: x509: unknown', "does not trust the registry"),
    ],
)
def test_what_went_wrong_is_explained(stage: Stage, words: str, advice: str) -> None:
    stage.fails("a", 9, words)
    done = stage.run("--attempts", "2", "--model", "a")
    assert done.code == 1
    assert words in done.err
    assert f"a: {advice}" in done.err or advice in done.err


@pytest.mark.parametrize(
    "words",
    [
        "Error: pull model manifest: file does not exist",
        "Error: http: server gave HTTP response to HTTPS client",
        "Error: open /models/blobs/x: read-only file system",
        "Error: write /models/blobs/x: no space left on device",
        "Error: invalid model name: a",
        "Error: x509: certificate has expired or is not yet valid",
        "Error: tls: failed to verify certificate",
    ],
)
def test_what_can_never_heal_is_not_tried_again(stage: Stage, words: str) -> None:
    stage.fails("a", 9, words)
    done = stage.run("--attempts", "5", "--model", "a", "--model", "b")
    assert done.code == 1
    assert done.pulls == ("pull a", "pull b")
    assert "a: given up after 1 of 5 attempts" in done.err


@pytest.mark.parametrize(
    "words",
    [
        'Error: (line 2): command must be one of "from", "license", "template"',
        'Error: (line 2): message role must be one of "system", "user", or "assistant"',
        "Error: no FROM line",
    ],
)
def test_a_modelfile_that_ollama_cannot_read_is_not_tried_again(stage: Stage, modelfile: Path, words: str) -> None:
    stage.fails("assistant", 9, words)
    done = stage.run("--attempts", "5", "--create", "assistant", str(modelfile))
    assert done.code == 1
    assert len(done.pulls) == 1
    assert "Ollama cannot read its Modelfile" in done.err


@pytest.mark.parametrize("words", ["Error: unexpected EOF", "Error: dial tcp: lookup r: no such host"])
def test_what_may_heal_is_tried_again(stage: Stage, words: str) -> None:
    stage.fails("a", 1, words)
    assert stage.run("--attempts", "5", "--model", "a").pulls == ("pull a",) * 2


def test_it_waits_for_the_server(stage: Stage) -> None:
    (stage.folder / "late").write_text("3")
    done = stage.run("--model", "a")
    assert done.code == 0
    assert done.calls[:4] == ("ps",) * 4


def test_a_server_that_never_comes(stage: Stage) -> None:
    (stage.folder / "late").write_text("1000000")
    done = stage.run("--deadline", "1", "--model", "a", variables={"MODEL_INIT_PAUSE": "1"})
    assert done.code == 3
    assert "no answer from the server at http://ollama-1:11434" in done.err
    assert not done.pulls


def test_the_deadline_ends_a_pull_and_what_comes_after(stage: Stage) -> None:
    (stage.folder / "hang").touch()
    done = stage.run("--deadline", "2", "--model", "a", "--model", "b")
    assert done.code == 3
    assert done.pulls == ("pull a",)
    assert "a: the deadline of 2 s has passed" in done.err
    assert "not tried" in done.out


def test_insecure_is_for_that_model_only(stage: Stage) -> None:
    done = stage.run("--insecure-model", "r.example:5000/t/a:1", "--model", "b")
    assert done.pulls == ("pull --insecure r.example:5000/t/a:1", "pull b")


@pytest.fixture
def modelfile(stage: Stage) -> Path:
    folder = stage.folder / "init models" / "assistant"
    folder.mkdir(parents=True)
    (folder / "Modelfile").write_text("FROM mistral:7b\n")
    return folder / "Modelfile"


def test_a_model_is_built_in_the_folder_of_its_modelfile(stage: Stage, modelfile: Path) -> None:
    done = stage.run("--create", "assistant", str(modelfile))
    assert done.code == 0, done
    assert done.pulls == (f"create assistant -f {modelfile}",)
    assert (stage.folder / "folders").read_text() == f"{modelfile.parent}\n"


def test_the_same_container_builds_once(stage: Stage, modelfile: Path) -> None:
    stage.run("--create", "assistant", str(modelfile))
    again = stage.run("--create", "assistant", str(modelfile))
    assert again.code == 0
    assert len(again.pulls) == 1
    modelfile.write_text("FROM mistral:7b\nSYSTEM hello\n")
    assert len(stage.run("--create", "assistant", str(modelfile)).pulls) == 2


def test_a_file_that_was_exchanged_under_the_same_modelfile_is_built_in(stage: Stage, modelfile: Path) -> None:
    weights = modelfile.parent / "files" / "weights.gguf"
    weights.parent.mkdir()
    weights.write_bytes(b"GGUF one")
    stage.run("--create", "assistant", str(modelfile))
    assert len(stage.run("--create", "assistant", str(modelfile)).pulls) == 1
    weights.write_bytes(b"GGUF another")
    assert len(stage.run("--create", "assistant", str(modelfile)).pulls) == 2


def test_a_new_container_builds_again_though_the_model_is_there(stage: Stage, modelfile: Path) -> None:
    stage.run("--create", "assistant", str(modelfile))
    done = stage.run("--create", "assistant", str(modelfile), variables={"MODEL_INIT_STATE": str(stage.folder / "new")})
    assert len(done.pulls) == 2


def test_a_built_model_that_was_removed_is_built_again(stage: Stage, modelfile: Path) -> None:
    stage.run("--create", "assistant", str(modelfile))
    (stage.folder / "store" / "assistant").unlink()
    assert len(stage.run("--create", "assistant", str(modelfile)).pulls) == 2


def test_a_modelfile_that_is_not_there(stage: Stage) -> None:
    done = stage.run("--create", "assistant", "/init/models/assistant/Modelfile")
    assert done.code == 1
    assert "there is no Modelfile /init/models/assistant/Modelfile in this container" in done.err
    assert not done.pulls


def test_waiting_pulls_nothing(stage: Stage) -> None:
    (stage.folder / "appears").write_text("3")
    done = stage.run("--pull", "never", "--model", "a", "--insecure-model", "b", "--create", "c", "/no/Modelfile")
    assert done.code == 0
    assert not done.pulls
    assert "all 3 model(s) are there" in done.out


def test_waiting_in_vain(stage: Stage) -> None:
    stage.has("a")
    done = stage.run("--pull", "never", "--deadline", "1", "--model", "a", "--model", "b")
    assert done.code == 3
    assert "b: not there within 1 s" in done.err
    assert not done.pulls


def test_a_full_disk_is_seen_before_the_first_pull(stage: Stage) -> None:
    program(stage.folder / "bin" / "df", DF)
    arguments = ("--need", "4000000", "--model", "a", "--need", "3000000", "--model", "b")
    done = stage.run(*arguments, variables={"FREE": "5000000"})
    assert done.code == 1
    assert not done.pulls
    assert "room for 4882 MiB, but these models need 6835 MiB: a b" in done.err
    assert stage.run(*arguments, variables={"FREE": "7000000"}).code == 0


def test_only_what_is_missing_needs_room(stage: Stage) -> None:
    program(stage.folder / "bin" / "df", DF)
    stage.has("a")
    done = stage.run(
        "--need", "4000000", "--model", "a", "--need", "3000000", "--model", "b", variables={"FREE": "5000000"}
    )
    assert done.code == 0
    stage.run("--need", "4000000", "--model", "a", variables={"FREE": "1"})
    assert stage.run("--need", "4000000", "--model", "a", variables={"FREE": "1"}).code == 0


def test_what_an_interrupted_pull_has_left_counts_as_room(stage: Stage) -> None:
    program(stage.folder / "bin" / "df", DF)
    (stage.folder / "models" / "blobs").mkdir()
    (stage.folder / "models" / "blobs" / "sha256-00-partial").write_bytes(os.urandom(1 << 20))
    assert stage.run("--need", "1500", "--model", "a", variables={"FREE": "1000"}).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no model is named"),
        (("--model",), "--model needs the name of a model"),
        (("--model", ""), "--model needs the name of a model"),
        (("--create", "a"), "--create needs the name of a model and a Modelfile"),
        (("--attempts", "x", "--model", "a"), "--attempts needs a whole number, not 'x'"),
        (("--attempts", "0", "--model", "a"), "--attempts must be at least 1"),
        (("--deadline",), "--deadline needs a value"),
        (("--pull", "maybe", "--model", "a"), "--pull is one of missing, always, never, not 'maybe'"),
        (("a",), "unknown argument 'a'"),
    ],
)
def test_wrong_usage(stage: Stage, arguments: tuple[str, ...], words: str) -> None:
    done = stage.run(*arguments)
    assert done.code == 2
    assert words in done.err
    assert "usage: model-init.sh" in done.err
    assert not done.calls


def test_without_a_server_it_is_called_wrongly(stage: Stage) -> None:
    assert stage.run("--model", "a", variables={"OLLAMA_HOST": ""}).code == 2


def test_help(stage: Stage) -> None:
    done = stage.run("--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("usage: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_with_what_it_has_started(stage: Stage, number: signal.Signals) -> None:
    (stage.folder / "hang").touch()
    process = subprocess.Popen(
        stage.command("--model", "a"),
        env=stage.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until((stage.folder / "hanging").exists)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 143
    assert "stopped by a signal" in err
    assert not list((stage.folder / "tmp").iterdir())


def until(true: Callable[[], bool]) -> None:
    for _ in range(400):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


@pytest.mark.tool
def test_shellcheck_has_nothing_to_say(stage: Stage) -> None:
    checked = subprocess.run(
        [SHELLCHECK, stage.folder / "model-init.sh"], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.stdout == ""


def test_a_signal_ends_the_pull_that_is_running(stage: Stage) -> None:
    pulling = 'echo "$*" >>"$FAKE/calls"\n[ "$1" != show ] || exit 1\n[ "$1" = pull ] || exit 0\n'
    ending = """trap 'kill "$!"; : >"$FAKE/ended"; exit 143' TERM\nsleep 30 &\n: >"$FAKE/hanging"\nwait\n"""
    program(stage.folder / "bin" / "ollama", f"#!/bin/sh\n{pulling}{ending}")
    process = subprocess.Popen(
        stage.command("--model", "a"), env=stage.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until((stage.folder / "hanging").exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
    until((stage.folder / "ended").exists)


def test_a_server_that_went_away_may_come_back_whatever_was_said_before(stage: Stage) -> None:
    words = "Error: write /models/blobs/x: no space left on device\nError: could not connect to ollama server"
    stage.fails("a", 1, words)
    assert stage.run("--attempts", "5", "--model", "a").pulls == ("pull a",) * 2
