"""The line of the topology that is named as the reason, where that is not the one next to it; words of the gateway."""

from __future__ import annotations

import pytest

from composegen.changes import compare
from composegen.findings import Location
from composegen.impact.assess import assess
from composegen.impact.model import Effect, Review
from composegen.manifest import owned
from tests.impacting import compiled, edited, reviewed

TOPOLOGY = """\
name: demo
hosts:
  one: {address: 10.0.0.1, gpus: {vendor: amd, devices: ["0", "1"]}}
  two: {address: 10.0.0.2}
services:
  chat:
    image: ollama/ollama:0.32.15
    models: [mistral:7b]
    hosts:
      one: {instances: 2, gpus: one-each}
apps:
  db:
    host: one
    compose: {image: "example/db:1", volumes: ["data:/data"]}
  web:
    host: two
    compose: {image: "example/web:1"}
gateway:
  host: one
  hostname: chat.example
  traefik: {version: "3.7.15", run: true}
  tls: {certificate: secrets/a.crt, key: secrets/a.key}
  admin: {users: secrets/users, allow: [10.0.0.0/24]}
patches:
  - {hosts: [one], file: traefik/traefik.yaml, match: log.level, set: WARN}
"""


def lines(review: Review, topology: str) -> dict[str, str]:
    """What is said of each service, and the line that is named for it."""
    document = compiled(topology).document
    assert document is not None

    def line(cause: Location | None) -> str:
        return document.line(document.locate(cause).line).strip() if cause else ""

    told = {one.summary or one.subject: line(one.cause) for one in review.impacts if one.subject}
    parts = (part for one in review.impacts for part in one.differences if one.file.name == "compose.yaml")
    return told | {part.summary: line(part.cause) for part in parts}


def reviewed_lines(before: str, after: str) -> dict[str, str]:
    """The same of a change, where nothing is known of the topology as it was."""
    return lines(reviewed(before, after, old_plan=False), after)


@pytest.mark.slow
def test_limits_come_from_compose_keys() -> None:
    after = TOPOLOGY.replace("    models:", "    memory: 8GiB\n    compose: {cpus: 4, pids_limit: 99}\n    models:")
    found = reviewed_lines(TOPOLOGY, after)
    assert found["+ cpus 4"] == found["+ pids 99"] == "compose: {cpus: 4, pids_limit: 99}"
    assert found["+ memory 8GiB"] == "memory: 8GiB"


@pytest.mark.slow
def test_which_gpus_comes_from_the_placement() -> None:
    after = TOPOLOGY.replace("{instances: 2, gpus: one-each}", "{instances: 1, gpus: all}")
    assert reviewed_lines(TOPOLOGY, after)["- ROCR_VISIBLE_DEVICES 0"] == "one: {instances: 1, gpus: all}"


@pytest.mark.slow
def test_how_models_are_brought_is_no_model() -> None:
    before = TOPOLOGY.replace("    hosts:\n", "    init: {attempts: 5}\n    hosts:\n")
    after = before.replace("attempts: 5", "attempts: 9")
    assert reviewed_lines(before, after)["command --attempts 5 -> 9"] == "init: {attempts: 9}"


MERGE = "  - {hosts: [one], match: services.chat-*, count: any, merge: {labels: {team: ops}}}\n"
SET = "  - {hosts: [one], match: services.db.image, set: example/db:2}\n"
ELSEWHERE = "  - {hosts: [two], match: services.web, merge: {labels: {x: 1}}}\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patches", "said", "named"),
    [
        (MERGE + ELSEWHERE, "+ labels {team: ops}", MERGE),
        (
            MERGE + MERGE.replace("[one]", "[two]").replace("chat-*", "*").replace("ops", "web"),
            "+ labels {team: ops}",
            MERGE,
        ),
        (MERGE.replace("labels: {team: ops}", "mem_swappiness: 0"), "+ mem_swappiness 0", None),
        (SET, "image 1 -> 2", SET),
        (ELSEWHERE, "+ labels {x: 1}", ELSEWHERE),
    ],
)
def test_a_patch_is_the_reason_for_what_it_writes(patches: str, said: str, named: str | None) -> None:
    after = TOPOLOGY + patches
    assert reviewed_lines(TOPOLOGY, after)[said] == (named or patches).strip()


@pytest.mark.slow
def test_a_patch_is_no_reason_for_what_it_does_not_write() -> None:
    before = TOPOLOGY + MERGE + ELSEWHERE
    found = reviewed_lines(before, before.replace("0.32.15", "0.33.0"))
    assert found["image 0.32.15-rocm -> 0.33.0-rocm"] == "image: ollama/ollama:0.33.0"
    without = lines(reviewed(TOPOLOGY + MERGE, TOPOLOGY, old_plan=False), TOPOLOGY)
    assert without["- labels {team: ops}"] != "", "the patch is gone, and something near is named"


@pytest.mark.slow
def test_an_app_that_moves_is_gone_because_of_its_host() -> None:
    after = TOPOLOGY.replace("  db:\n    host: one", "  db:\n    host: two")
    assert reviewed_lines(TOPOLOGY, after)["db"] == "host: two"


@pytest.mark.slow
def test_an_app_that_is_gone_is_looked_for_among_the_apps() -> None:
    begin, end = TOPOLOGY.index("  db:"), TOPOLOGY.index("  web:")
    after = TOPOLOGY[:begin] + TOPOLOGY[end:]
    assert reviewed_lines(TOPOLOGY, after)["db"] == "apps:"
    without = TOPOLOGY[: TOPOLOGY.index("apps:")] + TOPOLOGY[TOPOLOGY.index("gateway:") :]
    assert reviewed_lines(TOPOLOGY, without)["db"] == "", "there is no such place any more"


def test_an_instance_that_is_gone_is_looked_for_where_its_service_is_placed() -> None:
    after = TOPOLOGY[: TOPOLOGY.index("gateway:")]
    before = after.replace("      one: {inst", "      two: 1\n      one: {inst")
    review = reviewed(before, after, old_plan=False)
    gone = [one for one in review.impacts if (one.host, one.subject) == ("two", "chat-1")]
    assert [one.cause.path for one in gone if one.cause] == [("services", "chat", "hosts")]


@pytest.mark.slow
def test_files_of_the_gateway_come_from_the_section_that_names_them() -> None:
    after = TOPOLOGY.replace("secrets/a.crt", "secrets/b.crt").replace("secrets/users", "secrets/others")
    found = {words.partition(" at ")[0]: line for words, line in reviewed_lines(TOPOLOGY, after).items()}
    assert found["+ mount ./secrets/b.crt"].startswith("tls:")
    assert found["+ mount ./secrets/others"].startswith("admin:")
    assert found["- mount ./secrets/a.crt"] == "gateway:", "its number among the mounts of before says nothing"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("set: WARN", "set: DEBUG", "- {hosts: [one], file: traefik/traefik.yaml, match: log.level, set: DEBUG}"),
        ("{certificate: secrets/a.crt, key: secrets/a.key}", "{resolver: le}", "tls: {resolver: le}"),
    ],
)
def test_the_static_file_changes_because_of_what_differs_in_it(old: str, new: str, named: str) -> None:
    found = reviewed_lines(TOPOLOGY, TOPOLOGY.replace(old, new))
    assert found["Traefik's static file changes"] == named


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("chat.example", "talk.example", "hostname chat.example -> talk.example"),
        ("  tls: {certificate: secrets/a.crt, key: secrets/a.key}\n", "", "TLS off, - certificate secrets-a.crt"),
        ("a.crt", "b.crt", "certificate secrets-a.crt -> secrets-b.crt"),
        ("10.0.0.0/24", "10.1.0.0/24", "allow -10.0.0.0/24 +10.1.0.0/24"),
        ("secrets/users", "secrets/others", "users secrets-users -> secrets-others"),
        ("  tls:", "  sticky: true\n  tls:", "sticky on"),
        ("a.key", "b.key", "its key secrets-a.key -> secrets-b.key"),
        (
            "{certificate: secrets/a.crt, key: secrets/a.key}",
            "{resolver: le}",
            "+ certificate resolver le, - certificate secrets-a.crt",
        ),
    ],
)
def test_the_gateway_in_its_own_words(old: str, new: str, said: str) -> None:
    after = TOPOLOGY.replace(old, new)
    there = [one for one in reviewed(TOPOLOGY, after).impacts if one.effect is Effect.HOT_RELOAD]
    back = [one for one in reviewed(after, TOPOLOGY).impacts if one.effect is Effect.HOT_RELOAD]
    assert [one.summary for one in there] == [said]
    if new == "":
        assert [one.summary for one in back] == ["TLS on, + certificate secrets-a.crt"]


TLS = "  tls: {certificate: secrets/a.crt, key: secrets/a.key}\n"
UNPATCHED = TOPOLOGY[: TOPOLOGY.index("patches:")].replace("  two: {", "  three: {address: 10.0.0.3}\n  two: {")


@pytest.mark.parametrize("old_plan", [True, False])
def test_clients_are_told_when_tls_comes_or_goes(*, old_plan: bool) -> None:
    without = TOPOLOGY.replace(TLS, "")
    (off,) = _of_clients(reviewed(TOPOLOGY, without, old_plan=old_plan))
    assert off == "once Traefik has its new file, clients need http://chat.example:11400: https:// leads nowhere then"
    review = reviewed(without, TOPOLOGY, old_plan=old_plan)
    (on,) = _of_clients(review)
    assert on == "once Traefik has its new file, clients need https://chat.example:11400: http:// leads nowhere then"
    (cause,) = [risk.cause for risk in review.risks if risk.message == on]
    assert cause == Location(path=("gateway", "tls"))


@pytest.mark.parametrize(
    "change",
    [
        (TLS, "  tls: {resolver: le}\n"),  # another certificate
        ("chat.example", "talk.example"),  # the row says it
        ("  hostname:", "  sticky: true\n  hostname:"),
        (TOPOLOGY[TOPOLOGY.index("gateway:") :], ""),  # nobody is to come any more, or nobody came before
        ("  hostname:", "  entrypoint: {name: llm, port: 11500}\n  hostname:"),
    ],
)
def test_clients_are_told_nothing_when_tls_stays(change: tuple[str, str]) -> None:
    after = TOPOLOGY.replace(*change)
    assert after != TOPOLOGY
    assert _of_clients(reviewed(TOPOLOGY, after)) == []
    assert _of_clients(reviewed(after, TOPOLOGY)) == []


@pytest.mark.parametrize(
    "change",
    [
        ("  chat:\n", "  talk:\n"),  # no router stays
        ("name: demo\n", "name: other\n"),  # nor does the file
        ("gateway:\n  host: one", "gateway:\n  host: two"),
        ("gateway:\n  host: one", "gateway:\n  host: three"),  # the gateway is all that there is
        ("run: true", "run: false"),
        ("  one: {address: 10.0.0.1,", "  one: {address: 10.0.0.9,"),
    ],
)
def test_clients_are_told_of_tls_whatever_else_changes(change: tuple[str, str]) -> None:
    after = UNPATCHED.replace(*change)
    assert after != UNPATCHED
    for old, new in ((UNPATCHED, after), (after, UNPATCHED)):
        (on,) = _of_clients(reviewed(old.replace(TLS, ""), new))
        assert on.endswith("clients need https://chat.example:11400: http:// leads nowhere then")
        (off,) = _of_clients(reviewed(old, new.replace(TLS, "")))
        assert off.endswith("clients need http://chat.example:11400: https:// leads nowhere then")
        assert _of_clients(reviewed(old, new)) == []


def _of_clients(review: Review) -> list[str]:
    told = [risk for risk in review.risks if "clients" in risk.message]
    assert not any(risk.grave for risk in told), "no data is lost"
    return [risk.message for risk in told]


def test_clients_are_told_no_url_that_a_patch_makes_wrong() -> None:
    """Of TLS that a patch brings the plan knows nothing, nor what URL follows."""
    without = TOPOLOGY.replace(TLS, "")
    patch = "  - {hosts: [one], file: traefik/dynamic/demo.yaml, match: http.routers.*, count: any, merge: {tls: {}}}\n"
    review = reviewed(without, without + patch)
    assert any("TLS on" in one.summary for one in review.impacts)
    assert _of_clients(review) == []


def test_clients_are_told_nothing_of_tls_that_a_patch_keeps() -> None:
    patch = "  - {hosts: [one], file: traefik/dynamic/demo.yaml, match: http.routers.*, count: any, merge: {tls: {}}}\n"
    renamed = (TOPOLOGY + patch).replace(TLS, "").replace("  chat:\n", "  talk:\n")
    assert _of_clients(reviewed(TOPOLOGY, renamed)) == []
    assert _of_clients(reviewed(renamed, TOPOLOGY)) == []
    (off,) = _of_clients(reviewed(renamed, TOPOLOGY.replace(TLS, "")))
    assert "clients need http://chat.example:11400: " in off


def test_a_file_that_was_no_file_of_traefik_says_nothing_of_clients() -> None:
    old, new = compiled(TOPOLOGY.replace(TLS, "")), compiled(TOPOLOGY)
    assert old.tree is not None
    assert new.tree is not None
    broken = edited(old.tree, "one/traefik/dynamic/demo.yaml", b"{")
    review = assess(compare(new.tree, broken, owned(old.tree)), new.plan)
    assert any(one.file.name == "demo.yaml" for one in review.impacts)
    assert _of_clients(review) == []


@pytest.mark.parametrize("run", ["true", "false"])
def test_a_certificate_that_comes_or_goes_is_named_whoever_runs_traefik(run: str) -> None:
    before = UNPATCHED.replace("run: true", f"run: {run}")
    after = before.replace(TLS, "")
    (off,) = [one.summary for one in reviewed(before, after).impacts if one.effect is Effect.HOT_RELOAD]
    (on,) = [one.summary for one in reviewed(after, before).impacts if one.effect is Effect.HOT_RELOAD]
    name = "secrets-a.crt" if run == "true" else "a.crt"
    assert off.startswith(f"TLS off, - certificate {name}")
    assert on.startswith(f"TLS on, + certificate {name}")
