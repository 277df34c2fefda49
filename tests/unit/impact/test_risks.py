"""Data that stays behind where what wrote it has another name, or runs on another host."""

from __future__ import annotations

from composegen.impact.model import Review
from tests.impacting import reviewed

TOPOLOGY = """\
name: demo
hosts:
  one: {address: 10.0.0.1}
  two: {address: 10.0.0.2}
services:
  chat:
    image: ollama/ollama:0.32.15
    models: [mistral:7b]
    hosts: {one: 1}
apps:
  db:
    host: one
    compose:
      image: example/db:1
      volumes: ["data:/data", "/srv/files:/files", "/etc/localtime:/etc/localtime:ro", "./own:/own"]
  web: {host: two, compose: {image: "example/web:1"}}
"""


def grave(review: Review) -> list[tuple[str, str]]:
    return [(risk.host, risk.message) for risk in review.risks if risk.grave]


def test_an_app_on_another_host_leaves_its_data_behind() -> None:
    review = reviewed(TOPOLOGY, TOPOLOGY.replace("  db:\n    host: one", "  db:\n    host: two"))
    assert grave(review) == [
        ("two", f"what db has in {place} stays on one, in {source}; on two it begins with what {source} holds there")
        for place, source in (("/data", "volume demo_data"), ("/files", "/srv/files"))
    ]
    assert not any("docker volume rm" in risk.command for risk in review.risks), "somebody wants what is in it"


def test_an_app_that_is_gone_leaves_a_volume() -> None:
    after = TOPOLOGY[: TOPOLOGY.index("  db:")] + TOPOLOGY[TOPOLOGY.index("  web:") :]
    ((host, message),) = grave(reviewed(TOPOLOGY, after))
    assert (host, message.endswith("docker volume rm demo_data")) == ("one", True)


def test_a_service_with_another_name_begins_with_an_empty_volume() -> None:
    review = reviewed(TOPOLOGY, TOPOLOGY.replace("  chat:", "  talk:"))
    ((host, message),) = grave(review)
    assert host == "one"
    assert message.startswith("the models of talk-1 stay in volume demo_chat-models; volume demo_talk-models is used")
    assert "`migrate_from: [demo_chat-models]`" in message
    (left,) = [risk.command for risk in review.risks if not risk.grave and "volume rm" in risk.command]
    assert left == "docker volume rm demo_chat-1-state"


def test_a_service_with_another_name_and_the_same_store_loses_nothing() -> None:
    shared = TOPOLOGY.replace("services:", "stores: {models: {kind: volume}}\nservices:")
    shared = shared.replace("    models: [", "    store: models\n    models: [")
    assert grave(reviewed(shared, shared.replace("  chat:", "  talk:"))) == []


def with_volume(options: str) -> str:
    return TOPOLOGY.replace(
        "    compose:\n      image: example/db", f"    volumes: {options}\n    compose:\n      image: example/db"
    )


def test_a_volume_that_has_a_name_of_its_own_is_called_by_that() -> None:
    before = with_volume("{data: {name: old-data}}")
    after = before[: before.index("  db:")] + before[before.index("  web:") :]
    ((_, message),) = grave(reviewed(before, after))
    assert message.endswith("docker volume rm old-data")


def test_a_volume_that_has_a_name_of_its_own_stays_under_another_project() -> None:
    before = with_volume("{data: {name: old-data}}")
    ((_, message),) = grave(reviewed(before, before.replace("name: demo\n", "name: other\n")))
    assert "Compose makes empty volumes other_chat-models; the data stays in demo_chat-models;" in message


def test_a_volume_of_somebody_elses_is_not_to_be_removed() -> None:
    before = with_volume("{data: {external: true, name: old-data}}")
    after = before[: before.index("  db:")] + before[before.index("  web:") :]
    assert grave(reviewed(before, after)) == []
    assert grave(reviewed(with_volume("{data: {external: true}}"), after)) == []


def test_a_volume_that_becomes_somebody_elses_leaves_its_data_behind() -> None:
    told = grave(reviewed(TOPOLOGY, with_volume("{data: {external: true}}")))
    assert told == [("one", "/data of db stays in volume demo_data; volume data is used instead, whatever it holds")]
