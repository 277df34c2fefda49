"""The firewall script, run in a folder of its own with programs that only keep rules."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from composegen.plan import Plan
from composegen.targets._firewall import firewall_artifacts, installed_name, unit_name
from tests import hostfiles_plans
from tests.planning import BEHIND_A_GATEWAY, behind_a_gateway, plan_of
from tests.tools import netfilter

REAL = (
    *("awk", "basename", "cat", "chmod", "cksum", "cmp", "cp", "dirname", "grep", "mkdir", "mktemp", "mv", "rm"),
    *("sed", "sh", "sort"),
)
FAKES = {
    "systemctl": 'case $* in *is-enabled*) [ -f "$STATE/enabled" ];; enable*) : >"$STATE/enabled";; '
    'disable*) rm -f "$STATE/enabled";; esac',
    "docker": 'cat "$STATE/docker"',
    "getent": 'case $* in "ahostsv4 gate.example") echo "10.0.0.7 STREAM gate"; echo "10.0.0.7 DGRAM";; '
    "*) exit 2;; esac",
    "sleep": "true",
}
PROGRAMS = ("iptables", "ip6tables", "iptables-restore", "ip6tables-restore", "nft")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A folder that stands for the root of a machine, and the programs that it has."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def rules(self) -> dict[str, dict[str, list[str]]]:
        state = self.folder / "state/rules"
        found: Any = json.loads(state.read_text()) if state.exists() else {}
        return {family: found.get(family, {}) for family in ("iptables", "ip6tables", "nft")}

    @property
    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def run(self, plan: Plan, *arguments: str, host: str = "box") -> subprocess.CompletedProcess[str]:
        for path, entry in hostfiles_plans.render(firewall_artifacts(plan)).items():
            target = self.folder / "tree" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(entry.data)
        return self.sh(self.folder / "tree" / host / "firewall" / "setup.sh", *arguments)

    def sh(self, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.folder / "bin"),
            "STATE": str(self.folder / "state"),
            "LOG": str(self.folder / "calls"),
            "SETUP_ROOT": str(self.root),
        }
        return subprocess.run(
            ["/bin/sh", script, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def files(self) -> dict[str, bytes]:
        found = [path for path in sorted(self.root.rglob("*")) if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}

    def forget(self) -> None:
        """What a reboot does to the rules."""
        (self.folder / "state/rules").unlink()

    def daemon(self, text: str) -> None:
        target = self.root / "etc/docker/daemon.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for name in ("bin", "state", "root/run/systemd/system"):
        (tmp_path / name).mkdir(parents=True)
    for name in REAL:
        found = shutil.which(name)
        assert found, name
        (tmp_path / "bin" / name).symlink_to(found)
    bodies = dict(FAKES)
    for name in PROGRAMS:
        bodies[name] = f'exec "{sys.executable}" -I "{netfilter.__file__}" {name} "$STATE/rules" "$@"'
    for name, body in bodies.items():
        fake = tmp_path / "bin" / name
        fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"$LOG"\n{body}\n')
        fake.chmod(0o755)
    (tmp_path / "state/docker").write_text('{"Driver":"overlay2","FirewallBackend":{"Driver":"iptables"}}\n')
    (tmp_path / "state/rules").write_text(
        json.dumps({"iptables": {"INPUT": [], "DOCKER-USER": ["-s 192.0.2.1/32 -j DROP", "-j RETURN"]}})
    )
    return Machine(folder=tmp_path)


SIX = 'address: "fd00::2"'


@pytest.mark.slow
def test_the_rules_stand_before_those_of_others_and_nothing_of_others_changes(machine: Machine) -> None:
    done = machine.run(behind_a_gateway())
    assert done.returncode == 0, done.stdout + done.stderr
    chains = machine.rules["iptables"]
    jump, *others = chains["DOCKER-USER"]
    assert jump == "-p tcp -m conntrack --ctstate DNAT --ctdir ORIGINAL -j composegen-demo"
    assert others == ["-s 192.0.2.1/32 -j DROP", "-j RETURN"]
    allow, refuse = chains["composegen-demo"]
    match = "-p tcp -m conntrack --ctorigdst 10.0.0.2 --ctorigdstport 11500:11502 --ctdir ORIGINAL"
    assert allow.startswith(f"-s 10.0.0.1 {match} ")
    assert allow.endswith(" -j RETURN")
    assert refuse.startswith(f"{match} ")
    assert refuse.endswith(" -j REJECT --reject-with tcp-reset")
    assert chains["INPUT"] == []
    assert "composegen-demo" not in machine.rules["ip6tables"]
    assert machine.rules["nft"] == {}


@pytest.mark.slow
def test_a_second_run_changes_nothing(machine: Machine) -> None:
    plan = behind_a_gateway()
    checked = machine.run(plan, "--check")
    assert checked.returncode == 1
    assert "would change  iptables: chain composegen-demo" in checked.stdout
    assert machine.files() == {}
    assert "composegen-demo" not in machine.rules["iptables"]
    assert machine.run(plan).returncode == 0
    before, files_before = machine.rules, machine.files()
    for arguments in ((), ("--check",)):
        again = machine.run(plan, *arguments)
        assert again.returncode == 0, again.stdout
        assert "Everything is in order." in again.stdout
        assert (machine.rules, machine.files()) == (before, files_before)


@pytest.mark.slow
def test_the_unit_sets_the_rules_again_after_a_reboot(machine: Machine) -> None:
    plan = behind_a_gateway()
    assert machine.run(plan).returncode == 0
    before = machine.rules["iptables"]
    assert f"systemctl enable {unit_name('demo')}" in machine.calls
    unit = (machine.root / "etc/systemd/system" / unit_name("demo")).read_text()
    assert f"ExecStart=/bin/sh {installed_name('demo')} --rules\n" in unit
    assert "Before=docker.service\n" in unit
    machine.forget()
    calls = len(machine.calls)
    done = machine.sh(machine.root / installed_name("demo").lstrip("/"), "--rules")
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.rules["iptables"]["composegen-demo"] == before["composegen-demo"]
    assert machine.rules["iptables"]["DOCKER-USER"] == before["DOCKER-USER"][:1]
    assert not [call for call in machine.calls[calls:] if call.startswith(("systemctl", "docker"))]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["first", "last", "turned", "foreign"])
def test_rules_that_were_tampered_with_are_put_right(machine: Machine, damage: str) -> None:
    plan = behind_a_gateway()
    assert machine.run(plan).returncode == 0
    right = machine.rules
    rules = right["iptables"]["composegen-demo"]
    wrong = {"first": rules[1:], "last": rules[:-1], "turned": rules[::-1], "foreign": ["-j RETURN", *rules]}[damage]
    state = {**right, "iptables": {**right["iptables"], "composegen-demo": wrong}}
    (machine.folder / "state/rules").write_text(json.dumps(state))
    assert machine.run(plan, "--check").returncode == 1
    assert machine.run(plan).returncode == 0
    assert machine.rules == right


@pytest.mark.slow
def test_rules_that_are_no_longer_wanted_go(machine: Machine) -> None:
    before = machine.rules["iptables"]
    assert machine.run(behind_a_gateway()).returncode == 0
    fewer = behind_a_gateway(box="address: 10.0.0.2", chat=", direct: true")
    assert machine.run(fewer, "--check").returncode == 1
    done = machine.run(fewer)
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.rules["iptables"] == before
    assert machine.files() == {}
    assert not (machine.folder / "state/enabled").exists()
    assert "Everything is in order." in machine.run(fewer).stdout


@pytest.mark.slow
def test_remove_takes_everything_away(machine: Machine) -> None:
    before = machine.rules["iptables"]
    plan = behind_a_gateway(box=SIX, gateway=", traefik: {run: false}")
    assert machine.run(plan, host="gate").returncode == 0
    assert machine.run(plan).returncode == 0
    done = machine.sh(machine.root / installed_name("demo").lstrip("/"), "--remove")
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.rules["iptables"] == before
    assert not [name for name in machine.rules["ip6tables"] if name.startswith("composegen")]
    assert machine.rules["ip6tables"]["INPUT"] == []
    assert machine.files() == {}


@pytest.mark.slow
def test_ipv6_is_also_guarded_where_docker_proxy_serves_it(machine: Machine) -> None:
    done = machine.run(_six())
    assert done.returncode == 0, done.stdout + done.stderr
    chains = machine.rules["ip6tables"]
    assert chains["INPUT"] == ["! -i lo -p tcp -m conntrack --ctdir ORIGINAL -j composegen-demo"]
    assert [rule for rule in chains["DOCKER-USER"] if rule.endswith("-j composegen-demo")]
    assert chains["composegen-demo"][0].startswith("-s fd00::1 -p tcp -m conntrack --ctorigdst fd00::2 ")
    assert "composegen-demo" not in machine.rules["iptables"]


def _six() -> Plan:
    return plan_of(BEHIND_A_GATEWAY.format(box=SIX, chat="", gateway="", more="").replace("10.0.0.1", '"fd00::1"'))


@pytest.mark.slow
def test_where_docker_uses_nftables_there_is_a_table_beside_its_own(machine: Machine) -> None:
    plan = behind_a_gateway()
    assert machine.run(plan).returncode == 0
    machine.daemon('{"log-driver": "local",\n "firewall-backend" : "nftables"}\n')
    (machine.folder / "state/docker").write_text('{"FirewallBackend":{"Driver":"nftables"}}\n')
    done = machine.run(plan)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "composegen-demo" not in machine.rules["iptables"]
    text = "\n".join(machine.rules["nft"]["composegen-demo"])
    assert "ip saddr 10.0.0.1 ct original ip daddr 10.0.0.2 ct original proto-dst 11500-11502 return" in text
    assert "hook forward priority -10;" in text
    assert "Everything is in order." in machine.run(plan).stdout
    (machine.folder / "bin/nft").unlink()
    assert "nft is missing" in machine.run(plan).stderr


@pytest.mark.slow
@pytest.mark.parametrize("says", ["nftables", "iptables"])
def test_a_docker_that_filters_otherwise_is_noticed(machine: Machine, says: str) -> None:
    (machine.folder / "state/docker").write_text(f'{{"FirewallBackend":{{"Driver":"{says}+firewalld"}}}}\n')
    machine.daemon("{}" if says == "nftables" else '{"firewall-backend": "nftables"}')
    done = machine.run(behind_a_gateway())
    assert done.returncode == 2
    assert f"Docker filters by {says}" in done.stderr


@pytest.mark.slow
def test_a_name_is_looked_up_and_without_one_nobody_is_let_in(machine: Machine) -> None:
    text = BEHIND_A_GATEWAY.format(box="address: 10.0.0.2", chat="", gateway="", more="")
    named = plan_of(text.replace("10.0.0.1", "gate.example, bind: 0.0.0.0"))
    assert machine.run(named).returncode == 0
    assert machine.rules["iptables"]["composegen-demo"][0].startswith("-s 10.0.0.7 ")
    unit = (machine.root / "etc/systemd/system" / unit_name("demo")).read_text()
    assert "Wants=network-online.target" in unit
    unknown = plan_of(text.replace("10.0.0.1", "gone.example, bind: 0.0.0.0"))
    done = machine.run(unknown)
    assert done.returncode == 2
    assert "only this host reaches the ports: gone.example" in done.stderr
    (only,) = machine.rules["iptables"]["composegen-demo"]
    assert only.endswith("REJECT --reject-with tcp-reset")


@pytest.mark.slow
def test_it_must_be_root_without_a_root_of_its_own(machine: Machine) -> None:
    machine.run(behind_a_gateway(), "--help")
    fake = machine.folder / "bin/id"
    fake.write_text("#!/bin/sh\necho 1000\n")
    fake.chmod(0o755)
    script = machine.folder / "tree/box/firewall/setup.sh"
    environment = {"PATH": str(machine.folder / "bin")}
    done = subprocess.run(["/bin/sh", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run it as root" in done.stderr


@pytest.mark.slow
def test_it_explains_itself(machine: Machine) -> None:
    plan = behind_a_gateway()
    assert "--remove" in machine.run(plan, "--help").stdout
    assert machine.run(plan, "--chekc").returncode == 2
    assert machine.calls == []


@pytest.mark.tool
@pytest.mark.slow
@pytest.mark.parametrize("direct", ["", ", direct: true"])
def test_shellcheck_has_nothing_to_say(tmp_path: Path, direct: str) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    for path, entry in hostfiles_plans.render(firewall_artifacts(behind_a_gateway(chat=direct))).items():
        if path.endswith(".sh"):
            script = tmp_path / path.replace("/", "-")
            script.write_bytes(entry.data)
            done = subprocess.run([shellcheck, script], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stdout
