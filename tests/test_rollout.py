"""The rendered rollout.sh under dash, with a `docker` and an `ssh` of the test's own that write down what was asked."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from composegen.io import resources
from composegen.plan import Plan
from composegen.resolve import resolve
from composegen.targets._runbook import is_rolled
from composegen.targets.compose import artifacts
from composegen.topology import Gateway, Host, Placement, Topology, Traefik, Upgrade
from tests import hostfiles_plans
from tests.hostfiles_plans import ollama
from tests.sampling import compiled

pytestmark = pytest.mark.slow

DASH = "/bin/dash"
SHELLCHECK = Path(sys.executable).parent / "shellcheck"
NEW = "ollama/ollama:0.33.0"

SSH = r"""#!/bin/sh
[ ! -e "$FAKE/unreachable" ] || exit 255
while [ "$1" != -- ]; do shift; done
printf 'ssh %s\n' "$2" >>"$FAKE/reached"
[ ! -e "$FAKE/lost.${2#*@}" ] || case $3 in *"$(cat "$FAKE/lost.${2#*@}")"*) exit 255 ;; esac
shift 2
exec sh -c "$*"
"""

DOCKER = r"""#!/bin/sh
# Containers are files of .docker in the folder of their host: image, configuration, status and health, a line each.
# What goes wrong is in files of $FAKE, by the name of an image without its repository.
host=$(basename "$PWD")
note() { printf '%s %s\n' "$host" "$(printf '%s' "$*" | tail -n 1)" >>"$FAKE/calls"; }
tag() { printf '%s' "${1##*:}"; }
digest() { cat "$FAKE/digest.$(tag "$1")" 2>/dev/null || printf 'sha256:%s\n' "$(tag "$1")"; }
files() { printf '%s\n' "${COMPOSE_FILE:-compose.yaml}" | tr ':' '\n'; }
hash_of() { files | while read -r file; do cat "$file"; done | cksum | cut -d' ' -f1; }
image_of() {
    files | while read -r file; do cat "$file"; done | awk -v service="  $1:" '
        /^  [^ ]/ { inside = ($0 == service) }
        inside && /^    image: / { gsub(/"/, "", $2); image = $2 }
        END { print image }'
}
served() {
    entry=http://$1:11434
    [ "$host" = server80 ] || entry=http://10.0.0.84:$((11433 + ${1##*-}))
    grep -q -- "- url: $entry\$" "$FAKE/hosts/server80/traefik/dynamic/ollama.yaml" && echo yes || echo no
}
mkdir -p .docker
case "$1 $2" in
    'compose version') cat "$FAKE/compose.version" 2>/dev/null || echo 2.20.0 ;;
    'version ') [ ! -e "$FAKE/denied" ] || { echo 'permission denied: /var/run/docker.sock' >&2; exit 1; } ;;
    'compose config')
        case ${3:-} in
            --quiet) exit 0 ;;
            --hash) printf '%s %s\n' "$4" "$(hash_of)" ;;
            --services) sed -n '/^services:/,/^volumes:/s/^  \([a-z][a-z0-9-]*\):$/\1/p' compose.yaml ;;
            *) files | while read -r file; do cat "$file"; done ;;
        esac ;;
    'compose pull')
        note "$*"
        [ ! -e "$FAKE/unpullable" ] || { echo 'no such manifest' >&2; exit 1; } ;;
    'compose ps')
        [ ! -e ".docker/$5" ] || printf '%s/%s\n' "$PWD/.docker" "$5" ;;
    'compose up')
        note "$*"
        shift 2
        for word in "$@"; do
            case $word in
                -* | 300) continue ;;
            esac
            image=$(image_of "$word")
            note "replace $word $(tag "$image") served=$(served "$word")"
            health=healthy
            [ ! -e "$FAKE/broken.$(tag "$image")" ] || health=unhealthy
            printf '%s\n%s\nrunning\n%s\n' "$(digest "$image") $image" "$(hash_of)" "$health" >".docker/$word"
            [ ! -e "$FAKE/hang.$(tag "$image")" ] || {
                : >"$FAKE/hanging"
                sleep 3
                note "hung $word served=$(served "$word")"
            }
            [ "$health" = healthy ] || { echo "container $word is unhealthy" >&2; exit 1; }
        done ;;
    'compose stop') note "$*"; sed -i '3s/.*/exited/' ".docker/$3" ;;
    'compose logs') echo 'what the container said' ;;
    'compose exec')
        case "$*" in
            *'ollama ps'*) printf 'NAME ID\n'; cat "$FAKE/loaded" 2>/dev/null ;;
            *'/proc/net/tcp'*)
                left=$(cat "$FAKE/connections" 2>/dev/null || echo 0)
                [ "$left" -eq 0 ] || echo $((left - 1)) >"$FAKE/connections"
                echo '  sl  local_address rem_address   st'
                echo '   0: 0100007F:2CAA 0100007F:9C40 01 00000000:00000000'
                echo '   1: 00000000:2CAA 00000000:0000 0A 00000000:00000000'
                echo '   2: 0500A8C0:9C40 0100A8C0:2CAA 01 00000000:00000000'
                [ "$left" -eq 0 ] || echo '   3: 0500A8C0:2CAA 0100A8C0:9C40 01 00000000:00000000' ;;
            *'POST /api/generate'*)
                note "$(printf '%s' "$*" | sed 's/.*\({"model.*\)/\1/')"
                cat "$FAKE/answer" 2>/dev/null || printf 'HTTP/1.0 200 OK\r\n\r\n{"done":true}' ;;
            *'POST /api/embed'*)
                note embed
                printf 'HTTP/1.0 200 OK\r\n\r\n{}' ;;
            *'GET /api/version'*) printf 'HTTP/1.0 200 OK\r\n\r\n{"version":"0.33.0"}' ;;
        esac ;;
    'container inspect')
        read -r image name <"$5"
        case $4 in
            *config-hash*) sed -n 2p "$5" ;;
            *RestartCount*) echo "$(sed -n 3p "$5") $(sed -n 4p "$5") 0" ;;
            *Health*) echo "$(sed -n 3p "$5") $(sed -n 4p "$5")" ;;
            *Config.Image*) echo "$(basename "$5") $image $name" ;;
            *) echo "$image" ;;
        esac ;;
    'image inspect')
        [ ! -e "$FAKE/gone.$(tag "$5")" ] || exit 1
        case $5 in
            sha256:*) echo "$5" ;;
            *) digest "$5" ;;
        esac ;;
    tag*) note "$*"; printf '%s\n' "$2" >"$FAKE/digest.$(tag "$3")" ;;
    *) echo "docker: unknown: $*" >&2; exit 1 ;;
esac
"""


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Farm:
    """server80 writes and has the gateway, server84 has three readers; both folders are on this machine."""

    folder: Path

    def topology(self, edit: Callable[[Topology], Topology]) -> Topology:
        found = hostfiles_plans.topology()
        hosts = {
            name: replace(host, directory=str(self.folder / "hosts" / name), ssh=f"ops@{name}")
            for name, host in found.hosts.items()
        }
        return edit(replace(found, hosts=hosts))

    def render(self, edit: Callable[[Topology], Topology] = lambda topology: topology) -> Plan:
        """The tree, as `composegen render` writes it."""
        plan = resolve(self.topology(edit), {})
        rows = [row for row in artifacts(plan) if row.path.name not in ("README.md", "verify.sh")]
        for path, entry in hostfiles_plans.render(rows).items():  # type: ignore[arg-type]
            target = self.folder / "tree" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(entry.data)
        return plan

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "FAKE": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "ROLLOUT_SETTLE": "0",
            "ROLLOUT_POLL": "0",
        }

    def command(self, *arguments: str) -> list[str]:
        return [DASH, str(self.folder / "tree" / "rollout.sh"), *arguments]

    def run(self, *arguments: str) -> Done:
        done = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert not list((self.folder / "tmp").iterdir()), "the script leaves a file behind"
        assert not list(self.folder.glob("hosts/*/.rollout/lock*")), "the script leaves a lock behind"
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self) -> None:
        """What `docker compose up` in both folders has made of the files."""
        for host in ("server80", "server84"):
            folder = self.folder / "hosts" / host
            shutil.copytree(self.folder / "tree" / host, folder)
            (folder / ".docker").mkdir()
            configuration = cksum(folder / "compose.yaml")
            for name in ("ollama-1", "ollama-2", "ollama-3", "traefik"):
                kind, tag = ("traefik", "v3.7.15") if name == "traefik" else ("ollama/ollama", "0.32.15")
                if f"\n  {name}:\n" in self.file(host):
                    lines = (f"sha256:{tag} {kind}:{tag}", configuration, "running", "healthy")
                    (folder / ".docker" / name).write_text("".join(f"{line}\n" for line in lines))

    def forget(self) -> None:
        (self.folder / "calls").unlink(missing_ok=True)

    @property
    def calls(self) -> list[str]:
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    @property
    def replaced(self) -> list[str]:
        """Instances in the order of their replacement: host, name, tag, and whether the gateway still had them."""
        return [call.replace("replace ", "") for call in self.calls if " replace ollama-" in call]

    @property
    def dynamic(self) -> Path:
        return self.folder / "hosts" / "server80" / "traefik" / "dynamic" / "ollama.yaml"

    def put(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def state(self, host: str) -> str:
        return (self.folder / "hosts" / host / ".rollout" / "state").read_text().split()[0]

    def file(self, host: str) -> str:
        return (self.folder / "hosts" / host / "compose.yaml").read_text()


def cksum(path: Path) -> str:
    done = subprocess.run(["cksum"], input=path.read_bytes(), capture_output=True, check=True)
    return done.stdout.decode().split()[0]


def upgraded(**settings: object) -> Callable[[Topology], Topology]:
    """The next version of the image."""

    def edit(topology: Topology) -> Topology:
        upgrade = Upgrade(**settings) if settings else None  # type: ignore[arg-type]
        return replace(topology, services={"ollama": ollama(image=NEW, upgrade=upgrade)})

    return edit


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    for name in ("bin", "tmp", "hosts"):
        (tmp_path / name).mkdir(parents=True)
    for name, text in (("docker", DOCKER), ("ssh", SSH)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    found = Farm(folder=tmp_path)
    found.render()
    found.start()
    return found


ALL = [
    "server84 ollama-1 0.33.0 served=no",
    "server84 ollama-2 0.33.0 served=no",
    "server84 ollama-3 0.33.0 served=no",
    "server80 ollama-1 0.33.0 served=no",
]


def of_instances(farm: Farm, count: int = 4) -> list[str]:
    """The first replacements; at the end `up` says the same of all that is there."""
    return farm.replaced[:count]


def test_every_instance_is_out_of_the_gateway_when_it_is_replaced_and_the_writer_is_last(farm: Farm) -> None:
    before = farm.dynamic.read_bytes()
    farm.render(upgraded())
    done = farm.run("--copy")
    assert done.code == 0, done
    assert of_instances(farm) == ALL
    assert farm.dynamic.read_bytes() == before
    assert farm.state("server80") == farm.state("server84") == "finished"
    assert farm.calls[-1].startswith("server80 replace traefik")


def test_everything_is_pulled_before_anything_is_replaced(farm: Farm) -> None:
    farm.render(upgraded())
    farm.run("--copy")
    pulls = [number for number, call in enumerate(farm.calls) if "compose pull" in call]
    ups = [number for number, call in enumerate(farm.calls) if "compose up" in call]
    assert len(pulls) == 2
    assert max(pulls) < min(ups)


def test_what_has_not_changed_is_left_alone(farm: Farm) -> None:
    done = farm.run()
    assert done.code == 0
    assert done.out.count("left alone") == 4
    assert "--no-deps --wait --wait-timeout" not in "".join(farm.calls)


def test_an_image_under_the_same_name_is_a_change(farm: Farm) -> None:
    farm.put("digest.0.32.15", "sha256:moved\n")
    assert farm.run().code == 0
    assert len(of_instances(farm)) == 4


def test_models_that_were_loaded_are_loaded_again(farm: Farm) -> None:
    farm.render(upgraded())
    farm.put("loaded", "mistral:7b x\nown:latest y\n")
    farm.run("--copy")
    warmed = [call for call in farm.calls if '"model"' in call]
    assert len(warmed) == 8
    assert '"own:latest","prompt":"Hi","stream":false' in warmed[1]


def test_else_the_first_model_of_the_topology_is(farm: Farm) -> None:
    farm.render(upgraded())
    farm.run("--copy")
    assert len([call for call in farm.calls if '"model":"mistral:7b"' in call]) == 4


def test_a_model_that_cannot_generate_is_asked_to_embed(farm: Farm) -> None:
    farm.render(upgraded())
    farm.put("answer", 'HTTP/1.0 400 Bad Request\r\n\r\n{"error":"\\"x\\" does not support generate"}')
    assert farm.run("--copy").code == 0
    assert len([call for call in farm.calls if call.endswith("embed")]) == 4


def test_a_model_that_is_not_there_yet_is_no_failure(farm: Farm) -> None:
    farm.render(upgraded())
    farm.put("answer", "HTTP/1.0 404 Not Found\r\n\r\n{}")
    done = farm.run("--copy")
    assert done.code == 0
    assert "mistral:7b is not in its store yet" in done.out


def test_it_waits_for_connections_from_outside(farm: Farm) -> None:
    farm.render(upgraded())
    farm.put("connections", "3")
    assert farm.run("--copy").code == 0
    assert (farm.folder / "connections").read_text().strip() == "0"


def test_it_waits_no_longer_than_the_topology_says(farm: Farm) -> None:
    farm.render(upgraded(drain="0s"))
    farm.put("connections", "99")
    done = farm.run("--copy")
    assert done.code == 0
    assert "1 connections are still open after 0 s, and are cut" in done.out


def test_an_image_that_never_turns_healthy_stops_everything(farm: Farm) -> None:
    before = farm.dynamic.read_bytes()
    farm.render(upgraded())
    farm.put("broken.0.33.0")
    done = farm.run("--copy")
    assert done.code == 1
    assert farm.replaced == ALL[:1]
    assert "server84 compose stop ollama-1" in farm.calls
    assert farm.dynamic.read_bytes() == before
    assert "server84 ollama-1: did not turn healthy" in done.err
    assert "what the container said" in done.err
    assert "sh rollout.sh --resume" in done.err
    assert "sh rollout.sh --rollback" in done.err
    assert farm.state("server84") == "rolling"


def test_a_second_one_does_not_begin_over_it(farm: Farm) -> None:
    test_an_image_that_never_turns_healthy_stops_everything(farm)
    farm.forget()
    done = farm.run()
    assert done.code == 2
    assert "an earlier rollout has not ended" in done.err
    assert not farm.calls


def test_resume_begins_with_what_does_not_serve(farm: Farm) -> None:
    test_an_image_that_never_turns_healthy_stops_everything(farm)
    farm.remove("broken.0.33.0")
    farm.forget()
    done = farm.run("--resume")
    assert done.code == 0, done
    assert of_instances(farm) == ALL
    assert farm.state("server80") == "finished"


def test_rollback_brings_files_and_instances_back(farm: Farm) -> None:
    old = farm.file("server84")
    test_an_image_that_never_turns_healthy_stops_everything(farm)
    farm.forget()
    done = farm.run("--rollback")
    assert done.code == 0, done
    assert of_instances(farm, 1) == ["server84 ollama-1 0.32.15 served=no"]
    assert not [call for call in farm.calls if "--no-deps" in call and "ollama-2" in call]
    assert farm.file("server84") == old
    assert farm.state("server84") == "rolled-back"
    assert "nothing to go back to" in farm.run("--rollback").err


def test_a_finished_rollout_is_rolled_back_the_same_way(farm: Farm) -> None:
    old = farm.file("server80")
    farm.render(upgraded())
    farm.run("--copy")
    farm.forget()
    assert farm.run("--rollback").code == 0
    assert of_instances(farm) == [line.replace("0.33.0", "0.32.15") for line in ALL]
    assert farm.file("server80") == old


@pytest.mark.parametrize(("arguments", "code"), [([], 1), (["--rollback"], 0)], ids=["forward", "back"])
def test_what_verify_says_counts_only_on_the_way_forward(farm: Farm, arguments: list[str], code: int) -> None:
    """It belongs to the new files: after the way back it may ask ports that nobody has any more."""
    farm.render(upgraded())
    assert farm.run("--copy").code == 0
    (farm.folder / "tree" / "verify.sh").write_text("echo nobody answers; exit 1\n")
    (farm.folder / "bin" / "curl").write_text("#!/bin/sh\n")
    (farm.folder / "bin" / "curl").chmod(0o755)
    done = farm.run(*arguments)
    assert done.code == code, done
    assert "nobody answers" in done.out


def test_it_goes_back_by_itself_where_the_topology_says_so(farm: Farm) -> None:
    old = farm.file("server84")
    farm.render(upgraded(rollback="automatic"))
    farm.put("broken.0.33.0")
    done = farm.run("--copy")
    assert done.code == 1
    assert of_instances(farm, 2) == [ALL[0], "server84 ollama-1 0.32.15 served=no"]
    assert farm.file("server84") == old
    assert farm.state("server80") == farm.state("server84") == "rolled-back"


def test_a_moved_name_means_the_old_image_again_after_a_rollback(farm: Farm) -> None:
    farm.put("digest.0.32.15", "sha256:moved\n")
    farm.run()
    farm.forget()
    assert farm.run("--rollback").code == 0
    assert "server80 tag sha256:0.32.15 ollama/ollama:0.32.15" in farm.calls
    assert len(of_instances(farm)) == 4


def test_without_an_image_to_go_back_to_nothing_is_touched(farm: Farm) -> None:
    farm.render(upgraded())
    farm.run("--copy")
    new = farm.file("server80")
    farm.forget()
    farm.put("gone.0.32.15")
    done = farm.run("--rollback")
    assert done.code == 1
    assert "is no longer here" in done.err
    assert not [call for call in farm.calls if "compose up" in call]
    assert farm.file("server80") == new


def bring_by_hand(farm: Farm) -> None:
    """What GitOps does: the new files are there before the rollout begins."""
    for host in ("server80", "server84"):
        found = (farm.folder / "tree" / host / "compose.yaml").read_text()
        (farm.folder / "hosts" / host / "compose.yaml").write_text(found)


def test_files_that_came_by_themselves_are_rolled_back_to_those_of_the_last_rollout(farm: Farm) -> None:
    old = farm.file("server84")
    farm.run()
    farm.render(upgraded())
    bring_by_hand(farm)
    assert farm.run().code == 0
    assert farm.run("--rollback").code == 0
    assert farm.file("server84") == old


def test_without_files_of_before_the_images_go_back(farm: Farm) -> None:
    farm.render(upgraded())
    bring_by_hand(farm)
    done = farm.run()
    assert done.code == 0
    assert "going back would bring back the images only" in done.out
    farm.forget()
    assert farm.run("--rollback").code == 0
    assert [call.split()[2] for call in of_instances(farm)] == ["0.32.15"] * 4
    assert NEW in farm.file("server84")


def test_nothing_is_kept_where_the_topology_wants_no_snapshot(farm: Farm) -> None:
    farm.render(upgraded(snapshot=False))
    assert farm.run("--copy").code == 0
    assert not list(farm.folder.glob("hosts/*/.rollout/before"))
    done = farm.run("--rollback")
    assert done.code == 1
    assert "nothing was kept to go back to" in done.err


def test_an_image_that_cannot_be_pulled_changes_nothing(farm: Farm) -> None:
    farm.render(upgraded())
    farm.put("unpullable")
    farm.put("gone.0.33.0")
    done = farm.run("--copy")
    assert done.code == 1
    assert "ollama/ollama:0.33.0 cannot be pulled, and it is not here" in done.err
    assert not farm.replaced


def test_one_that_no_registry_has_is_fine_when_it_is_here(farm: Farm) -> None:
    farm.render(upgraded())
    farm.put("unpullable")
    done = farm.run("--copy")
    assert done.code == 0
    assert "note: ollama/ollama:0.33.0 cannot be pulled; the one that is here is taken" in done.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_puts_the_gateway_right(farm: Farm, number: signal.Signals) -> None:
    before = farm.dynamic.read_bytes()
    running = hanging(farm)
    assert farm.dynamic.read_bytes() != before
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 128 + number
    assert "go on with: sh rollout.sh --resume" in err
    assert farm.dynamic.read_bytes() == before
    assert not list(farm.folder.glob("hosts/*/.rollout/lock*"))


def hanging(farm: Farm) -> subprocess.Popen[str]:
    """A rollout in the middle of replacing an instance."""
    farm.render(upgraded())
    farm.put("hang.0.33.0")
    running = subprocess.Popen(
        farm.command("--copy"), env=farm.environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    deadline = time.monotonic() + 60
    while not (farm.folder / "hanging").exists():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return running


def test_after_a_kill_resume_puts_the_gateway_right_first(farm: Farm) -> None:
    before = farm.dynamic.read_bytes()
    running = hanging(farm)
    running.kill()
    running.communicate()
    assert farm.dynamic.read_bytes() != before
    shutil.rmtree(next((farm.folder / "tmp").iterdir()))
    farm.remove("hang.0.33.0")
    farm.forget()
    done = farm.run("--resume")
    assert done.code == 0, done
    assert "restored, as it was before an interrupted drain" in done.out
    assert of_instances(farm, 3) == ALL[1:]
    assert farm.dynamic.read_bytes() == before


@pytest.mark.parametrize("way", ["--resume", "--rollback"])
def test_after_a_kill_what_is_still_at_work_is_waited_for_before_the_gateway_knows_it_again(
    farm: Farm, way: str
) -> None:
    running = hanging(farm)
    running.kill()
    running.wait()
    shutil.rmtree(next((farm.folder / "tmp").iterdir()))
    done = farm.run(way)
    running.communicate()
    assert done.code == 0, done
    assert "server84: waits for what an earlier rollout left at work" in done.err
    assert farm.calls[: farm.calls.index("server84 hung ollama-1 served=no")][-1] == f"server84 replace {ALL[0][9:]}"
    assert not list(farm.folder.glob("hosts/*/.rollout/at-work"))


def lost(farm: Farm, host: str, step: str, *arguments: str) -> Done:
    """A run that the connection to a host breaks off, at one of its steps."""
    farm.put(f"lost.{host}", f"'{step}'")
    done = farm.run(*arguments)
    farm.remove(f"lost.{host}")
    farm.forget()
    assert f"{host}: ssh ops@{host} does not work" in done.err
    return done


def test_a_host_that_is_lost_before_anything_was_kept_lets_one_begin_anew(farm: Farm) -> None:
    farm.render(upgraded())
    locking = lost(farm, "server80", "lock", "--copy")
    assert locking.code == 2
    assert "another rollout" not in locking.err
    keeping = lost(farm, "server80", "snapshot", "--copy", "--dynamic", "a b")
    assert keeping.code == 1
    assert "--resume" not in keeping.err
    assert "begin anew with: sh rollout.sh --copy --dynamic 'a b'\n" in keeping.err
    assert farm.run("--copy").code == 0
    assert farm.replaced[:4] == ALL


def test_what_it_says_after_an_interrupted_copy_brings_the_rest(farm: Farm) -> None:
    farm.render(upgraded())
    done = lost(farm, "server84", "place", "--copy", "--no-drain")
    assert "go on with: sh rollout.sh --resume --copy --no-drain\n" in done.err
    assert "go back to what ran before with:    sh rollout.sh --rollback --no-drain\n" in done.err
    assert farm.run("--resume", "--copy").code == 0
    assert of_instances(farm) == ALL


def test_resumed_at_its_very_end_it_still_knows_what_ran_before(farm: Farm) -> None:
    old = {host: farm.file(host) for host in ("server80", "server84")}
    farm.render(upgraded())
    lost(farm, "server84", "finish", "--copy")
    assert (farm.state("server80"), farm.state("server84")) == ("finished", "rolling")
    assert farm.run("--resume").code == 0
    assert farm.run("--rollback").code == 0
    assert {host: farm.file(host) for host in old} == old


def test_resumed_twice_it_still_knows_what_ran_before(farm: Farm) -> None:
    old = {host: farm.file(host) for host in ("server80", "server84")}
    farm.render(upgraded())
    lost(farm, "server84", "snapshot", "--copy")
    lost(farm, "server84", "finish", "--resume", "--copy")
    assert (farm.state("server80"), farm.state("server84")) == ("finished", "rolling")
    assert farm.run("--resume").code == 0
    assert farm.run("--rollback").code == 0
    assert {host: farm.file(host) for host in old} == old


def test_a_host_that_a_rollout_did_not_get_to_does_not_go_back(farm: Farm) -> None:
    farm.render(upgraded())
    assert farm.run("--copy").code == 0
    first = {host: farm.file(host) for host in ("server80", "server84")}
    farm.render(lambda topology: replace(topology, services={"ollama": ollama(image="ollama/ollama:0.34.0")}))
    lost(farm, "server84", "snapshot", "--copy")
    assert (farm.state("server80"), farm.state("server84")) == ("rolling", "finished")
    assert farm.run("--rollback").code == 0
    assert {host: farm.file(host) for host in first} == first
    assert not [call for call in farm.calls if "--no-deps --wait --wait-timeout" in call]


def test_a_way_back_that_was_broken_off_goes_on_with_a_way_back(farm: Farm) -> None:
    old = farm.file("server84")
    farm.render(upgraded())
    farm.run("--copy")
    done = lost(farm, "server84", "back", "--rollback")
    assert done.code == 1
    assert "--resume" not in done.err
    assert "go on with the way back by: sh rollout.sh --rollback\n" in done.err
    assert farm.run("--rollback").code == 0
    assert farm.file("server84") == old


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("--resume", "go on with: sh rollout.sh --resume\n"),
        ("--rollback", "the way back by: sh rollout.sh --rollback\n"),
    ],
)
def test_interrupted_at_its_beginning_it_goes_on_in_the_same_way(farm: Farm, way: str, said: str) -> None:
    farm.render(upgraded())
    lost(farm, "server84", "finish", "--copy")
    signalled = r"""case $3 in *"'lock'"*) kill "$(printf %s "$3" | sed "s/.*'lock' '\([0-9]*\) .*/\1/")" ;; esac"""
    (farm.folder / "bin" / "ssh").write_text(SSH.replace("shift 2\n", f"{signalled}\nshift 2\n"))
    done = farm.run(way)
    assert done.code == 128 + signal.SIGTERM
    assert said in done.err
    assert "nothing was replaced" not in done.err


def test_without_room_for_a_lock_nobody_else_is_blamed(farm: Farm) -> None:
    (farm.folder / "bin" / "mkdir").write_text(
        "#!/bin/sh\n"
        '[ "$1" != .rollout/lock ] || { echo "mkdir: No space left on device" >&2; exit 1; }\n'
        'exec /bin/mkdir "$@"\n'
    )
    (farm.folder / "bin" / "mkdir").chmod(0o755)
    done = farm.run()
    assert done.code == 2
    assert "/.rollout: mkdir: No space left on device" in done.err
    assert "another rollout" not in done.err


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("denied", "", "server80: docker does not work for root: permission denied: /var/run/docker.sock"),
        (
            "compose.version",
            "2.19.1\n",
            "server80: docker compose is of version 2.19.1, too old; it takes 2.20 or newer",
        ),
        ("compose.version", "v2.6.0\n", "too old"),
    ],
)
def test_a_docker_that_cannot_do_it_stops_nothing(farm: Farm, name: str, text: str, said: str) -> None:
    farm.render(upgraded())
    farm.put(name, text)
    done = farm.run("--copy")
    assert done.code == 2
    assert said.replace("root", getpass.getuser()) in done.err
    assert not list(farm.folder.glob("hosts/*/.rollout/state"))
    assert not farm.calls


def test_without_curl_it_says_that_verify_was_not_run(farm: Farm) -> None:
    (farm.folder / "tree" / "verify.sh").write_text("echo asked\n")
    programs = farm.folder / "programs"
    programs.mkdir()
    for program in (*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()):
        if program.name != "curl" and not (programs / program.name).is_symlink():
            (programs / program.name).symlink_to(program)
    environment = farm.environment | {"PATH": f"{farm.folder / 'bin'}:{programs}"}
    done = subprocess.run(farm.command(), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    assert "curl is missing here, so verify.sh was not run" in done.stdout
    assert "asked" not in done.stdout


def test_what_a_crash_has_left_behind_is_not_waited_for(farm: Farm) -> None:
    left = farm.folder / "hosts" / "server84" / ".rollout" / "at-work"
    left.parent.mkdir()
    left.write_text("4194305\n")
    done = farm.run()
    assert (done.code, done.err) == (0, "")


def test_a_file_that_somebody_else_changed_meanwhile_is_left_to_them(farm: Farm) -> None:
    running = hanging(farm)
    farm.dynamic.write_text("theirs")
    running.terminate()
    _, err = running.communicate(timeout=60)
    assert farm.dynamic.read_text() == "theirs"
    assert "was changed by somebody else" in err


def test_two_do_not_run_at_once(farm: Farm) -> None:
    """The state of the other one is half-way; that it is at work counts."""
    lock = farm.folder / "hosts" / "server84" / ".rollout" / "lock"
    lock.mkdir(parents=True)
    (lock.parent / "state").write_text("rolling 1 there\n")
    (lock / "owner").write_text(f"{os.getpid()} {os.uname().nodename} now\n")
    done = subprocess.run(farm.command(), env=farm.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "another rollout is at work there" in done.stderr
    assert "has not ended" not in done.stderr
    assert (lock / "owner").exists()
    assert not farm.calls


def test_the_lock_of_a_process_that_is_gone_gives_way(farm: Farm) -> None:
    lock = farm.folder / "hosts" / "server84" / ".rollout" / "lock"
    lock.mkdir(parents=True)
    (lock / "owner").write_text(f"4194305 {os.uname().nodename} then\n")
    assert farm.run().code == 0


def test_a_dry_run_says_every_step_and_asks_nobody(farm: Farm) -> None:
    farm.render(upgraded())
    done = farm.run("--copy", "--dry-run")
    assert done.code == 0
    assert not farm.calls
    assert not (farm.folder / "reached").exists()
    for said in (
        "as if all images and configurations had changed",
        "server84: docker compose pull",
        "server80 gateway: takes http://10.0.0.84:11434 out of traefik/dynamic/ollama.yaml",
        "server84 ollama-1: docker compose up -d --no-deps --wait ollama-1",
        "server80: docker compose up -d --no-deps --wait traefik",
    ):
        assert said in done.out


def test_one_host_only(farm: Farm) -> None:
    farm.render(upgraded())
    done = farm.run("--copy", "--host", "server84")
    assert done.code == 0
    assert of_instances(farm, 3) == ALL[:3]
    assert not [call for call in farm.calls if call.startswith("server80 compose up")]
    assert NEW not in farm.file("server80")


def test_hosts_are_reached_by_ssh(farm: Farm) -> None:
    farm.run()
    assert set((farm.folder / "reached").read_text().splitlines()) == {"ssh ops@server80", "ssh ops@server84"}
    farm.put("unreachable")
    done = farm.run()
    assert done.code == 2
    assert "ssh ops@server80 does not work; try: ssh ops@server80 true" in done.err
    farm.remove("unreachable")


def without_ssh(topology: Topology) -> Topology:
    return replace(topology, hosts={name: replace(host, ssh=None) for name, host in topology.hosts.items()})


def test_several_hosts_without_ssh_need_to_know_which_one_this_is(farm: Farm) -> None:
    farm.render(lambda topology: without_ssh(upgraded()(topology)))
    assert farm.run().code == 2
    alone = farm.run("--host", "server84")
    assert alone.code == 2
    assert "the gateway's host server80 is not reached from here" in alone.err
    assert farm.run("--copy", "--host", "server84", "--no-drain").code == 0
    assert farm.run("--copy", "--host", "server80").code == 0
    assert farm.state("server80") == farm.state("server84") == "finished"


def test_a_traefik_of_ones_own_is_not_restarted(farm: Farm) -> None:
    def foreign(topology: Topology) -> Topology:
        found = upgraded()(topology)
        return replace(found, gateway=Gateway(host="server80", traefik=Traefik(run=False)))

    farm.render(foreign)
    done = farm.run("--copy")
    assert done.code == 0, done
    assert "Nothing here restarts that Traefik" in farm.run("--help").out
    assert "takes http://10.0.0.80:11434 out of traefik/dynamic/ollama.yaml" in done.out
    assert not [call for call in farm.calls if call.endswith("--wait traefik")]
    own = farm.folder / "elsewhere.yaml"
    own.write_text("        servers:\n          - url: http://10.0.0.80:11434\n            weight: 1\n")
    done = farm.run("--dynamic", str(own))
    assert done.code == 0
    assert own.read_text().count("url") == 1


def test_without_a_gateway_nothing_is_drained(farm: Farm) -> None:
    farm.render(lambda topology: replace(upgraded()(topology), gateway=None))
    done = farm.run("--copy")
    assert done.code == 0, done
    assert "takes" not in done.out
    assert "at most 30 s" in done.out
    assert len(of_instances(farm)) == 4


def test_a_folder_that_is_not_there(farm: Farm) -> None:
    (farm.folder / "hosts" / "server84").rename(farm.folder / "hosts" / "elsewhere")
    done = farm.run()
    assert done.code == 2
    assert "there is no folder" in done.err


@pytest.mark.parametrize(
    "arguments", [("--frob",), ("--host",), ("--host", "nowhere"), ("--resume", "--rollback"), ("--rollback", "--copy")]
)
def test_usage(farm: Farm, arguments: tuple[str, ...]) -> None:
    done = farm.run(*arguments)
    assert done.code == 2
    assert "usage: sh rollout.sh" in done.err
    assert farm.run("--help").out.startswith("usage: sh rollout.sh")


def test_resume_and_rollback_want_something_to_go_on_with(farm: Farm) -> None:
    assert "nothing to resume" in farm.run("--resume").err


def small(instances: int, upgrade: Upgrade | None = None) -> Plan:
    service = ollama(store=None, hosts={"box": Placement(instances=instances)}, upgrade=upgrade)
    hosts = {"box": Host(name="box", address="10.0.0.1")}
    return resolve(Topology(name="demo", hosts=hosts, services={"ollama": service}), {})


def test_it_is_there_with_two_instances_or_where_upgrade_is_stated() -> None:
    assert not is_rolled(small(1))
    assert is_rolled(small(2))
    assert is_rolled(small(1, Upgrade()))


@pytest.mark.tool
@pytest.mark.parametrize("sample", ["isolated-gpu", "kitchen-sink", "nas", "nfs-replicas", "shared-volume"])
def test_shellcheck_has_nothing_to_say(sample: str, tmp_path: Path) -> None:
    from composegen.templating import Templates

    plan = compiled(sample).plan
    assert plan is not None
    row = next(row for row in artifacts(plan) if row.path.name == "rollout.sh")
    text = Templates(resources.templates()).render(row.template, row.context)  # type: ignore[union-attr]
    (tmp_path / "rollout.sh").write_text(text)
    done = subprocess.run([SHELLCHECK, "rollout.sh"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
