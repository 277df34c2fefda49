"""The NFS set-up scripts, run twice in a folder of their own with programs that only note how they were called."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from composegen.targets._nfs import nfs_artifacts
from tests import hostfiles_plans
from tests.hostfiles_plans import nfs_store, plan

pytestmark = pytest.mark.slow

REAL = ("awk", "cat", "chmod", "cmp", "cp", "dirname", "grep", "ln", "mkdir", "mktemp", "mv", "rm", "sed", "sh")
WAITING = ("sleep", "tail", "timeout")

FAKES = {
    "apt-get": 'case $* in *"install -y"*nfs-kernel-server) ln -s "$FAKES/done" "$BIN/exportfs";; '
    '*"install -y"*nfs-common) ln -s "$FAKES/done" "$BIN/mount.nfs";; esac',
    "systemctl": 'case $* in *is-*) [ -f "$STATE/server" ];; enable*) : >"$STATE/server";; esac',
    "mount": ': >"$STATE/mounted"',
    "findmnt": '[ -f "$STATE/mounted" ] || exit 1; case $* in *SOURCE*) cat "$STATE/source";; *) echo ro,hard;; esac',
    "ufw": 'case $* in status) echo "Status: active"; cat "$STATE/ufw" 2>/dev/null;; '
    'allow*) echo "2049/tcp                   ALLOW       $5   # NFS" >>"$STATE/ufw";; esac; true',
    "done": "true",
}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A folder that stands for the root of a machine, and the programs that it has."""

    folder: Path
    script: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.folder / "bin"),
            "BIN": str(self.folder / "bin"),
            "FAKES": str(self.folder / "fakes"),
            "STATE": str(self.folder / "state"),
            "LOG": str(self.folder / "calls"),
            "SETUP_ROOT": str(self.root),
        }
        return subprocess.run(
            ["/bin/sh", self.script, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }


def machine(folder: Path, host: str, without: tuple[str, ...] = ("firewall-cmd",)) -> Machine:
    for name in ("bin", "fakes", "state", "root/etc", "tree"):
        (folder / name).mkdir(parents=True)
    for name in (*REAL, *WAITING):
        found = shutil.which(name)
        assert found, name
        (folder / "bin" / name).symlink_to(found)
    for name, body in FAKES.items():
        fake = folder / "fakes" / name
        fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"$LOG"\n{body}\n')
        fake.chmod(0o755)
        if name not in (*without, "done"):
            (folder / "bin" / name).symlink_to(fake)
    (folder / "state" / "source").write_text("10.0.0.80:/opt/ollama-models\n")
    for path, entry in hostfiles_plans.render(nfs_artifacts(plan())).items():
        target = folder / "tree" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(entry.data)
    return Machine(folder=folder, script=folder / "tree" / host / "nfs" / "setup.sh")


@pytest.fixture
def server(tmp_path: Path) -> Machine:
    return machine(tmp_path, "server80")


@pytest.fixture
def client(tmp_path: Path) -> Machine:
    found = machine(tmp_path, "server84")
    (found.root / "etc/fstab").write_text("# mine\nUUID=1 / ext4 defaults 0 1\n")
    return found


def changes(calls: list[str]) -> list[str]:
    """The calls that change something."""
    return [call for call in calls if not call.startswith(("findmnt", "ufw status", "systemctl --quiet"))]


def test_the_server_is_set_up_once(server: Machine) -> None:
    first = server.run()
    assert first.returncode == 0, first.stdout + first.stderr
    root = server.root
    assert (root / "opt/ollama-models/blobs").is_dir()
    assert (root / "opt/ollama-models/manifests/.keep").is_file()
    assert (root / "etc/exports.d/ollama-models.exports").is_file()
    assert "ufw allow proto tcp from 10.0.0.84 to any port 2049 comment NFS for ollama" in server.calls
    assert "done -ra" in server.calls
    before, made = server.files(), len(changes(server.calls))
    second = server.run()
    assert second.returncode == 0
    assert "Everything is in order." in second.stdout
    assert "changed" not in second.stdout
    assert server.files() == before
    assert len(changes(server.calls)) == made


def test_the_client_is_set_up_once(client: Machine) -> None:
    first = client.run()
    assert first.returncode == 0, first.stdout + first.stderr
    table = (client.root / "etc/fstab").read_text()
    assert table.startswith("# mine\nUUID=1 / ext4 defaults 0 1\n# composegen ollama: begin\n")
    assert table.endswith("# composegen ollama: end\n")
    assert "\n10.0.0.80:/opt/ollama-models /opt/ollama-models nfs ro," in table
    drop_in = client.root / "etc/systemd/system/docker.service.d/ollama-docker-needs-models.conf"
    assert "ExecStartPre" in drop_in.read_text()
    assert "mount /opt/ollama-models" in client.calls
    before, made = client.files(), len(changes(client.calls))
    second = client.run()
    assert second.returncode == 0
    assert "Everything is in order." in second.stdout
    assert client.files() == before
    assert len(changes(client.calls)) == made


@pytest.mark.parametrize("host", ["server80", "server84"])
def test_check_changes_nothing_and_says_what_would(tmp_path: Path, host: str) -> None:
    found = machine(tmp_path, host)
    before = found.files()
    checked = found.run("--check")
    assert checked.returncode == 1
    assert "would change  package" in checked.stdout
    assert found.files() == before
    assert not changes(found.calls)
    assert found.run().returncode == 0
    after = found.files()
    checked = found.run("--check")
    assert checked.returncode == 0, checked.stdout
    assert found.files() == after


def test_new_lines_replace_the_old_block_and_nothing_else(client: Machine) -> None:
    table = client.root / "etc/fstab"
    table.write_text(
        "# mine\n# composegen ollama: begin\nold:/x /opt/ollama-models nfs ro 0 0\n# composegen ollama: end\n"
        "# composegen other: begin\n# composegen other: end\n/dev/sdb1 /data ext4 defaults 0 2"
    )
    table.chmod(0o600)
    done = client.run()
    assert done.returncode == 0, done.stdout + done.stderr
    text = table.read_text()
    assert "old:/x" not in text
    assert text.count("composegen ollama") == 2
    assert text.endswith("# composegen other: begin\n# composegen other: end\n/dev/sdb1 /data ext4 defaults 0 2\n")
    assert table.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "table",
    [
        "nas:/models /opt/ollama-models nfs defaults 0 0\n",
        "nas:/models /opt/ollama-models/ nfs defaults 0 0\n",
        "# composegen ollama: begin\n10.0.0.80:/x /y nfs ro 0 0\nUUID=1 / ext4 defaults 0 1\n",
    ],
)
def test_a_table_that_contradicts_is_left_alone(client: Machine, table: str) -> None:
    (client.root / "etc/fstab").write_text(table)
    done = client.run()
    assert done.returncode == 2
    assert "/etc/fstab" in done.stderr
    assert (client.root / "etc/fstab").read_text() == table
    assert "mount /opt/ollama-models" not in client.calls


def test_something_else_at_the_mount_point_is_refused(client: Machine) -> None:
    (client.folder / "state/source").write_text("/dev/sdc1\n")
    (client.folder / "state/mounted").touch()
    done = client.run()
    assert done.returncode == 2
    assert "/dev/sdc1 is mounted there instead of 10.0.0.80:/opt/ollama-models" in done.stderr


def test_a_mount_that_did_not_come_about_is_no_success(client: Machine) -> None:
    mount = client.folder / "fakes/mount"
    mount.write_text("#!/bin/sh\nexit 0\n")
    (client.folder / "bin/sleep").unlink()
    (client.folder / "bin/sleep").symlink_to(client.folder / "fakes/done")
    done = client.run()
    assert done.returncode == 2
    assert "not there yet" in done.stderr


def test_exports_that_are_refused_are_tried_again(server: Machine) -> None:
    exportfs = server.folder / "bin/exportfs"
    exportfs.write_text("#!/bin/sh\nexit 1\n")
    exportfs.chmod(0o755)
    done = server.run()
    assert done.returncode == 2
    assert "is again as it was before" in done.stderr
    assert not (server.root / "etc/exports.d/ollama-models.exports").exists()
    exportfs.write_text("#!/bin/sh\nexit 0\n")
    assert server.run().returncode == 0


def test_exports_that_are_refused_leave_those_of_before_in_force(server: Machine) -> None:
    target = server.root / "etc/exports.d/ollama-models.exports"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("before\n")
    exportfs = server.folder / "bin/exportfs"
    exportfs.write_text('#!/bin/sh\nread -r line <"$SETUP_ROOT/etc/exports.d/ollama-models.exports"\n')
    exportfs.write_text(exportfs.read_text() + 'echo "$line" >>"$SETUP_ROOT/seen"\n[ "$line" = before ]\n')
    exportfs.chmod(0o755)
    done = server.run()
    assert done.returncode == 2
    assert "is again as it was before" in done.stderr
    assert target.read_text() == "before\n"
    assert (server.root / "seen").read_text().splitlines()[-1] == "before"


@pytest.mark.parametrize("before", ["before\n", ""])
def test_exports_that_cannot_be_put_back_are_said(server: Machine, before: str) -> None:
    target = server.root / "etc/exports.d/ollama-models.exports"
    target.parent.mkdir(parents=True, exist_ok=True)
    if before:
        target.write_text(before)
    (server.folder / "bin/exportfs").write_text("#!/bin/sh\nexit 1\n")
    (server.folder / "bin/exportfs").chmod(0o755)
    for name, script in (
        ("mv", '[ ! -e "$STATE/moved" ] && : >"$STATE/moved" && exec /bin/mv "$@"'),
        ("rm", "exit 1"),
    ):
        program = server.folder / "bin" / name
        program.unlink(missing_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    done = server.run()
    assert done.returncode == 2
    assert f"cannot be put back: remove {target}, then run this again" in done.stderr
    assert "as it was before" not in done.stderr


def test_exports_that_are_refused_are_not_mistaken_for_those_of_another_store(server: Machine) -> None:
    line = "export_file ollama-models.exports\n"
    server.script.write_text(server.script.read_text().replace(line, f"{line}export_file ollama-other.exports\n"))
    (server.script.parent / "ollama-other.exports").write_text("/srv/other 10.0.0.84(ro)\n")
    exports = server.root / "etc/exports.d"
    exports.mkdir(parents=True)
    (exports / "ollama-models.exports").write_text("before\n")
    exportfs = server.folder / "bin/exportfs"
    exportfs.write_text('#!/bin/sh\n[ ! -e "$SETUP_ROOT/etc/exports.d/ollama-other.exports" ]\n')
    exportfs.chmod(0o755)
    assert "/etc/exports.d/ollama-other.exports is again as it was before" in server.run().stderr
    assert not (exports / "ollama-other.exports").exists()
    assert (exports / "ollama-models.exports").read_text() != "before\n"


def test_a_firewall_that_is_off_is_left_off(tmp_path: Path) -> None:
    found = machine(tmp_path, "server80", without=("ufw",))
    done = found.run()
    assert done.returncode == 0
    assert "must let 2049/tcp in from: 10.0.0.84" in done.stdout


def test_firewalld_gets_a_rule_for_each_client(tmp_path: Path) -> None:
    found = machine(tmp_path, "server80", without=("ufw",))
    fake = found.folder / "bin/firewall-cmd"
    fake.write_text(
        '#!/bin/sh\nprintf "%s\\n" "firewall-cmd $*" >>"$LOG"\n'
        'case $* in *query*) [ -f "$STATE/rule" ];; *permanent*add*) : >"$STATE/rule";; esac\n'
    )
    fake.chmod(0o755)
    assert found.run().returncode == 0
    rule = 'rule family="ipv4" source address="10.0.0.84" port port="2049" protocol="tcp" accept'
    assert f"firewall-cmd --quiet --permanent --add-rich-rule={rule}" in found.calls
    assert "Everything is in order." in found.run().stdout


def test_it_must_be_root_without_a_root_of_its_own(server: Machine) -> None:
    fake = server.folder / "bin/id"
    fake.write_text("#!/bin/sh\necho 1000\n")
    fake.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", server.script],
        env={"PATH": str(server.folder / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "run it as root" in done.stderr


def test_it_explains_itself(server: Machine) -> None:
    assert "--check" in server.run("--help").stdout
    assert server.run("--chekc").returncode == 2
    assert not changes(server.calls)


@pytest.mark.tool
@pytest.mark.parametrize(
    "store", [nfs_store(), nfs_store(mount="volume"), nfs_store(path="/srv/it's $HOME", mountpoint="/mnt/a b")]
)
def test_shellcheck_has_nothing_to_say(tmp_path: Path, store: object) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    for path, entry in hostfiles_plans.render(nfs_artifacts(plan(store=store))).items():
        if path.endswith(".sh"):
            script = tmp_path / path.replace("/", "-")
            script.write_bytes(entry.data)
            done = subprocess.run([shellcheck, script], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stdout


def test_a_mount_in_the_wrong_mode_is_put_right(client: Machine) -> None:
    (client.folder / "state/mounted").touch()
    for name, body in {
        "findmnt": 'case $* in *SOURCE*) cat "$STATE/source";; *) cat "$STATE/mode";; esac',
        "mount": 'case $* in "-o remount,ro "*) echo ro,hard >"$STATE/mode";; esac',
    }.items():
        (client.folder / "fakes" / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"$LOG"\n{body}\n')
    (client.folder / "state/mode").write_text("rw,hard\n")
    checked = client.run("--check")
    assert checked.returncode == 1
    assert "would change  mount /opt/ollama-models again as ro" in checked.stdout
    done = client.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mount -o remount,ro /opt/ollama-models" in client.calls
    assert (client.folder / "state/mode").read_text() == "ro,hard\n"
    assert "Everything is in order." in client.run().stdout


@pytest.mark.parametrize("firewall", ["ufw", "firewall-cmd"])
def test_a_firewall_gets_addresses_but_no_names(tmp_path: Path, firewall: str) -> None:
    found = machine(tmp_path, "server80", without=() if firewall == "ufw" else ("ufw",))
    fake = found.folder / "bin/firewall-cmd"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "firewall-cmd $*" >>"$LOG"\ncase $* in *query*) exit 1;; esac\n')
    fake.chmod(0o755)
    script = found.script.read_text()
    assert "firewall 10.0.0.84\n" in script
    found.script.write_text(script.replace("firewall 10.0.0.84\n", "firewall server84.example dead.beef fd00::84\n"))
    done = found.run()
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("server84.example", "dead.beef"):
        assert f"firewall: {name} is a name; open 2049/tcp for its address by hand" in done.stdout
        assert not [call for call in found.calls if name in call]
    added = [call for call in found.calls if call.startswith(("ufw allow", "firewall-cmd --quiet --add"))]
    assert len(added) == 1
    assert "fd00::84" in added[0]
