"""The run book: what it says is true of the plan, applies to it, and cannot be bent by what stands in the topology."""

from __future__ import annotations

import re
import shlex

from msgspec.structs import replace

from composegen.plan import Plan
from composegen.resolve import resolve
from composegen.targets._scripts import script_artifacts
from composegen.topology import (
    Admin,
    App,
    DirectoryStore,
    DockerVersions,
    EntryPoint,
    Gateway,
    Host,
    HostGpus,
    Model,
    Placement,
    Secret,
    Service,
    Topology,
    Traefik,
    VolumeStore,
)
from tests import hostfiles_plans
from tests.hostfiles_plans import nfs_store, ollama, plan


def book(found: Plan) -> str:
    (artifact,) = (one for one in script_artifacts(found) if one.path.name == "README.md")
    return hostfiles_plans.render([artifact])["README.md"].data.decode()


def commands(text: str) -> list[str]:
    """Every line of the shell blocks."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def minimal(**changes: object) -> Topology:
    found = Topology(
        name="local-llm",
        hosts={"box": Host(name="box", address="192.168.1.10")},
        services={
            "ollama": ollama(store=None, memory=None, models=(Model(name="llama3.2:3b"),), hosts={"box": Placement()})
        },
    )
    return replace(found, **changes)


def with_secret() -> Service:
    return ollama(environment={"HTTPS_PROXY": Secret(secret="PROXY_URL")})


def section(text: str, heading: str) -> str:
    """What stands below a heading of the third level."""
    return text.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]


def test_it_only_tells_what_applies() -> None:
    small = book(resolve(minimal(), {}))
    for heading in ("## NFS", "## Gateway", "### Secrets", "lost its GPU", "A reader restarts", "behind the gateway"):
        assert heading not in small, heading
    large = book(plan())
    for heading in ("## NFS", "## Gateway", "A reader restarts", "behind the gateway"):
        assert heading in large, heading
    for heading in ("## First start", "### Add a model", "### Remove a model", "### Reclaim space", "### Add a host"):
        assert heading in small, heading
        assert heading in large, heading
    for heading in ("### Upgrade", "### Roll back", "### Storage", "### Memory", "## When something is wrong"):
        assert heading in small, heading
        assert heading in large, heading


def test_sharing_is_reckoned_from_the_catalogue() -> None:
    names = ("codellama:7b", "mistral:7b", "llama3.2:3b", "llama2:7b", "neural-chat")
    found = Topology(
        name="tsa",
        hosts={"server": Host(name="server", address="10.0.0.5")},
        stores={"models": VolumeStore(name="models", kind="volume")},
        services={
            "ollama": ollama(models=tuple(Model(name=name) for name in names), hosts={"server": Placement(instances=8)})
        },
    )
    text = book(resolve(found, {}))
    assert "8 x 17.7 GB (a copy for each instance) against 1 x 17.7 GB" in text
    assert "| `server` | `ollama` | 8 | 16GiB | 128 GiB |" in text
    assert "`tsa_models`" in text


def test_a_local_store_has_a_copy_on_every_host() -> None:
    found = Topology(
        name="two",
        hosts={name: Host(name=name, address=f"10.0.0.{n}") for n, name in enumerate(("a", "b"), start=1)},
        stores={"models": DirectoryStore(name="models", kind="directory", path="/srv/models")},
        services={
            "ollama": ollama(models=(Model(name="mistral:7b"),), hosts={"a": Placement(instances=2), "b": Placement()})
        },
    )
    text = book(resolve(found, {}))
    assert "3 x 4.1 GB (a copy for each instance) against 2 x 4.1 GB" in text
    assert commands(text).count("docker compose exec ollama-1 ollama rm MODEL      # on a") == 1
    assert "docker compose exec ollama-1 ollama rm MODEL      # on b" in commands(text)


def test_sizes_that_nobody_knows_are_called_so() -> None:
    models = (Model(name="registry.example:5000/team/coder:7b"), Model(name="own", modelfile="own.Modelfile"))
    text = book(plan(service=ollama(models=models)))
    assert "| `registry.example:5000/team/coder:7b` | not known |" in text
    assert "| `own` | built from a Modelfile: that of its base model, once |" in text
    assert "What sharing saves" not in text


def test_the_store_is_set_up_before_it_is_mounted_and_the_writer_starts_first() -> None:
    text = book(plan())
    first = text[text.index("## First start") : text.index("## Models")]
    assert first.index("On `server80`, which exports") < first.index("On `server84`, which mounts")
    assert commands(first).count("sudo sh nfs/setup.sh") == 2
    started = first[first.index("Start the hosts") :]
    starts = [line for line in started.splitlines() if line.strip() in ("On `server80`:", "On `server84`:")]
    assert [line.strip() for line in starts] == ["On `server80`:", "On `server84`:"]
    assert [line[0] for line in first.splitlines() if re.match(r"\d\. ", line)] == list("123456")


def test_readers_are_upgraded_first() -> None:
    text = book(plan())
    upgrade = text[text.index("### Upgrade") : text.index("### Roll back")]
    assert upgrade.index("On `server84`") < upgrade.index("On `server80`:")
    alone = resolve(minimal(services={"ollama": ollama(store=None, hosts={"box": Placement(instances=3)})}), {})
    lines = [line for line in commands(book(alone)) if "--no-deps --wait ollama" in line]
    assert [line.rpartition(" ")[2] for line in lines] == ["ollama-2", "ollama-3", "ollama-1"]


def test_only_writers_are_told_to_write() -> None:
    for line in commands(book(plan())):
        if "ollama rm" in line:
            assert line.endswith("# on server80")
        if "OLLAMA_NOPRUNE=0" in line:
            assert "--entrypoint timeout ollama-1 20 ollama serve" in line


def test_nobody_is_told_to_delete_volumes() -> None:
    for text in (book(plan()), book(resolve(minimal(), {}))):
        assert "Never run `docker volume prune`" in text
        assert not [
            line for line in commands(text) if re.search(r"prune|--volumes|down", line) and "NOPRUNE" not in line
        ]


def test_every_command_is_one_that_a_shell_takes() -> None:
    for found in (plan(), resolve(minimal(), {}), hostile()):
        for line in commands(book(found)):
            assert shlex.split(line, comments=True), line


def test_a_change_takes_away_what_is_no_longer_there() -> None:
    """Without `--remove-orphans` a container that left the topology would keep its port."""
    for found in (plan(), resolve(minimal(), {})):
        text = book(found)
        after = text[text.index("## Models") : text.index("## Budgets")]
        ups = [line for line in commands(after) if "up -d --wait" in line and "--no-deps" not in line]
        assert ups
        assert all(line.endswith(" --remove-orphans") for line in ups)
        assert "an orphan" in text[text.index("### `port is already allocated`") :]


def test_what_is_removed_names_what_stays() -> None:
    small, large = book(resolve(minimal(), {})), book(plan())
    for text in (small, large):
        assert "### Remove an instance, a service or an app" in text
        assert "Its named volumes stay, with all models in" in text
    assert "docker volume ls --filter label=com.docker.compose.project=local-llm" in commands(small)
    assert "Take NFS away" not in small
    for line in (
        "sudo umount /opt/ollama-models",
        "sudo rm -f /etc/systemd/system/docker.service.d/ollama-docker-needs-models.conf",
        "sudo rm -f /etc/exports.d/ollama-models.exports",
        "sudo ufw delete NUMBER",
    ):
        assert line in commands(large)
    nas = book(plan(store=nfs_store(server=None, external="nas.example", writer="server80", mount="volume")))
    assert "Shut it out at the NAS." in nas
    assert "Take NFS away" not in nas


def test_what_a_host_must_have_is_told_first() -> None:
    small, large = book(resolve(minimal(), {})), book(plan())
    for text in (small, large):
        assert "Each host needs Docker Engine 20.10 and Docker Compose 2.20, or newer" in text
    assert "`ssh -o BatchMode=yes`" in large
    assert "BatchMode" not in small
    assert "Container Toolkit" not in small


def test_hosts_that_need_other_versions_of_docker_are_listed() -> None:
    newer = DockerVersions(engine="29.2", compose="5.6")
    found = hostfiles_plans.topology()
    alike = {name: replace(host, docker=newer) for name, host in found.hosts.items()}
    assert "Docker Engine 29.2 and Docker Compose 5.6, or newer" in book(resolve(replace(found, hosts=alike), {}))
    text = book(resolve(replace(found, hosts={**found.hosts, "server84": alike["server84"]}), {}))
    assert "| `server80` | 20.10 | 2.20 |\n| `server84` | 29.2 | 5.6 |\n" in text
    assert "or newer" not in text


def test_a_change_of_host_has_every_step() -> None:
    text = book(plan(service=with_secret()))
    assert "On the new host put its secrets into `.env`" in section(text, "Add a host")
    assert "`sudo sh /usr/local/lib/composegen/firewall-ollama.sh --remove`" in section(text, "Remove a host")
    assert "Where files in `nfs` or `firewall` have changed, run the `setup.sh` beside them first" in text
    small = book(resolve(minimal(), {}))
    for words in ("put its secrets", "rules of its firewall", "Where files in"):
        assert words not in small


def test_steps_are_numbered_without_a_gap() -> None:
    nas = plan(store=nfs_store(server=None, external="nas.example"))
    for found in (plan(), nas, plan(service=with_secret()), resolve(minimal(), {})):
        text = book(found)
        for section in re.split(r"^#+ ", text, flags=re.MULTILINE):
            numbers = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
            assert numbers == list(range(1, len(numbers) + 1)), section


def test_apps_that_a_reboot_leaves_down_are_named() -> None:
    apps = {
        "web": App(name="web", host="box", compose={"image": "x:1"}),
        "db": App(name="db", host="box", compose={"image": "x:1", "restart": "always"}),
    }
    assert "Nor does it start `web`: " in book(resolve(minimal(apps=apps), {}))
    assert "Nor does it start" not in book(resolve(minimal(), {}))


def test_a_model_built_from_a_modelfile_can_be_built_anew() -> None:
    models = (Model(name="own", modelfile="own.Modelfile"),)
    text = book(plan(service=ollama(models=models)))
    assert "On `server80`: `docker compose up -d --no-deps --force-recreate ollama-init`" in text
    assert "--force-recreate" not in book(plan())


def test_secrets_are_listed_by_host_without_values() -> None:
    text = book(plan(service=with_secret()))
    assert "On `server84`, with a line `NAME=value` for each of `PROXY_URL`:" in text
    assert "chmod 600 .env" in commands(text)


def test_a_nas_is_told_whom_to_let_in() -> None:
    text = book(plan(store=nfs_store(server=None, external="nas.example", writer="server80")))
    assert "| `10.0.0.80` (server80) | read and write | kept" in text
    assert "| `10.0.0.84` (server84) | read only | squashed |" in text
    assert '[("models<br/>NFS on nas.example, ' in text


def test_what_a_reboot_without_the_server_leads_to_depends_on_who_mounts() -> None:
    system, docker = book(plan()), book(plan(store=nfs_store(mount="volume")))
    assert "the instances are restarted until the store is there" in system
    assert "stays down" not in system
    assert "stays down: Docker does not try a failed mount again" in docker
    assert "the instances are restarted" not in docker


def test_the_gateway_of_somebody_else() -> None:
    spec = Gateway(
        host="server80",
        entrypoint=EntryPoint(name="llm", port=11400),
        traefik=Traefik(run=False),
        admin=Admin(users="/etc/traefik/users"),
    )
    text = book(resolve(replace(hostfiles_plans.topology(), gateway=spec), {}))
    assert "Traefik is run by somebody else" in text
    assert "as that Traefik sees it" in text
    assert not [line for line in commands(text) if "traefik" in line]


def test_gpus_are_named_and_what_to_do_when_they_are_gone() -> None:
    gpus = HostGpus(vendor="nvidia", devices=("0", "1"))
    topology = minimal(
        hosts={"box": Host(name="box", address="192.168.1.10", gpus=gpus)},
        services={"ollama": ollama(store=None, hosts={"box": Placement(instances=2, gpus="one-each")})},
    )
    text = book(resolve(topology, {}))
    assert "| nvidia 0 |" in text
    assert "| nvidia 1 |" in text
    assert "### It has lost its GPU" in text
    assert "NVIDIA's GPUs need their driver and the NVIDIA Container Toolkit." in text


def hostile() -> Plan:
    nasty = "/srv/a`b | <b>$(x) 'q' \"d\" ```"
    found = hostfiles_plans.topology(store=nfs_store(path=nasty))
    host = replace(found.hosts["server80"], directory="/opt/`id` ' | x", ssh="ops@[x](javascript:1)")
    app = App(name="web", host="server80", compose={"image": "x"})
    return resolve(replace(found, hosts={**found.hosts, "server80": host}, apps={"web": app}), {})


def test_values_cannot_break_out_of_their_place() -> None:
    text = book(hostile())
    assert len(re.findall(r"^ *```", text, re.MULTILINE)) % 2 == 0
    fences = re.findall(r"^ *```(.*)$", text, re.MULTILINE)
    assert set(fences[::2]) == {"sh", "mermaid"}
    assert set(fences[1::2]) == {""}
    outside = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "<b>" not in outside
    for row in [line for line in outside.splitlines() if line.startswith("| `server")]:
        assert len(re.findall(r"(?<!\\)\|", row)) in (4, 6, 8), row


def test_links_inside_lead_somewhere() -> None:
    for found in (plan(), resolve(minimal(), {})):
        text = book(found)
        anchors = {
            re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-")
            for h in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        }
        assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors


def start(**ssh: str | None) -> str:
    """The first step of the first start on hosts of these names."""
    topology = minimal(
        hosts={name: Host(name=name, address=f"10.0.0.{n}", ssh=way) for n, (name, way) in enumerate(ssh.items(), 1)},
        services={"ollama": ollama(store=None, hosts={name: Placement() for name in ssh})},
    )
    text = book(resolve(topology, {}))
    assert ("no `ssh:` is stated |" in text) == ("does not say how to reach" in text)
    return text[text.index("\n1. Bring each host") : text.index("\n2. ")]


def test_hosts_without_ssh_are_not_all_this_machine() -> None:
    step = start(a=None, b=None, c="ops@c")
    assert "The topology does not say how to reach `a`, `b`." in step
    here, first, second = re.split(r"^   On `[ab]`:$", step, flags=re.MULTILINE)
    assert [line for line in commands(here) if "cp " in line] == ["scp -pr -- c/. ops@c:/opt/local-llm/"]
    assert commands(first)[1:] == ["cp -pR a/. /opt/local-llm/"]
    assert commands(second)[1:] == ["cp -pR b/. /opt/local-llm/"]
    for way in ("git clone", "git pull", "rsync", "ssh: USER@HOST"):
        assert way in here


def test_the_one_host_without_ssh_is_this_machine() -> None:
    for step in (start(a=None), start(a=None, b="ops@b")):
        assert commands(step)[1] == "cp -pR a/. /opt/local-llm/"
        assert "On `" not in step
        assert "how to reach" not in step
