"""`migrate-models.sh` on stores made by the test, with the programs that it calls; Docker is a stand-in here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from composegen.resolve import resolve
from composegen.targets._migrate import migrate_artifacts
from composegen.topology import DirectoryStore, Host, Placement, Service, Topology
from tests import hostfiles_plans, migrating
from tests.hostfiles_plans import ollama
from tests.migrating import Stage, Store, digest, inode

pytestmark = pytest.mark.slow

SHELLCHECK = Path(sys.executable).parent / "shellcheck"
CONFIG, WEIGHTS, TEMPLATE, OTHER = b"config", b"weights" * 5000, b"template", b"other weights" * 400


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return migrating.stage(tmp_path)


def lines(done: subprocess.CompletedProcess[str], *words: str) -> list[str]:
    return [line for line in done.stdout.splitlines() if all(word in line for word in words)]


# ------------------------------------------------------------------ what is copied


def test_models_of_all_old_stores_are_in_the_new_one(stage: Stage) -> None:
    stage.one.add("llama3.2:3b", CONFIG, WEIGHTS)
    stage.one.add("registry.example:5000/team/coder:7b", CONFIG, TEMPLATE)
    stage.two.add("mistral:7b", CONFIG, OTHER)
    stage.two.add("llama3.2:3b", CONFIG, WEIGHTS)
    done = stage.copy()
    assert done.returncode == 0, done.stdout + done.stderr
    assert stage.new.models() == {**stage.one.models(), **stage.two.models()}
    assert set(stage.new.models()) == {"llama3.2:3b", "coder:7b", "mistral:7b"}
    assert lines(done, "llama3.2:3b", "copied", "from folder")
    assert not list(stage.new.folder.glob(".migrate"))
    assert list((stage.folder / "tmp").iterdir()) == []


def test_it_takes_no_more_of_tr_than_busybox_has(stage: Stage) -> None:
    """Which knows neither `[x*]` nor `[:print:]`: it takes them for characters."""
    stage.program("tr", 'case $* in *"*]"* | *"[:"*) exit 9 ;; esac\nexec /usr/bin/tr "$@"')
    stage.one.add("llama3.2:3b", CONFIG, WEIGHTS)
    done = stage.copy()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines(done, "llama3.2:3b", "copied")
    assert "unknown argument: --frob" in stage.run("--frob").stderr


def test_a_second_run_finds_everything_there(stage: Stage) -> None:
    stage.one.add("llama3.2:3b", CONFIG, WEIGHTS)
    stage.copy()
    before = inode(stage.new.blob(WEIGHTS))
    done = stage.copy()
    assert done.returncode == 0
    assert lines(done, "to copy: 0 blobs", "there already: 2 blobs")
    assert lines(done, "llama3.2:3b", "is there")
    assert inode(stage.new.blob(WEIGHTS)) == before


@pytest.mark.parametrize("within", ["models", ".ollama/models"])
def test_a_store_is_found_where_ollama_keeps_it(stage: Stage, within: str) -> None:
    Store(stage.folder / "home" / within).add("mistral:7b", CONFIG, WEIGHTS)
    done = stage.run("--here", stage.new.folder, stage.folder / "home")
    assert done.returncode == 0
    assert "mistral:7b" in stage.new.models()
    assert lines(done, "rm -r --", f"home/{within}/blobs")


def test_blobs_under_the_names_of_early_2024_are_found(stage: Stage) -> None:
    stage.one.add("mistral:7b", CONFIG, WEIGHTS)
    stage.one.blob(WEIGHTS).rename(stage.one.folder / "blobs" / f"sha256:{digest(WEIGHTS)}")
    assert stage.copy().returncode == 0
    assert "mistral:7b" in stage.new.models()


def test_everybody_may_read_what_was_copied(stage: Stage) -> None:
    manifest = stage.one.add("mistral:7b", CONFIG, WEIGHTS)
    for path in (manifest, stage.one.blob(WEIGHTS)):
        path.chmod(0o600)
    assert stage.copy().returncode == 0
    files = [path for path in stage.new.folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o644}
    assert {path.stat().st_mode & 0o777 for path in stage.new.folder.rglob("*") if path.is_dir()} == {0o755}
    assert all(path.stat().st_nlink == 1 for path in files)


def test_an_old_store_without_models_is_fine(stage: Stage) -> None:
    done = stage.run("--here", stage.new.folder, stage.one.folder, stage.folder / "tmp")
    assert done.returncode == 0
    assert lines(done, "holds no models")


# ------------------------------------------------------------------ a dry run


def test_a_dry_run_says_all_and_changes_nothing(stage: Stage) -> None:
    stage.new.add("llama2:7b", CONFIG, TEMPLATE)
    stage.one.add("llama3.2:3b", CONFIG, WEIGHTS)
    stage.two.add("mistral:7b", CONFIG, WEIGHTS, OTHER)
    before = migrating.state(stage.new.folder)
    done = stage.copy("--dry-run")
    assert done.returncode == 0, done.stderr
    assert migrating.state(stage.new.folder) == before
    assert lines(done, f"to copy: 2 blobs, {len(WEIGHTS) + len(OTHER)} bytes; there already: 1 blobs, 6 bytes; free")
    assert lines(done, "llama3.2:3b", "to copy", f"{len(WEIGHTS)} bytes from folder")
    assert lines(done, "mistral:7b", "to copy", f"{len(OTHER)} bytes from folder")
    assert lines(done, "this was a dry run")


def test_a_dry_run_ends_as_the_run_would_as_far_as_that_is_seen(stage: Stage) -> None:
    stage.new.add("llama2:7b", CONFIG, OTHER)
    stage.one.add("llama2:7b", CONFIG, WEIGHTS)
    assert stage.copy("--dry-run").returncode == 3
    stage.one.add("mistral:7b", CONFIG, TEMPLATE)
    stage.one.blob(TEMPLATE).unlink()
    done = stage.copy("--dry-run")
    assert done.returncode == 1
    assert lines(done, "mistral:7b", "INCOMPLETE", digest(TEMPLATE))


# ------------------------------------------------------------------ damage


@pytest.mark.parametrize("content", [b"x" * len(WEIGHTS), WEIGHTS[:-1], b"", WEIGHTS + b"x"])
def test_a_damaged_blob_is_named_and_its_model_left_out(stage: Stage, content: bytes) -> None:
    stage.one.add("llama3.2:3b", CONFIG, WEIGHTS)
    stage.one.add("mistral:7b", CONFIG, OTHER)
    stage.one.blob(WEIGHTS).write_bytes(content)
    done = stage.copy()
    assert done.returncode == 1
    assert set(stage.new.models()) == {"mistral:7b"}
    assert lines(done, "llama3.2:3b", "DAMAGED", f"sha256-{digest(WEIGHTS)}")
    assert not stage.new.blob(WEIGHTS).exists()
    assert lines(done, f"keep folder {stage.one.folder}")
    assert not lines(done, "rm -r", f"{stage.one.folder}/")


def test_another_old_store_helps_out(stage: Stage) -> None:
    stage.one.add("llama3.2:3b", CONFIG, WEIGHTS)
    stage.one.blob(WEIGHTS).write_bytes(b"rot")
    stage.two.add("mistral:7b", TEMPLATE, WEIGHTS)
    done = stage.copy()
    assert done.returncode == 0
    assert set(stage.new.models()) == {"llama3.2:3b", "mistral:7b"}
    assert lines(done, "DAMAGED in folder", "one")


def test_the_same_model_whole_in_the_second_store_is_taken_from_there(stage: Stage) -> None:
    stage.one.add("mistral:7b", CONFIG, WEIGHTS).write_text('{"config":')
    stage.two.add("mistral:7b", CONFIG, WEIGHTS)
    done = stage.copy()
    assert done.returncode == 1
    assert set(stage.new.models()) == {"mistral:7b"}
    assert lines(done, "mistral:7b", "BROKEN", "one")
    assert lines(done, "mistral:7b", "copied", "two")


def test_what_is_damaged_in_the_store_is_mended(stage: Stage) -> None:
    stage.one.add("llama3.2:3b", CONFIG, WEIGHTS)
    stage.new.add("llama3.2:3b", CONFIG, WEIGHTS)
    stage.new.blob(WEIGHTS).write_bytes(b"y" * len(WEIGHTS))
    done = stage.copy()
    assert done.returncode == 0
    assert lines(done, "DAMAGED in the store itself")
    assert "llama3.2:3b" in stage.new.models()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "not JSON",
        '{"config":{"digest":"sha256:../../../../etc/passwd"}}',
        '{"config":{"digest":"md5:00"}}',
        '{"config":{"digest":"sha256:' + "0" * 63 + '"}}',
    ],
)
def test_a_manifest_that_is_none_is_reported(stage: Stage, text: str) -> None:
    stage.one.add("mistral:7b", CONFIG, WEIGHTS).write_text(text)
    done = stage.copy()
    assert done.returncode == 1
    assert lines(done, "mistral:7b", "BROKEN")
    assert stage.new.models() == {}


def test_an_empty_manifest_in_the_store_is_no_model(stage: Stage) -> None:
    stage.new.add("mistral:7b", CONFIG).write_text("")
    stage.one.add("mistral:7b", CONFIG, WEIGHTS)
    assert stage.copy().returncode == 0
    assert "mistral:7b" in stage.new.models()


# ------------------------------------------------------------------ one name, two models


def test_another_model_of_this_name_is_kept(stage: Stage) -> None:
    stage.new.add("mistral:7b", CONFIG, OTHER)
    stage.one.add("mistral:7b", CONFIG, WEIGHTS)
    done = stage.copy()
    assert done.returncode == 3
    assert stage.new.models()["mistral:7b"] == [digest(CONFIG), digest(OTHER)]
    assert lines(done, "mistral:7b", "DIFFERS", "--replace")
    assert lines(done, "keep folder")
    assert not stage.new.blob(WEIGHTS).exists()


def test_it_is_replaced_when_that_is_asked_for(stage: Stage) -> None:
    stage.new.add("mistral:7b", CONFIG, OTHER)
    stage.one.add("mistral:7b", CONFIG, WEIGHTS)
    assert stage.copy("--replace").returncode == 0
    assert stage.new.models()["mistral:7b"] == [digest(CONFIG), digest(WEIGHTS)]


@pytest.mark.parametrize("options", [(), ("--replace",)])
def test_of_two_old_ones_the_first_holds(stage: Stage, options: tuple[str, ...]) -> None:
    stage.one.add("mistral:7b", CONFIG, WEIGHTS)
    stage.two.add("mistral:7b", CONFIG, OTHER)
    assert stage.copy(*options).returncode == 3
    done = stage.copy(*options)
    assert done.returncode == 3
    assert stage.new.models()["mistral:7b"] == [digest(CONFIG), digest(WEIGHTS)]
    assert lines(done, "keep folder", "two")
    assert lines(done, "rm -r --", "one/blobs")


def test_the_folder_that_ollama_create_notes_makes_no_difference(stage: Stage) -> None:
    stage.new.add("own:latest", CONFIG, WEIGHTS, origin="/models")
    stage.one.add("own:latest", CONFIG, WEIGHTS, origin="/root/.ollama/models")
    done = stage.copy()
    assert done.returncode == 0
    assert lines(done, "own:latest", "is there")


def test_what_is_pulled_in_this_very_moment_is_not_overwritten(stage: Stage) -> None:
    stage.one.add("mistral:7b", CONFIG, WEIGHTS)
    pulled = stage.new.manifest("mistral:7b")
    text = Store(stage.folder / "elsewhere").add("mistral:7b", TEMPLATE).read_text()
    stage.program("ln", f"mkdir -p '{pulled.parent}'; printf %s '{text}' >'{pulled}'; exec /bin/ln \"$@\"")
    done = stage.copy()
    assert done.returncode == 3
    assert pulled.read_text() == text


# ------------------------------------------------------------------ stopped in the middle

STEPS = ("cp", "mv", "ln", "rm", "chmod", "sync")
KILLING = """\
n=$(($(cat "$STAGE/steps") + 1))
echo "$n" >"$STAGE/steps"
if [ "$n" = "$DIES_AT" ]; then
    for last; do :; done
    [ "{name}" != cp ] || head -c 5000 weights.gguf >"$last"
    kill -KILL 0
fi
exec /usr/bin/{name} "$@"
"""


def test_killed_at_any_step_it_leaves_whole_models_and_goes_on(stage: Stage) -> None:
    stage.one.add("llama3.2:3b", CONFIG, WEIGHTS)
    stage.two.add("mistral:7b", CONFIG, OTHER)
    (stage.folder / "weights.gguf").write_bytes(WEIGHTS)
    wanted = {**stage.one.models(), **stage.two.models()}
    sources = ("--here", stage.new.folder, stage.one.folder, stage.two.folder)
    for name in STEPS:
        stage.program(name, KILLING.format(name=name))
    deaths, seen = 0, set()
    while True:
        deaths += 1
        shutil.rmtree(stage.new.folder)
        stage.new.folder.mkdir()
        (stage.folder / "steps").write_text("0")
        done = stage.run(*sources, variables={"DIES_AT": str(deaths)}, own_group=True)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stdout + done.stderr
        left = stage.new.models()
        assert left.items() <= wanted.items()
        seen.add(tuple(left))
        done = stage.run(*sources, variables={"DIES_AT": "never"})
        assert done.returncode == 0, (deaths, done.stdout, done.stderr)
        assert stage.new.models() == wanted
        assert {path.name for path in stage.new.folder.iterdir()} == {"blobs", "manifests"}
        assert len(list((stage.new.folder / "blobs").iterdir())) == 3
    assert deaths > 20
    assert seen == {(), ("llama3.2:3b",), ("llama3.2:3b", "mistral:7b")}


def test_a_copy_that_was_cut_off_is_continued(stage: Stage) -> None:
    stage.one.add("mistral:7b", WEIGHTS)
    part = stage.new.folder / ".migrate" / f"sha256-{digest(WEIGHTS)}"
    part.parent.mkdir()
    part.write_bytes(WEIGHTS[:-10])
    stage.program("cp", 'case "$*" in *weights*|*sha256-*) exit 1 ;; esac; exec /bin/cp "$@"')
    assert stage.copy().returncode == 0
    assert "mistral:7b" in stage.new.models()


@pytest.mark.parametrize("left", [b"nonsense", WEIGHTS + b"more", b""])
def test_a_rest_that_does_not_fit_is_copied_anew(stage: Stage, left: bytes) -> None:
    stage.one.add("mistral:7b", WEIGHTS)
    part = stage.new.folder / ".migrate" / f"sha256-{digest(WEIGHTS)}"
    part.parent.mkdir()
    part.write_bytes(left)
    assert stage.copy().returncode == 0
    assert "mistral:7b" in stage.new.models()


def test_a_signal_ends_it_and_the_copy_that_is_running(stage: Stage) -> None:
    stage.one.add("mistral:7b", WEIGHTS)
    stage.program("cp", 'case "$*" in *sha256-*) echo $$ >"$STAGE/copying"; exec sleep 60 ;; esac; exec /bin/cp "$@"')
    process = subprocess.Popen(
        stage.command("--here", stage.new.folder, stage.one.folder),
        env=stage.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    copying = stage.folder / "copying"
    while not (copying.exists() and copying.read_text().strip()):
        assert process.poll() is None
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "run it again and it goes on" in said
    assert not Path("/proc", copying.read_text().strip()).exists()


# ------------------------------------------------------------------ no room, wrong place

DF = 'echo "Filesystem 1024-blocks Used Available Capacity Mounted on"; echo "/dev/x 9 1 $FREE 90% /x"'


def test_without_room_nothing_is_copied(stage: Stage) -> None:
    stage.one.add("mistral:7b", WEIGHTS)
    stage.program("df", DF)
    done = stage.copy(variables={"FREE": "10"})
    assert done.returncode == 2
    assert f"{len(WEIGHTS) - 10 * 1024} bytes more are needed" in done.stderr
    assert stage.new.models() == {}
    assert stage.copy(variables={"FREE": "100"}).returncode == 0


def test_copies_that_take_no_room_need_none(stage: Stage) -> None:
    stage.one.add("mistral:7b", WEIGHTS)
    stage.program("df", DF)
    stage.program("cp", 'case "$1" in --reflink=*) shift ;; esac; exec /bin/cp "$@"')
    stage.program("grep", 'case "$*" in *--reflink*) cat >/dev/null; exit 0 ;; esac; exec /bin/grep "$@"')
    assert stage.copy(variables={"FREE": "0"}).returncode == 0


def test_a_disk_that_fills_up_is_told_and_it_goes_on(stage: Stage) -> None:
    stage.one.add("mistral:7b", WEIGHTS)
    stage.program(
        "cp", 'case "$*" in *sha256-*) echo "cp: No space left on device" >&2; exit 1 ;; esac; exec /bin/cp "$@"'
    )
    done = stage.copy()
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "run this again" in done.stderr
    (stage.folder / "bin" / "cp").unlink()
    assert stage.copy().returncode == 0


def test_the_store_itself_is_refused(stage: Stage) -> None:
    stage.new.add("mistral:7b", WEIGHTS)
    before = migrating.state(stage.new.folder)
    (stage.folder / "link").symlink_to(stage.new.folder)
    for itself in (stage.new.folder, stage.folder / "link"):
        done = stage.run("--here", stage.new.folder, itself)
        assert done.returncode == 2
        assert "is the store itself" in done.stderr
    assert migrating.state(stage.new.folder) == before


# ------------------------------------------------------------------ hostile names


def test_hostile_names_do_no_harm(stage: Stage) -> None:
    stage.one.add("mistral:7b", CONFIG, WEIGHTS)
    library = stage.one.folder / "manifests" / "registry.ollama.ai" / "library"
    names = ["a b", "-rf", "$(touch pwned)", "`touch pwned`", "a'b", 'a"b', "a;b", "*", "\x1b[31m", "a\nb", ".hidden"]
    for name in names:
        (library / name).mkdir()
        (library / name / "latest").write_text("{}")
    for name in names:
        (library / "mistral" / name).write_text("{}")
    done = stage.copy()
    assert done.returncode == 0, done.stderr
    assert set(stage.new.models()) == {"mistral:7b"}
    assert not list(stage.folder.rglob("pwned"))
    assert lines(done, "a?b", "is not the name of a model")
    assert "\x1b" not in done.stdout


def test_only_plain_files_are_read(stage: Stage) -> None:
    (stage.folder / "secret").write_bytes(OTHER)
    for name, content in (("link", WEIGHTS), ("fifo", OTHER), ("folder", TEMPLATE)):
        stage.one.add(f"{name}:1", content)
        stage.one.blob(content).unlink()
    stage.one.blob(WEIGHTS).symlink_to(stage.folder / "secret")
    os.mkfifo(stage.one.blob(OTHER))
    stage.one.blob(TEMPLATE).mkdir()
    manifest = stage.one.add("mistral:7b", CONFIG)
    manifest.unlink()
    manifest.symlink_to(stage.folder / "secret")
    os.mkfifo(manifest.with_name("fifo"))
    done = stage.copy()
    assert done.returncode == 1
    assert stage.new.models() == {}
    assert len(lines(done, "INCOMPLETE")) == 3
    assert len(lines(done, "BROKEN")) == 2


def test_folders_with_any_name(stage: Stage) -> None:
    folder = stage.folder / "it's $HOME; \\ *"
    Store(folder).add("mistral:7b", CONFIG, WEIGHTS)
    done = stage.run("--here", stage.new.folder, folder)
    assert done.returncode == 0, done.stderr
    (command,) = lines(done, "rm -r --")
    subprocess.run(["/bin/sh", "-c", command], check=True, cwd=stage.folder)
    assert list(folder.iterdir()) == []


# ------------------------------------------------------------------ with Docker

DOCKER = """\
case "$1 $2" in
    'version ') [ ! -e "$STAGE/denied" ] || { echo 'permission denied' >&2; exit 1; } ;;
    'volume inspect') [ -e "$STAGE/volumes/$3" ] ;;
    'compose config') echo 'name: demo' ;;
    'compose run') printf '%s\\000' "$@" >"$STAGE/called"; exit "${ENDS:-0}" ;;
    'inspect --format') [ -e "$STAGE/running" ] && cat "$STAGE/running" ;;
    'rm '*) rm "$STAGE/running" ;;
    *) exit 9 ;;
esac
"""


@pytest.fixture
def docker(stage: Stage) -> Stage:
    stage.program("docker", DOCKER)
    (stage.folder / "volumes").mkdir()
    for name in ("demo_ollama_data_1", "demo_ollama_data_2"):
        (stage.folder / "volumes" / name).touch()
    return stage


def called(stage: Stage) -> list[str]:
    return (stage.folder / "called").read_text().split("\0")[:-1]


def test_it_runs_in_a_container_of_the_writer(docker: Stage) -> None:
    done = docker.run("--dry-run", "--replace")
    assert done.returncode == 0, done.stderr
    words = called(docker)
    mounts = [words[place + 1] for place, word in enumerate(words) if word == "-v"]
    assert sorted(mounts) == ["demo_ollama_data_1:/old/1:ro", "demo_ollama_data_2:/old/2:ro"]
    assert words[:7] == ["compose", "run", "--rm", "-T", "--no-deps", "--name", "demo-models-migration"]
    assert words[words.index("-e") + 1] == "MIGRATE_LABELS=volume demo_ollama_data_1\nvolume demo_ollama_data_2"
    assert words[words.index("--entrypoint") :][:4] == ["--entrypoint", "/bin/sh", "ollama-1", "-c"]
    text, *rest = words[words.index("-c") + 1 :]
    assert text == docker.path.read_text().rstrip("\n")
    assert rest == ["migrate-models.sh", "--here", "--dry-run", "--replace", "/models", "/old/1", "/old/2"]


def test_the_name_that_docker_knows_comes_first(docker: Stage) -> None:
    (docker.folder / "volumes" / "ollama_data_1").touch()
    done = docker.run("ollama_data_1")
    assert "ollama_data_1:/old/1:ro" in called(docker)
    assert "there is also demo_ollama_data_1" in done.stdout


def test_folders_are_mounted_alike(docker: Stage) -> None:
    assert docker.run(docker.one.folder).returncode == 0
    assert f"{docker.one.folder}:/old/1:ro" in called(docker)


def test_what_is_not_there_is_not_made(docker: Stage) -> None:
    (docker.folder / "volumes" / "demo_ollama_data_2").unlink()
    done = docker.run()
    assert done.returncode == 1
    assert "volume ollama_data_2: not here, nor is demo_ollama_data_2" in done.stdout
    assert called(docker)[-2:] == ["/models", "/old/1"]
    done = docker.run("/nowhere/at/all")
    assert done.returncode == 1
    assert "none of the old stores is here" in done.stderr
    assert "folder /nowhere/at/all: not here" in done.stdout


def test_a_docker_that_does_not_answer_says_nothing_of_volumes(docker: Stage) -> None:
    (docker.folder / "denied").touch()
    done = docker.run()
    assert done.returncode == 2
    assert done.stderr.startswith("migrate-models: docker does not work for ")
    assert done.stderr.endswith(": permission denied\n")
    assert "not here" not in done.stdout


@pytest.mark.parametrize(("ended", "code"), [(0, 0), (41, 1), (43, 3), (2, 2), (1, 2), (125, 2), (137, 2)])
def test_how_it_ends(docker: Stage, ended: int, code: int) -> None:
    assert docker.run(variables={"ENDS": str(ended)}).returncode == code


def test_two_at_a_time_are_one_too_many(docker: Stage) -> None:
    (docker.folder / "running").write_text("true")
    done = docker.run()
    assert done.returncode == 2
    assert "it is running already; docker logs -f demo-models-migration" in done.stderr
    (docker.folder / "running").write_text("false")
    assert docker.run().returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--frob",), "unknown argument: --frob"),
        (("--store",), "--store needs the name of a store"),
        (("--store", "other"), "no models move into a store other"),
        (("/srv/a:b",), "a name with a colon"),
        (("--here", "/x"), "--here needs the folder of the store"),
        (("--here", "/x", "/nowhere"), "there is no folder /nowhere"),
    ],
)
def test_wrong_usage(docker: Stage, arguments: tuple[str, ...], words: str) -> None:
    done = docker.run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (docker.folder / "called").exists()


def test_help(stage: Stage) -> None:
    done = stage.run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")


def test_without_docker_it_says_so(stage: Stage) -> None:
    done = stage.run(variables={"PATH": _only(stage.folder / "few", "mktemp", "rm", "tr", "cat")})
    assert done.returncode == 2
    assert "docker is missing here; this is meant for host box" in done.stderr


def _only(folder: Path, *programs: str) -> str:
    folder.mkdir()
    for program in programs:
        (folder / program).symlink_to(f"/usr/bin/{program}")
    return str(folder)


# ------------------------------------------------------------------ what composegen plans


def paths(topology: Topology) -> list[str]:
    return [str(artifact.path) for artifact in migrate_artifacts(resolve(topology, {}))]


def test_each_host_that_writes_gets_one() -> None:
    nfs = hostfiles_plans.topology(service=ollama(migrate_from=("old",)))
    assert paths(nfs) == ["server80/migrate-models.sh"]
    local = Topology(
        name="demo",
        hosts={name: Host(name=name, address="10.0.0.1") for name in ("one", "two", "three")},
        stores={"models": DirectoryStore(name="models", kind="directory", path="/srv/models")},
        services={
            "a": Service(name="a", store="models", hosts={"one": Placement()}, migrate_from=("/old", "a_1")),
            "b": Service(name="b", hosts={"two": Placement()}),
            "c": Service(name="c", hosts={"one": Placement(port=1), "three": Placement()}, migrate_from=("/old",)),
        },
    )
    assert paths(local) == ["one/migrate-models.sh", "three/migrate-models.sh"]
    found = [(one.store, one.writer.name, one.sources) for one in resolve(local, {}).host("one").migrations]
    assert found == [("c-models", "c-1", ("/old",)), ("models", "a-1", ("/old", "a_1"))]
    assert paths(hostfiles_plans.topology()) == []


@pytest.mark.tool
def test_shellcheck_has_nothing_to_say(tmp_path: Path) -> None:
    two = Topology(
        name="demo",
        hosts={"box": Host(name="box", address="10.0.0.1")},
        services={
            name: Service(name=name, hosts={"box": Placement(port=port)}, migrate_from=("/srv/it's", "x"))
            for name, port in (("a", 1), ("b", 2))
        },
    )
    for planned in (migrating.plan(), resolve(two, {}), hostfiles_plans.plan(service=ollama(migrate_from=("old",)))):
        host = next(host.name for host in planned.hosts if host.migrations)
        path = migrating.script(planned, tmp_path, host)
        done = subprocess.run([SHELLCHECK, path], capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout == ""
