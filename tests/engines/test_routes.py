"""A real Traefik with the rendered files before real Ollama servers: what comes to which of them, and what does not.

It is the sample nfs-replicas: a writer with weight 1 and three readers with weight 2; NFS is a folder common to all.
Which instance was asked is read from the instances' own logs. Answers that take long come from real Ollama servers
that may use a hundredth of a processor.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.gateway import Gateway, Log, credentials
from tests.engines.lab import Lab
from tests.engines.long_answers import (
    FREE,
    LONG,
    LONGEST,
    STANDSTILL,
    STREAMS,
    LongAnswers,
    around_the_standstill,
    asked_slowly,
    is_whole,
    model,
    question,
)
from tests.engines.moved import Topology
from tests.engines.paths import CHANGING, ELSEWHERE, NOWHERE, TRICKS, USING, smuggled
from tests.engines.site import ADMIN, PASSWORD
from tests.engines.space import wait_until

pytestmark = pytest.mark.engine

Proof = Callable[[str], None]

WEIGHTS = {
    ("server80", "ollama-1"): 1,
    ("server84", "ollama-1"): 2,
    ("server84", "ollama-2"): 2,
    ("server84", "ollama-3"): 2,
}
WRITER = ("server80", "ollama-1")
ROUNDS = 50
CLIENTS = 8
STRANGER = "10.77.0.9"
"""An address that the gateway's list of those who may change models does not hold."""
LARGE = (1 << 31) + 1


@pytest.fixture(scope="module")
def gateway(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    site = lab.site("nfs-replicas", tmp_path_factory.mktemp("routes"), _at_a_time)
    found = Gateway(site=site, address="10.0.0.80", port=11400, name="ollama.local")
    lab.hosts([STRANGER])
    try:
        for host in site.hosts:
            site.up(host)
        made = {"model": LONG, "from": model(found), "parameters": FREE, "stream": False}
        (answer,) = found.ask([found.request("POST", "/api/create", json.dumps(made), credentials())])
        assert answer.status == 200, answer.text
        wait_until(lambda: _everybody_answers(found), "the gateway uses all instances, and all have loaded the model")
        yield found
    finally:
        site.down()


def _at_a_time(topology: Topology) -> None:
    """No request waits for another one, wherever they come to."""
    topology["services"]["ollama"]["environment"]["OLLAMA_NUM_PARALLEL"] = 4


def _everybody_answers(gateway: Gateway) -> bool:
    before = gateway.seen()
    replies = gateway.ask([question(gateway, 4)] * sum(WEIGHTS.values()))
    return all(one.status == 200 for one in replies) and all(gateway.seen_since(before).values())


def changes(log: Log) -> dict[tuple[str, str], int]:
    """How many calls that change models each instance was sent; instances without any are left out."""
    counts = {
        instance: sum(n for one, n in seen.items() if one.path.startswith(CHANGING)) for instance, seen in log.items()
    }
    return {instance: n for instance, n in counts.items() if n}


def only_looked_at(log: Log) -> bool:
    """Whether no instance did anything but say that there is no such path or method."""
    return all(one.status in {400, 404, 405} or one.method == "HEAD" for seen in log.values() for one in seen)


@pytest.mark.proves("Requests are spread over all instances by their weights", "Traefik", "Ollama")
def test_requests_are_spread_by_weight(gateway: Gateway, proof: Proof) -> None:
    before = gateway.seen()
    replies = gateway.ask([question(gateway, 4)] * ROUNDS * sum(WEIGHTS.values()), clients=CLIENTS)
    assert Counter(one.status for one in replies) == {200: len(replies)}
    counts = {instance: sum(seen.values()) for instance, seen in gateway.seen_since(before).items()}
    spread = ", ".join(f"{counts[one]} (weight {weight})" for one, weight in WEIGHTS.items())
    proof(f"{len(replies)} requests by {CLIENTS} clients: {spread}")
    # Traefik deals by weight, not by chance: a round may begin anywhere, and nothing else differs.
    assert sum(counts.values()) == len(replies)
    assert all(abs(counts[one] - ROUNDS * weight) <= 1 for one, weight in WEIGHTS.items()), spread


@pytest.mark.proves("Every path that uses models comes to an instance", "Traefik", "Ollama")
def test_every_path_that_uses_models_comes_to_an_instance(gateway: Gateway, proof: Proof) -> None:
    before = gateway.seen()
    asked = [gateway.request(*call.split(" ", 1), "{}" if call.startswith("POST") else "") for call in USING]
    replies = dict(zip(USING, gateway.ask(asked), strict=True))
    seen = {one.path for log in gateway.seen_since(before).values() for one in log}
    # Health checks ask the same as some clients do; what these get is an answer of Ollama.
    probes = {"GET /": "Ollama is running", "GET /api/version": "version", "GET /api/ps": "models"}
    for call, reply in replies.items():
        path = call.split(" ", 1)[1]
        assert probes[call] in reply.text if call in probes else path in seen, f"{call}: {reply.text}"
    assert changes(gateway.seen_since(before)) == {}
    proof(f"{len(USING)} paths")


def changing(gateway: Gateway, *headers: str) -> list[str]:
    """One call of every kind that changes models; each succeeds when those before it have."""
    spare = gateway.site.lab.registry.push("team/spare:1", seed=98)
    copied = f"{gateway.site.lab.registry.host}/team/copied:1"
    blob = "a blob"
    digest = f"sha256:{hashlib.sha256(blob.encode()).hexdigest()}"
    calls: list[tuple[str, str, Any]] = [
        ("POST", "/api/pull", {"model": spare, "insecure": True, "stream": False}),
        ("POST", "/api/copy", {"source": spare, "destination": copied}),
        ("POST", "/api/push", {"model": copied, "insecure": True, "stream": False}),
        ("POST", "/api/create", {"model": "made", "from": copied, "stream": False}),
        ("DELETE", "/api/delete", {"model": copied}),
        ("POST", f"/api/blobs/{digest}", blob),
        ("HEAD", f"/api/blobs/{digest}", ""),
    ]
    texts = [(method, path, body if isinstance(body, str) else json.dumps(body)) for method, path, body in calls]
    return [gateway.request(method, path, body, *headers) for method, path, body in texts]


SPOOFED = ("X-Forwarded-For: 10.0.0.80", "X-Real-Ip: 10.0.0.80", "Forwarded: for=10.0.0.80")


@pytest.mark.parametrize(
    ("headers", "source", "status"),
    [
        pytest.param((), "", 401, id="nobody"),
        pytest.param((credentials(password="wrong"),), "", 401, id="a-wrong-password"),
        pytest.param((credentials(user="root"),), "", 401, id="a-wrong-name"),
        pytest.param(("Authorization: Bearer lab",), "", 401, id="another-way"),
        pytest.param((credentials(),), STRANGER, 403, id="another-address"),
        pytest.param((credentials(), *SPOOFED), STRANGER, 403, id="another-address-that-names-a-right-one"),
    ],
)
@pytest.mark.proves(
    "Who has no right to change models is refused, by credentials (401) and by address (403)", "Traefik", "Ollama"
)
def test_who_may_not_change_models_is_refused(
    gateway: Gateway, headers: tuple[str, ...], source: str, status: int
) -> None:
    before = gateway.seen()
    replies = gateway.ask(changing(gateway, *headers), source=source)
    assert [one.status for one in replies] == [status] * len(replies)
    assert not any(gateway.seen_since(before).values())


@pytest.mark.proves(
    "Pull, copy, push, create, delete and blobs come to the instance that writes, and to no other", "Traefik", "Ollama"
)
def test_changes_come_to_the_writer_only(gateway: Gateway, proof: Proof) -> None:
    before = gateway.seen()
    asked = changing(gateway, credentials())
    replies = gateway.ask(asked)
    assert [one.status for one in replies] == [200, 200, 200, 200, 200, 201, 200], [one.text for one in replies]
    assert changes(gateway.seen_since(before)) == {WRITER: len(asked)}
    for instance in gateway.site.instances:
        told = gateway.site.lab.ask(f"{gateway.site.url(instance)}/api/tags").json["models"]
        names = {one["name"] for one in told}
        assert "made:latest" in names, f"{instance.name} on {instance.host.name}: {names}"
        assert not any(name.endswith("team/copied:1") for name in names), names
    proof(f"{len(asked)} calls, none of them at the {len(WEIGHTS) - 1} readers")


@pytest.mark.proves("Other host names and other paths are answered with 404", "Traefik", "Ollama")
def test_everything_else_is_not_found(gateway: Gateway, proof: Proof) -> None:
    before = gateway.seen()
    methods = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PULL")
    asked: list[tuple[str, str, str | None]] = [(method, path, None) for method in methods for path in ELSEWHERE]
    names = ("", "10.0.0.80", "localhost", "other.example", "x.ollama.local", "ollama.local.evil", "a,ollama.local")
    asked += [(method, path, name) for name in names for method, path in (("POST", "/api/pull"), ("GET", "/api/tags"))]
    requests = [gateway.request(method, path, "", credentials(), name=name) for method, path, name in asked]
    for one, reply in zip(asked, gateway.ask(requests, clients=CLIENTS), strict=True):
        assert reply.status == 404, f"{one}: {reply.text}"
    assert not any(gateway.seen_since(before).values())
    proof(f"{len(asked)} requests with right credentials, all 404, none seen by an instance")


@pytest.mark.parametrize("who", ["nobody", "who-may"])
@pytest.mark.proves("No spelling of a path or head brings a change past the credentials, or to a reader", "Traefik")
def test_no_spelling_comes_past_the_credentials_or_to_a_reader(gateway: Gateway, who: str, proof: Proof) -> None:
    before = gateway.seen()
    headers = [credentials()] if who == "who-may" else []
    body = json.dumps({"model": f"{gateway.site.lab.registry.host}/team/none:1", "insecure": True, "stream": False})
    methods = ("POST", "DELETE", "PUT", "HEAD", "OPTIONS", "post")
    asked = [(method, path) for method in methods for path in (*TRICKS, *NOWHERE)]
    replies = gateway.ask([gateway.request(*one, body, *headers) for one in asked], clients=CLIENTS)
    hidden = [*smuggled(gateway, gateway.request("POST", "/api/pull", body, *headers))]
    answers = [*zip(asked, replies, strict=True)]
    log = gateway.seen_since(before)
    if who == "nobody":
        assert all(reply.status == 401 for one, reply in answers if one[1] in TRICKS), answers
        assert changes(log) == {}
    else:
        assert set(changes(log)) == {WRITER}
    assert only_looked_at({instance: seen for instance, seen in log.items() if instance != WRITER}), log

    before = gateway.seen()
    gateway.ask(hidden)
    assert set(changes(gateway.seen_since(before))) <= ({WRITER} if headers else set())
    proof(f"{len(asked) + len(hidden)} requests by {who.replace('-', ' ')}")


@pytest.fixture(scope="module")
def long_answers(gateway: Gateway) -> LongAnswers:
    return asked_slowly(gateway)


@pytest.mark.parametrize("number", STREAMS)
@pytest.mark.proves(
    "A stream arrives token by token, of /api/generate and of /v1/chat/completions: nothing is held back on the way",
    "Traefik",
    "Ollama",
)
def test_a_stream_arrives_token_by_token(long_answers: LongAnswers, number: int, proof: Proof) -> None:
    stream = long_answers.replies[number]
    seconds, before, after = around_the_standstill(stream)
    assert seconds > STANDSTILL - 1, f"the longest pause is {seconds} s"
    held = [moment for moment in after if moment < long_answers.stopped + STANDSTILL / 2]
    proof(f"{len(before)} tokens before a standstill of {seconds:.0f} s, {len(held)} of them came after it")
    # One may have been on its way inside of Ollama.
    assert len(before) > 100
    assert len(held) < 3


@pytest.mark.proves("An answer that is silent for more than 60 s is not cut", "Traefik", "Ollama")
def test_a_long_silence_is_not_cut(long_answers: LongAnswers, proof: Proof) -> None:
    silent = long_answers.replies[1]
    assert silent.status == 200, silent.text
    assert is_whole(silent), silent.text[-500:]
    proof(f"{silent.times[0]:.0f} s before its first byte")
    assert silent.times[0] > LONGEST


@pytest.mark.parametrize("number", STREAMS)
@pytest.mark.proves("A stream that goes on for more than 60 s is not cut", "Traefik", "Ollama")
def test_a_long_stream_is_not_cut(long_answers: LongAnswers, number: int, proof: Proof) -> None:
    stream = long_answers.replies[number]
    assert stream.status == 200, stream.text
    assert is_whole(stream), stream.text[-500:]
    proof(f"{stream.times[-1]:.0f} s, {len(stream.times)} pieces")
    assert stream.times[-1] > LONGEST
    # It came slowly, not at the end.
    assert {int(second // 15) for second in stream.times} >= set(range(LONGEST // 15))


def upload(gateway: Gateway, size: int, digest: str) -> Any:
    """What came of a blob that was sent to the gateway in chunks; its digest as it was stated."""
    place = (gateway.address, str(gateway.port), gateway.name, f"{ADMIN}:{PASSWORD}")
    program = (sys.executable, "-I", Path(__file__).with_name("uploading.py"))
    done = gateway.site.lab.run(*program, *place, str(size), digest, seconds=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.proves("A blob of 2 GiB comes through the gateway whole", "Traefik", "Ollama")
def test_a_large_blob_comes_through(gateway: Gateway, proof: Proof) -> None:
    before = gateway.seen()
    blobs = gateway.site.folder / "stores" / "models" / "blobs"
    answer = upload(gateway, LARGE, "right")
    try:
        assert answer["status"] == 201, answer
        stored = blobs / answer["digest"].replace(":", "-")
        assert stored.stat().st_size == LARGE
    finally:
        for path in blobs.iterdir():
            if path.stat().st_size >= LARGE:
                path.unlink()
    assert changes(gateway.seen_since(before)) == {WRITER: 1}
    wrong = upload(gateway, 1000, "wrong")
    assert wrong["status"] == 400, wrong
    assert "digest mismatch" in wrong["text"]
    proof(f"{LARGE} bytes in chunks, as `ollama create` sends them; its digest is checked")
