"""Each rule by which Docker Compose makes a container anew, or does not."""

from __future__ import annotations

import pytest

from composegen.artifacts import Entry
from composegen.impact.compose import verdicts
from composegen.impact.model import Effect
from composegen.impact.stack import stack

BASE = """\
# What runs on host box, for `docker compose` in /opt/demo.
name: demo
services:
  one:
    image: example/one:1
    environment: {A: "1"}
    volumes: [{type: volume, source: data, target: /data}, {type: bind, source: ./file, target: /file}]
  two: {image: example/two:1, network_mode: "service:one"}
  three: {image: example/three:1, volumes_from: ["two:ro"]}
  four: {image: example/four:1, networks: [back], depends_on: {one: {condition: service_started, restart: true}}}
  idle: {image: example/one:1, scale: 0}
  rare: {image: example/rare:1, profiles: [rare]}
volumes:
  data: {}
networks:
  back: {}
"""


def happens(*replaced: tuple[str, str], version: str = "2.20") -> dict[str, Effect]:
    """What happens to each service when the text of the file is replaced so."""
    after = BASE
    for old, new in replaced:
        assert old in after, old
        after = after.replace(old, new)
    before, planned = stack(Entry(data=BASE.encode())), stack(Entry(data=after.encode()))
    return {name: one.effect for name, one in verdicts(before, planned, version).items()}


SHARED = {"two": Effect.RECREATE, "three": Effect.RECREATE, "four": Effect.RESTART}


@pytest.mark.parametrize(
    "new",
    [
        "image: example/one:2",
        "image: example/one:1\n    labels: {a: b}",
        "image: example/one:1\n    deploy: {}",
        "image: example/one:1\n    stop_grace_period: 1m",
    ],
)
def test_another_definition_and_who_shares_with_it(new: str) -> None:
    assert happens(("image: example/one:1\n", f"{new}\n")) == {"one": Effect.RECREATE} | SHARED


@pytest.mark.parametrize(
    "new",
    [
        "image: example/one:1\n    pull_policy: always",
        "image: example/one:1\n    build: {context: .}",
        "image: example/one:1\n    x-note: free",
        "image: example/one:1\n    depends_on: [four]",
    ],
)
def test_what_the_hash_does_not_see(new: str) -> None:
    assert happens(("image: example/one:1\n", f"{new}\n")) == {"one": Effect.NONE}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('environment: {A: "1"}', "environment: [A=1]"),
        ("{type: bind, source: ./file, target: /file}", '"./file:/file"'),
        ("{type: volume, source: data, target: /data}", '"data:/data"'),
    ],
)
def test_the_same_in_another_form(old: str, new: str) -> None:
    assert happens((old, new)) == {"one": Effect.NONE}


def test_comments_order_and_quotes_are_nothing() -> None:
    assert happens(("services:", "# a comment\nservices:"), ("image: example/four:1", 'image: "example/four:1"')) == {}


@pytest.mark.parametrize("stated", ["scale: {}", "deploy: {{replicas: {}}}"])
@pytest.mark.parametrize(
    ("old", "new", "effect"), [(1, 2, "CREATE"), (0, 2, "CREATE"), (3, 2, "REMOVE"), (2, 0, "REMOVE")]
)
def test_more_or_fewer_containers_of_a_service(stated: str, old: int, new: int, effect: str) -> None:
    texts = (f"image: example/one:1\n    {stated.format(count)}\n" for count in (old, new))
    before, after = (stack(Entry(data=BASE.replace("image: example/one:1\n", text).encode())) for text in texts)
    assert {name: seen.effect for name, seen in verdicts(before, after, "5.6").items()} == {"one": Effect[effect]}


def test_who_shares_the_network_of_one_that_starts_again_is_started_again_by_hand() -> None:
    networks = ("example/one:1\n", "example/one:1\n    networks: [back]\n")
    texts = (BASE.replace(*networks).replace("back: {}", f"back: {{internal: {one}}}") for one in ("true", "false"))
    before, after = (stack(Entry(data=text.encode())) for text in texts)
    found = verdicts(before, after, "5.6")
    assert {name: one.effect for name, one in found.items()} == dict.fromkeys(("one", "two", "four"), Effect.RESTART)
    assert found["two"].why == "loses the network of one, which starts again"


def test_a_volume_or_network_of_another_definition() -> None:
    options = ("data: {}", "data: {driver_opts: {type: tmpfs, device: tmpfs}}")
    assert happens(options) == {"one": Effect.RECREATE} | SHARED
    network = ("back: {}", "back: {internal: true}")
    assert happens(network) == {"four": Effect.RECREATE}
    assert happens(network, version="5.6") == {"four": Effect.RESTART}, "from 5.2 on the container stays"
    assert happens(("data: {}", "data: {driver: local}"), ("back: {}", "back: {driver: bridge}")) == {}


def test_who_starts_again_and_shares_with_one_made_anew_is_made_anew_too() -> None:
    shared = BASE.replace("example/four:1,", 'example/four:1, ipc: "service:one",')
    changed = shared.replace("example/one:1", "example/one:2").replace("back: {}", "back: {internal: true}")
    before, after = (stack(Entry(data=text.encode())) for text in (shared, changed))
    found = verdicts(before, after, "5.6")["four"]
    assert (found.effect, found.why) == (Effect.RECREATE, "shares with one")


def test_new_gone_and_not_run() -> None:
    new = ("  idle:", "  new: {image: example/new:1}\n  idle:")
    assert happens(new) == {"new": Effect.CREATE}
    assert happens(("  four: ", "  five: "))["four"] == Effect.REMOVE
    assert happens(("scale: 0", "scale: 0, init: true")) == {"idle": Effect.NONE}
    assert happens((", scale: 0", "")) == {"idle": Effect.CREATE}
    assert happens(("example/rare:1", "example/rare:2")) == {"rare": Effect.NONE}
    assert happens(("image: example/four:1", "image: example/four:1, scale: 0"))["four"] == Effect.REMOVE
    assert happens(("image: example/four:1", "image: example/four:1, profiles: [x]")) == {"four": Effect.NONE}


def test_a_project_of_another_name_is_all_new() -> None:
    assert set(happens(("name: demo", "name: other")).values()) == {Effect.RECREATE}


def test_a_secret_or_config_of_another_definition_is_not_seen() -> None:
    for kind in ("secrets", "configs"):
        before = BASE.replace("image: example/one:1\n", f"image: example/one:1\n    {kind}: [key]\n")
        old, new = (stack(Entry(data=f"{before}{kind}: {{key: {{file: {one}}}}}\n".encode())) for one in "ab")
        found = verdicts(old, new, "5.6")
        assert {name: one.effect for name, one in found.items()} == {"one": Effect.RECREATE}
        assert found["one"].why.startswith("Compose does not see")


def test_another_folder_moves_what_is_mounted_from_it() -> None:
    assert happens(("in /opt/demo", "in /srv/demo")) == {"one": Effect.RECREATE} | SHARED


@pytest.mark.parametrize("data", [b"\xff", b"a: [", b"- 1\n", b"", b"a: *x\n", b"a: !x 1\n"])
def test_what_is_no_compose_file_is_said_to_be_none(data: bytes) -> None:
    assert not stack(Entry(data=data)).readable
