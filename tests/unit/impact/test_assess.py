"""What a review says of whole changes: effects, causes, commands in order, data, capacity, names."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from composegen.artifacts import Entry
from composegen.changes import compare
from composegen.findings import Location
from composegen.impact.assess import assess
from composegen.impact.model import Effect, Review, When
from composegen.manifest import owned
from tests.impacting import between, changes, compiled, edited, reviewed
from tests.sampling import FOLDER

SHARED = (FOLDER / "nfs-replicas" / "topology.yaml").read_text(encoding="utf-8")
HERE = FOLDER / "nfs-replicas"
LOCAL = """\
name: demo
hosts:
  box: {address: 10.0.0.1}
stores:
  models: {kind: volume}
services:
  chat:
    image: ollama/ollama:0.31.0
    store: models
    models: [mistral:7b]
    hosts: {box: {instances: 2}}
"""


def effects(review: Review) -> dict[tuple[str, str], Effect]:
    return {(one.host, one.subject or str(one.file)): one.effect for one in review.impacts if one.host}


def commands(review: Review) -> list[tuple[str, str]]:
    return [(action.host, action.command) for action in review.actions]


def line(text: str, found: Location | None, topology: str) -> str:
    """The line of a topology at which a cause points, without blanks."""
    document = compiled(topology, folder=HERE).document
    assert document is not None
    assert found is not None, text
    return document.line(document.locate(found).line).strip()


def test_nothing_changes() -> None:
    review = reviewed(LOCAL, LOCAL)
    assert review.is_empty
    assert review.unchanged == 3
    assert review.counts == {}


def test_a_new_image_and_its_line() -> None:
    after = LOCAL.replace("0.31.0", "0.32.15")
    review = reviewed(LOCAL, after)
    assert effects(review) == {
        ("box", "chat-1"): Effect.RECREATE,
        ("box", "chat-2"): Effect.RECREATE,
        ("box", "chat-init"): Effect.RECREATE,
    }
    assert {one.summary for one in review.impacts if one.subject} == {"image 0.31.0 -> 0.32.15"}
    assert {line("", one.cause, after) for one in review.impacts if one.subject} == {"image: ollama/ollama:0.32.15"}
    assert [(one.serving, one.total, one.at_once) for one in review.capacities] == [(1, 2, 0)]
    assert review.unchanged == 0
    assert review.actions == ()


def test_comments_and_lost_bits_are_nothing() -> None:
    old = compiled(SHARED, folder=HERE)
    assert old.tree is not None
    was = {path: Entry(data=_recommented(entry.data), mode=0o644) for path, entry in old.tree.items()}
    review = assess(changes(was, old.tree), old.plan)
    assert {one.effect for one in review.impacts} == {Effect.NONE}
    assert {one.summary for one in review.impacts if one.host} <= {"comment only", "executable bit only"}
    assert not (*review.actions, *review.risks, *review.capacities)


def _recommented(data: bytes) -> bytes:
    """Another comment behind the first line, whatever kind of file it is."""
    first, feed, rest = data.partition(b"\n")
    return first + feed + b"# said otherwise\n" + rest


@pytest.mark.slow
def test_one_instance_more_behind_the_gateway() -> None:
    after = SHARED.replace("instances: 3", "instances: 4")
    review = reviewed(SHARED, after, folder=HERE)
    assert effects(review) == {
        ("server84", "ollama-4"): Effect.CREATE,
        ("server80", "server80/traefik/dynamic/ollama.yaml"): Effect.HOT_RELOAD,
        ("server84", "server84/firewall/setup.sh"): Effect.HOST_ACTION,
    }
    said = {one.subject or one.file.name: one for one in review.impacts}
    assert said["ollama-4"].summary == "port 11437"
    assert said["ollama.yaml"].summary == "+1 server (weight 2)"
    for name in ("ollama-4", "ollama.yaml"):
        assert line(name, said[name].cause, after).startswith("server84: {instances: 4")
    assert commands(review) == [("server84", "cd /opt/ollama && sudo sh firewall/setup.sh")]
    assert review.capacities == (), "nothing that serves is touched"
    assert review.unchanged == 6


def test_a_weight_names_its_placement() -> None:
    after = SHARED.replace("weight: 2", "weight: 5")
    (found,) = [one for one in reviewed(SHARED, after, folder=HERE).impacts if one.effect is Effect.HOT_RELOAD]
    assert found.summary == "weight 2 -> 5"
    assert line("", found.cause, after).startswith("server84: {instances: 3")


@pytest.mark.slow
def test_a_host_that_goes_is_stopped_and_shut_out_in_order() -> None:
    after = "".join(one for one in SHARED.splitlines(keepends=True) if "server84" not in one)
    review = reviewed(SHARED, after, folder=HERE)
    assert review.removed == ("server84",)
    assert [name for (host, name), effect in effects(review).items() if effect is Effect.REMOVE and host] == [
        "ollama-1",
        "ollama-2",
        "ollama-3",
    ]
    found = commands(review)
    assert found[0] == ("server84", "cd /opt/ollama && docker compose down --remove-orphans")
    assert found[1] == ("server84", "sudo umount /opt/ollama-models")
    exports = ("server80", "sudo rm -f /etc/exports.d/ollama-models.exports && sudo exportfs -ra")
    assert found.index(("server84", "sudo umount /opt/ollama-models")) < found.index(exports)
    assert ("server84", "sudo sh /usr/local/lib/composegen/firewall-ollama.sh --remove") in found
    drop_in = "sudo rm -f /etc/systemd/system/docker.service.d/ollama-docker-needs-models.conf"
    assert ("server84", f"{drop_in} && sudo systemctl daemon-reload") in found
    (fstab,) = [one for one in review.actions if "/etc/fstab" in one.command]
    assert (fstab.host, fstab.when, fstab.reason) == (
        "server84",
        When.AFTER_UP,
        "the mount would come back at the next boot",
    )
    assert review.actions[0].reason.endswith("; server80 has its new files by now, so no request goes there")
    gone = next(one for one in review.impacts if one.host == "server84")
    assert gone.by_older, "with the topology of before, its own line there"
    assert line("", gone.cause, SHARED).startswith("server84: {instances: 3")
    without = reviewed(SHARED, after, folder=HERE, old_plan=False)
    gone = next(one for one in without.impacts if one.host == "server84")
    assert not gone.by_older
    assert line("", gone.cause, after) == "hosts:"
    assert commands(without) == found


def test_a_traefik_of_somebody_else_must_know_of_a_host_that_goes() -> None:
    before = SHARED.replace("run: true", "run: false")
    after = "".join(one for one in before.splitlines(keepends=True) if "server84" not in one)
    first = reviewed(before, after, folder=HERE).actions[0]
    assert (
        first.reason == "the host leaves; first see that your Traefik has its new file, so that no request goes there"
    )


def test_a_new_host_is_let_in_before_it_mounts() -> None:
    after = SHARED.replace("stores:", "  new: {address: 10.0.0.85}\n\nstores:", 1)
    after = after.replace("      server84: {inst", "      new: 1\n      server84: {inst")
    review = reviewed(SHARED, after, folder=HERE)
    assert review.added == ("new",)
    assert [(host, command.partition(" && ")[2]) for host, command in commands(review)] == [
        ("server80", "sudo sh nfs/setup.sh"),
        ("new", "sudo sh nfs/setup.sh"),
        ("new", "sudo sh firewall/setup.sh"),
    ]
    assert {action.when for action in review.actions} == {When.BEFORE_UP}


@pytest.mark.slow
def test_a_store_that_moves_is_said_loudly() -> None:
    after = SHARED.replace("path: /opt/ollama-models", "path: /srv/models")
    review = reviewed(SHARED, after, folder=HERE)
    assert {risk.host for risk in review.risks if risk.grave} == {"server80"}, "not of its readers too"
    assert "`migrate_from: [/opt/ollama-models]`" in review.risks[0].message
    assert all("/opt/ollama-models" in risk.message and "/srv/models" in risk.message for risk in review.risks)
    assert all(line("", risk.cause, after) == "models:" for risk in review.risks)
    assert ("server84", "sudo umount /opt/ollama-models") in commands(review)


@pytest.mark.slow
@pytest.mark.parametrize(
    "store",
    ["kind: nfs\n    server: server84\n    path: /opt/ollama-models", "kind: directory\n    path: /opt/ollama-models"],
    ids=["of this host", "of each host"],
)
def test_a_mount_over_a_folder_of_the_host_is_taken_away_before_that_is_used(store: str) -> None:
    begin, end = SHARED.index("kind: nfs"), SHARED.index("services:")
    rest, _, admin = SHARED[end:].partition("  admin:")
    after = f"{SHARED[:begin]}{store}\n\n{rest}" + (f"  admin:{admin}" if "nfs" in store else "  balance: wrr\n")
    review = reviewed(SHARED, after, folder=HERE)
    own = [one for one in review.actions if one.host == "server84"]
    assert [(one.command, one.when) for one in own[:2]] == [
        ("cd /opt/ollama && docker compose down", When.BEFORE_FILES),
        ("sudo umount /opt/ollama-models", When.BEFORE_UP),
    ]
    assert [one.when for one in own if "fstab" in one.command or "systemd" in one.command] == [When.BEFORE_UP] * 2
    assert [one.when for one in own if one.when is When.AFTER_UP] == []
    assert [one.how for one in review.capacities if one.service == "ollama"] == ["one host after the other"]
    blind = reviewed(SHARED, after, folder=HERE, old_plan=False)
    assert commands(blind) == commands(review)
    files = [one for one in blind.impacts if "nfs/" in str(one.file) and one.effect is Effect.HOST_ACTION]
    if "nfs" in store:
        assert {line("", one.cause, after) for one in files} == {"models:"}


@pytest.mark.slow
def test_a_mount_point_that_shows_another_export_is_emptied_first() -> None:
    before = SHARED.replace("mount: fstab", "mount: fstab\n    mountpoint: /mnt/models")
    after = before.replace("path: /opt/ollama-models", "path: /srv/models")
    review = reviewed(before, after, folder=HERE)
    assert commands(review) == [
        ("server84", "cd /opt/ollama && docker compose down"),
        ("server84", "sudo umount /mnt/models"),
        ("server80", "cd /opt/ollama && sudo sh nfs/setup.sh"),
        ("server84", "cd /opt/ollama && sudo sh nfs/setup.sh"),
    ]
    assert review.actions[0].when is When.BEFORE_FILES
    assert {risk.host for risk in review.risks} == {"server80"}
    taken = [one for one in review.impacts if one.host == "server84" and one.subject]
    assert [(one.subject, one.effect) for one in taken] == [
        (f"ollama-{number}", Effect.RECREATE) for number in (1, 2, 3)
    ], "though nothing in their Compose file differs"
    assert {(one.why, line("", one.cause, after)) for one in taken} == {
        ("everything on the host is taken down first", "models:")
    }
    assert [(one.serving, one.how) for one in review.capacities] == [(1, "one host after the other")]


@pytest.mark.parametrize("mount", ["fstab", "volume"])
@pytest.mark.parametrize("network", ["10.0.0.", "fd00::"])
@pytest.mark.parametrize("old_plan", [True, False])
def test_a_server_of_another_address_still_has_the_models(mount: str, network: str, *, old_plan: bool) -> None:
    before = SHARED.replace("mount: fstab", f"mount: {mount}")
    for host in ("80", "84"):
        before = before.replace(f"{{address: 10.0.0.{host},", f'{{address: "{network}{host}",')
    after = before.replace(f'"{network}80"', f'"{network}70"')
    review = reviewed(before, after, folder=HERE, old_plan=old_plan)
    assert effects(review)["server84", "ollama-1"] is Effect.RECREATE
    assert not review.risks, "it is the same folder of the same machine"


def test_another_server_has_other_models() -> None:
    before = (FOLDER / "nas" / "topology.yaml").read_text(encoding="utf-8")
    review = reviewed(before, before.replace("nas.example", "nas2.example"))
    assert {risk.message.partition(" is used")[0].partition("; ")[2] for risk in review.risks if risk.grave} == {
        "nas2.example:/volume1/ollama-models"
    }


def test_a_volume_of_docker_that_mounts_another_export_is_made_anew() -> None:
    before = SHARED.replace("mount: fstab", "mount: volume")
    after = before.replace("path: /opt/ollama-models", "path: /srv/models")
    review = reviewed(before, after, folder=HERE)
    assert ("server84", "cd /opt/ollama && docker compose down && docker volume rm ollama_models") in commands(review)
    assert effects(review)["server84", "ollama-1"] is Effect.RECREATE


def test_the_same_export_mounted_by_somebody_else_is_no_risk() -> None:
    after = SHARED.replace("mount: fstab", "mount: volume")
    review = reviewed(SHARED, after, folder=HERE)
    assert effects(review)["server84", "ollama-1"] is Effect.RECREATE
    assert not review.risks


@pytest.mark.slow
def test_every_difference_has_its_own_words_and_line() -> None:
    after = SHARED.replace("0.32.15", "0.33.0").replace("30m", "1h").replace("llama2:7b", "llama3.2:3b")
    impacts = {(one.host, one.subject): one for one in reviewed(SHARED, after, folder=HERE).impacts if one.subject}
    told = [
        (one.summary, line("", one.cause, after).partition(" #")[0].strip())
        for subject in (("server84", "ollama-1"), ("server80", "ollama-init"))
        for one in impacts[subject].differences
    ]
    assert told == [
        ("image 0.32.15 -> 0.33.0", "image: ollama/ollama:0.33.0"),
        ("OLLAMA_KEEP_ALIVE 30m -> 1h", "environment: {OLLAMA_KEEP_ALIVE: 1h}"),
        ("image 0.32.15 -> 0.33.0", "image: ollama/ollama:0.33.0"),
        ("models -llama2:7b +llama3.2:3b", "- llama3.2:3b"),
    ]


def test_what_people_look_for_first_is_the_cause() -> None:
    before = LOCAL.replace(
        "    store", "    compose: {stop_signal: SIGINT, init: false}\n    environment: {A: one}\n    store"
    )
    after = before.replace("init: false", "init: true").replace("A: one", "A: two")
    found = reviewed(before, after).impacts[0]
    assert found.summary == "A one -> two, init false -> true", "and not as they stand in the file"
    assert line("", found.cause, after) == "environment: {A: two}"


@pytest.mark.slow
def test_another_kind_of_store_leaves_the_volume_behind() -> None:
    after = LOCAL.replace("{kind: volume}", "{kind: directory, path: /srv/models}")
    review = reviewed(LOCAL, after)
    messages = [risk.message for risk in review.risks if risk.grave]
    (message,) = messages
    assert message.startswith("the models of chat-1 to 2 stay in volume demo_models; /srv/models is used instead")
    assert "docker volume rm" not in message, "nobody is told to throw models away that are still to be brought"
    assert message.endswith("; migrate-models.sh brings them, with `migrate_from: [demo_models]` in the topology")
    for named in ("demo_models", "models"):
        stated = after.replace("    store", f"    migrate_from: [{named}]\n    store")
        (message,) = [risk.message for risk in reviewed(LOCAL, stated).risks if risk.grave]
        assert message.endswith("; bring them with migrate-models.sh")


@pytest.mark.slow
def test_only_files_that_were_not_there_have_to_be_brought_along() -> None:
    app = "apps:\n  own: {host: box, compose: {image: 'example/own:1', volumes: %s}}\n"
    before, moved, more = (
        LOCAL + app % f"['{mounts}']" for mounts in ("./a:/a", "./a:/b", "./a:/a', './b:/b', './model-init.sh:/c")
    )
    assert not reviewed(before, moved).risks
    (risk,) = reviewed(before, more).risks
    assert risk.message == "b must be in /opt/demo before own starts: composegen writes no such file"
    assert not risk.grave


def test_state_without_models_is_no_grave_risk() -> None:
    review = reviewed(LOCAL, LOCAL.replace("instances: 2", "instances: 1"))
    assert [(risk.grave, risk.message.rpartition(" ")[2]) for risk in review.risks] == [(False, "demo_chat-2-state")]
    assert [(one.serving, one.total) for one in review.capacities] == [(0, 2)], "the one that stays loses a variable"


def test_a_volume_of_other_options_may_lose_its_data() -> None:
    app = (
        "apps:\n  db: {host: box, compose: {image: example/db:1, volumes: ['data:/data']}, "
        "volumes: {data: {labels: %s}}}\n"
    )
    review = reviewed(LOCAL + app % "{n: a}", LOCAL + app % "{n: b}")
    (risk,) = review.risks
    assert risk.grave
    assert "volume demo_data gets other options" in risk.message
    assert review.impacts[0].why == "volume data is made anew, if Compose is told yes"
    assert effects(review) == {("box", "db"): Effect.RECREATE}


def test_a_host_that_only_exports_from_now_on_is_stopped_first() -> None:
    before = (
        "name: demo\nhosts: {one: {address: 10.0.0.1}, two: {address: 10.0.0.2}}\n"
        "stores: {models: {kind: nfs, server: one, path: /opt/models}}\n"
        "services: {chat: {image: 'ollama/ollama:0.31.0', store: models, writer: one, hosts: {one: 1, two: 1}}}\n"
    )
    review = reviewed(before, before.replace("writer: one, hosts: {one: 1,", "writer: two, hosts: {"))
    first = review.actions[0]
    assert (first.host, first.command) == ("one", "cd /opt/demo && docker compose down --remove-orphans")
    assert (first.when, first.reason) == (When.BEFORE_FILES, "nothing runs there any more")
    assert effects(review)["one", "chat-1"] is Effect.REMOVE
    two = [one.command for one in review.actions if one.host == "two"]
    assert two == ["cd /opt/demo && sudo sh nfs/setup.sh"], "what was mounted to be read is remounted to be written"


def test_another_project_is_taken_down_first() -> None:
    review = reviewed(LOCAL, LOCAL.replace("name: demo", "name: other"))
    assert commands(review)[0] == ("box", "cd /opt/demo && docker compose down --remove-orphans")
    assert review.actions[0].when is When.BEFORE_FILES
    assert set(effects(review).values()) == {Effect.RECREATE}
    (risk,) = [risk for risk in review.risks if risk.grave]
    assert "other_models" in risk.message
    assert "stays in demo_models" in risk.message


@pytest.mark.slow
def test_a_host_of_another_name_is_the_same_machine() -> None:
    after = SHARED.replace("server84", "replica")
    for old_plan in (True, False):
        review = reviewed(SHARED, after, folder=HERE, old_plan=old_plan)
        assert [(one.host, one.before, one.after) for one in review.renames] == [("", "server84", "replica")]
        assert not review.removed
        assert not review.added
        assert {one.effect for one in review.impacts if one.subject} <= {Effect.NONE}
        (found,) = [one for one in review.impacts if one.file == PurePosixPath("replica/compose.yaml")]
        assert (found.effect, found.summary) == (Effect.NONE, "nothing that runs changes")
        assert review.unchanged == 6


def test_what_shares_the_network_of_who_starts_again_is_started_again_by_hand() -> None:
    apps = (
        "apps:\n  a: {host: box, compose: {image: 'example/a:1', networks: [back]}, networks: {back: {internal: %s}}}\n"
        "  b: {host: box, compose: {image: 'example/b:1', network_mode: 'service:a'}}\n"
    )
    text = LOCAL.replace("10.0.0.1}", "10.0.0.1, docker: {engine: '29.2', compose: '5.6'}}") + apps
    review = reviewed(text % "false", text % "true")
    assert effects(review) == {("box", "a"): Effect.RESTART, ("box", "b"): Effect.RESTART}
    (action,) = review.actions
    assert (action.command, action.when) == ("cd /opt/demo && docker compose restart b", When.AFTER_UP)


def test_another_machine_is_no_rename() -> None:
    after = SHARED.replace("server84", "replica").replace("10.0.0.84", "10.0.0.99")
    review = reviewed(SHARED, after, folder=HERE)
    assert not review.renames
    assert (review.removed, review.added) == (("server84",), ("replica",))


@pytest.mark.parametrize("bind", ["0.0.0.0", "127.0.0.1", "'::'", "'::1'"])  # noqa: S104 - bound to nowhere
def test_an_address_that_any_machine_has_is_no_name_for_one(bind: str) -> None:
    before = LOCAL.replace("10.0.0.1}", f"10.0.0.1, bind: {bind}}}")
    after = before.replace("box", "other").replace("10.0.0.1,", "10.0.0.2,")
    review = reviewed(before, after, old_plan=False)
    assert not review.renames
    assert (review.removed, review.added) == (("box",), ("other",))


def test_a_service_of_another_name_keeps_its_ports() -> None:
    review = reviewed(LOCAL, LOCAL.replace("  chat:", "  talk:"))
    assert ("box", "chat-1", "talk-1") in [(one.host, one.before, one.after) for one in review.renames]
    assert effects(review)["box", "chat-1"] is Effect.REMOVE
    assert effects(review)["box", "talk-1"] is Effect.CREATE


@pytest.mark.slow
def test_instances_of_another_name_serve_by_that_afterwards() -> None:
    after = SHARED.replace("  ollama:\n    image", "  chat:\n    image")
    for old_plan in (True, False):
        (found,) = reviewed(SHARED, after, folder=HERE, old_plan=old_plan).capacities
        assert (found.service, found.serving, found.total, found.at_once, found.afterwards) == ("chat", 1, 4, 0, 4)
        assert found.how == "one host after the other", "the old ones of a host keep the ports of the new ones"


def test_one_instance_of_another_name_on_each_host_is_not_rolled_out() -> None:
    before = SHARED.replace("{instances: 3, port", "{instances: 1, port")
    after = before.replace("  ollama:\n    image", "  chat:\n    image")
    (found,) = reviewed(before, after, folder=HERE).capacities
    assert (found.serving, found.total, found.how) == (1, 2, "one by one"), "rollout.sh knows only the new names"


@pytest.mark.slow
def test_a_gateway_that_is_gone_has_no_place_in_the_topology() -> None:
    after = SHARED[: SHARED.index("gateway:")]
    for older in (True, False):
        impacts = reviewed(SHARED, after, folder=HERE, old_plan=older).impacts
        (found,) = [one for one in impacts if (one.subject, one.file.name) == ("traefik", "compose.yaml")]
        assert (found.cause is not None, found.by_older) == (older, older)
        rules = [one for one in impacts if one.file.parent.name == "firewall"]
        assert rules
        assert all(one.cause is None or one.by_older for one in rules)


def test_another_name_of_a_service_is_told_by_its_routers() -> None:
    review = reviewed(SHARED, SHARED.replace("  ollama:\n    image", "  chat:\n    image"), folder=HERE)
    (found,) = [one for one in review.impacts if one.effect is Effect.HOT_RELOAD]
    assert found.summary.startswith("-router ollama-ollama, -router ollama-ollama_admin, +router ollama-chat")


@pytest.mark.slow
def test_another_address_is_its_own_cause() -> None:
    after = SHARED.replace("10.0.0.84, ssh", "10.0.0.99, ssh")
    impacts = reviewed(SHARED, after, folder=HERE).impacts
    found = next(one for one in impacts if (one.host, one.subject) == ("server84", "ollama-1"))
    assert found.summary == "address 10.0.0.84 -> 10.0.0.99"
    assert line("", found.cause, after) == "server84: {address: 10.0.0.99, ssh: ops@10.0.0.84}"


def test_a_traefik_of_somebody_else_takes_over_what_it_is_given() -> None:
    before = SHARED.replace("run: true", "run: false")
    (found,) = [
        one
        for one in reviewed(before, before.replace("weight: 2", "weight: 5"), folder=HERE).impacts
        if one.effect is Effect.HOT_RELOAD
    ]
    assert found.summary == "weight 2 -> 5, once your Traefik has the file"


def test_another_balance_is_told_in_its_own_words() -> None:
    after = SHARED.replace("weight: 2", "weight: 1").replace("balance: wrr", "balance: p2c")
    (found,) = [one for one in reviewed(SHARED, after, folder=HERE).impacts if one.effect is Effect.HOT_RELOAD]
    assert found.summary == "balance wrr -> p2c"


def test_a_modelfile_makes_only_the_model_init_anew() -> None:
    read = {"m/Modelfile": "FROM mistral:7b\n"}
    text = LOCAL.replace("[mistral:7b]", "[{name: mine, modelfile: m/Modelfile}]")
    old, new = compiled(text, files=read), compiled(text, files={"m/Modelfile": "FROM mistral:7b\nSYSTEM x\n"})
    review = between(old, new)
    assert effects(review) == {("box", "chat-init"): Effect.RECREATE}
    summaries = {one.file.name: one.summary for one in review.impacts if one.host}
    assert summaries == {"compose.yaml": "a Modelfile changes", "Modelfile": "read by chat-init"}


def test_the_script_of_the_model_init_is_read_at_the_next_up() -> None:
    old = compiled(LOCAL)
    assert old.tree is not None
    review = assess(changes(edited(old.tree, "box/model-init.sh", b"#!/bin/sh\nexit 1\n"), old.tree), old.plan)
    (found,) = review.impacts
    assert (found.effect, found.summary) == (Effect.NONE, "read by chat-init at the next `up`")


def test_a_static_file_that_no_label_speaks_of_asks_for_a_restart() -> None:
    old = compiled(SHARED, folder=HERE)
    assert old.tree is not None
    was = edited(old.tree, "server80/traefik/traefik.yaml", b"log: {level: DEBUG}\n")
    review = assess(changes(was, old.tree), old.plan)
    assert effects(review) == {("server80", "traefik"): Effect.RESTART}
    assert commands(review) == [("server80", "cd /opt/ollama && docker compose restart traefik")]
    assert review.actions[0].when is When.AFTER_UP
    assert [(one.service, one.serving, one.total) for one in review.capacities] == [("traefik", 0, 1)]


@pytest.mark.parametrize("mount", ["./model-init.sh:/x", "./:/all", "./.:/all"])
def test_a_file_that_an_app_mounts_asks_for_a_restart(mount: str) -> None:
    old = compiled(LOCAL + f"apps:\n  own: {{host: box, compose: {{image: example/own:1, volumes: ['{mount}']}}}}\n")
    assert old.tree is not None
    was = edited(old.tree, "box/model-init.sh", b"#!/bin/sh\nexit 1\n")
    review = assess(changes(was, old.tree), old.plan)
    assert effects(review) == {("box", "own"): Effect.RESTART}
    assert commands(review) == [("box", "cd /opt/demo && docker compose restart own")]
    script = old.tree[PurePosixPath("box/model-init.sh")].data
    (found,) = assess(
        changes(edited(old.tree, "box/model-init.sh", script + b"# a word\n"), old.tree), old.plan
    ).impacts
    assert (found.effect, found.summary) == (Effect.NONE, "comment only")


@pytest.mark.slow
def test_a_patch_is_the_cause_of_another_static_file() -> None:
    patches = "patches:\n  - {file: traefik/dynamic/ollama.yaml, match: http, count: any, merge: {}}\n"
    after = SHARED + patches + "  - {hosts: [server80], file: traefik/traefik.yaml, match: log.level, set: DEBUG}\n"
    (found,) = [one for one in reviewed(SHARED, after, folder=HERE).impacts if one.file.name == "compose.yaml"]
    assert (found.subject, found.summary) == ("traefik", "Traefik's static file changes")
    assert line("", found.cause, after).startswith("- {hosts: [server80], file: traefik/traefik.yaml")
    (found,) = [one for one in reviewed(after, SHARED, folder=HERE).impacts if one.file.name == "compose.yaml"]
    assert found.cause is None


def test_another_entry_point_makes_traefik_anew() -> None:
    review = reviewed(SHARED, SHARED.replace("port: 11400", "port: 11500"), folder=HERE)
    assert effects(review)["server80", "traefik"] is Effect.RECREATE
    assert commands(review) == []


@pytest.mark.slow
def test_a_dynamic_file_that_goes_is_removed_by_hand_where_traefik_stays() -> None:
    after = SHARED[: SHARED.index("gateway:")]
    removed = ("server80", "cd /opt/ollama && rm -f traefik/dynamic/ollama.yaml")
    foreign = SHARED.replace("run: true", "run: false")
    assert removed in commands(reviewed(foreign, after, folder=HERE))
    review = reviewed(SHARED, after, folder=HERE)
    assert removed not in commands(review)
    assert Effect.HOT_RELOAD not in review.counts, "there is no Traefik any more that could"
    assert ("server80", "sudo sh /usr/local/lib/composegen/firewall-ollama.sh --remove") in commands(review)


@pytest.mark.slow
def test_a_gateway_that_moves_is_no_hot_reload_and_waits_for_its_files() -> None:
    after = SHARED.replace("  host: server80\n  hostname", "  host: server84\n  hostname")
    review = reviewed(SHARED, after, folder=HERE)
    assert review.counts[Effect.CREATE] == review.counts[Effect.REMOVE] == 1
    assert Effect.HOT_RELOAD not in review.counts
    (risk,) = review.risks
    assert (risk.host, risk.grave) == ("server84", False)
    assert risk.message.startswith("secrets/traefik.users must be in /opt/ollama before traefik starts")
    assert [(one.service, one.serving, one.afterwards) for one in review.capacities] == [("traefik", 0, 1)]


@pytest.mark.slow
def test_other_ports_are_looked_for_at_once() -> None:
    after = SHARED.replace("port: 11434, weight", "port: 11500, weight")
    review = reviewed(SHARED, after, folder=HERE)
    assert [(one.serving, one.total, one.at_once) for one in review.capacities] == [(1, 4, 1)]
    said = {one.file.name: one for one in review.impacts}
    assert said["ollama.yaml"].summary == "3 servers (weight 2) at other URLs"
    assert line("", said["setup.sh"].cause, after).startswith("server84: {instances: 3")


@pytest.mark.slow
def test_the_way_to_replace_one_by_one_is_named() -> None:
    review = reviewed(SHARED, SHARED.replace("0.32.15", "0.33.0"), folder=HERE)
    assert [one.how for one in review.capacities] == ["one by one (sh rollout.sh --copy)"]
    review = reviewed(SHARED, SHARED.replace("path: /opt/ollama-models", "path: /srv/models"), folder=HERE)
    assert [one.how for one in review.capacities] == ["one by one (sh rollout.sh)"], "files are there by then"


@pytest.mark.slow
def test_a_project_of_another_name_is_caused_by_the_name() -> None:
    after = SHARED.replace("name: ollama\n", "name: llm\n")
    review = reviewed(SHARED, after, folder=HERE)
    meant = [one for one in review.impacts if one.effect is Effect.HOST_ACTION or one.file.name == "compose.yaml"]
    assert {line("", one.cause, after) for one in meant} == {"name: llm"}
    assert Effect.HOT_RELOAD not in review.counts, "the new Traefik reads its files when it starts"
    assert {risk.message.partition(":")[0] for risk in review.risks} == {"the folder is /opt/llm now"}
    assert [(one.service, one.serving) for one in review.capacities] == [("ollama", 1), ("traefik", 0)]
    assert [one.reason.partition(",")[0] for one in review.actions if "sh nfs/setup.sh" in one.command] == [
        "copies the exports and runs exportfs -ra",
        "writes /etc/fstab",
    ], "though in these files nothing but the name is another one"


@pytest.mark.slow
def test_a_volume_made_anew_is_caused_by_its_store() -> None:
    before = (FOLDER / "nas" / "topology.yaml").read_text(encoding="utf-8")
    after = before.replace("nas.example", "nas2.example")
    found = [one for one in reviewed(before, after).impacts if one.effect is Effect.RECREATE]
    assert {line("", one.cause, after) for one in found} == {"models:"}
    assert {one.why for one in found} == {"volume models is made anew"}, "nobody is asked: it is removed before"


def test_a_port_of_traefik_is_said_once() -> None:
    review = reviewed(SHARED, SHARED.replace("port: 11400", "port: 11480"), folder=HERE)
    (found,) = [one for one in review.impacts if one.subject == "traefik" and one.file.name == "compose.yaml"]
    assert found.summary == "port 11400 -> 11480"
    assert [one.summary for one in found.differences if one.summary] == ["port 11400 -> 11480"]
    assert len(found.differences) > 1


def test_a_model_that_is_no_longer_listed_stays() -> None:
    after = SHARED.replace("      - llama2:7b\n", "")
    (risk,) = reviewed(SHARED, after, folder=HERE).risks
    assert risk.message.endswith(risk.command)
    assert risk.command == "cd /opt/ollama && docker compose exec ollama-1 ollama rm llama2:7b"


@pytest.mark.slow
def test_a_new_client_is_the_cause_of_an_export() -> None:
    after = SHARED.replace("stores:", "  new: {address: 10.0.0.85}\n\nstores:", 1)
    after = after.replace("      server84: {inst", "      new: 1\n      server84: {inst")
    found = [one for one in reviewed(SHARED, after, folder=HERE).impacts if one.file.parent.name == "nfs"]
    assert {(one.host, line("", one.cause, after)) for one in found} == {("server80", "new: 1"), ("new", "new: 1")}


def test_files_edited_by_hand_are_counted_in_lines() -> None:
    old = compiled(LOCAL)
    assert old.tree is not None
    path = PurePosixPath("box/compose.yaml")
    data = old.tree[path].data.replace(b"name: demo", b"name: mine").replace(b"mistral:7b", b"other:7b")
    review = assess(compare(old.tree, edited(old.tree, str(path), data), owned(old.tree)), old.plan)
    assert review.edited == {path: 2}


def test_no_plan_is_needed() -> None:
    old, new = compiled(SHARED, folder=HERE), compiled(SHARED.replace("0.32.15", "0.33.0"), folder=HERE)
    assert old.tree is not None
    assert new.tree is not None
    review = assess(changes(old.tree, new.tree))
    assert effects(review) == effects(between(old, new))
    assert review.unchanged == 1
    assert {one.cause for one in review.impacts if one.subject and one.host} <= {
        None,
        Location(path=("hosts",), part="key"),
    }


def test_only_who_is_replaced_on_a_host_is_said_not_to_serve() -> None:
    review = reviewed(SHARED, SHARED.replace("port: 11434, weight", "port: 11500, weight"), folder=HERE)
    assert [one.service for one in review.of_host("server84").capacities] == ["ollama"]
    assert review.of_host("server80").capacities == ()
    without = reviewed(LOCAL, LOCAL.replace("instances: 2", "instances: 1"))
    assert [one.service for one in without.of_host("box").capacities] == ["chat"]


def test_one_host_of_a_review() -> None:
    review = reviewed(SHARED, SHARED.replace("0.32.15", "0.33.0"), folder=HERE)
    assert set(review.hosts) >= {"server80", "server84"}
    assert review.of_host("server84").hosts == ("server84",)
