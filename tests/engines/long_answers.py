"""Answers of real Ollama servers that take long: the questions, and a minute in which they get hardly a processor."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tests.engines.gateway import Gateway, Reply

LONG = "long"
"""A model whose answers may be long; the likeliest token each time would end them early, as a model that hangs."""
FREE = {"temperature": 1, "top_k": 10, "seed": 1, "num_ctx": 2048, "num_thread": 1}
LONGEST = 60
"""Seconds after which proxies cut an answer, unless they are told otherwise."""
TOKENS = 4_000
"""Of an answer; several times as many as come within that minute, so that none ends before."""
STANDSTILL = 10
STREAMS = (0, 2)
"""Which of the long answers are streams."""
MADE = re.compile(r'"created_at":"([0-9T:.-]+)Z"|"created":(\d{10}),')
"""When a token was made; not where a chunk ends inside of it."""


def model(gateway: Gateway) -> str:
    return next(iter(gateway.site.moved.models.values()))


def question(gateway: Gateway, tokens: int, *, stream: bool = False) -> str:
    """To use a model, for so many tokens."""
    body = {"model": LONG, "prompt": "Hi", "stream": stream, "options": {"num_predict": tokens}}
    return gateway.request("POST", "/api/generate", json.dumps(body))


def chat(gateway: Gateway, tokens: int) -> str:
    """The same by the other API, as a stream."""
    said = [{"role": "user", "content": "Hi"}]
    body = {"model": LONG, "messages": said, "stream": True, "max_tokens": tokens, "temperature": 1, "seed": 1}
    return gateway.request("POST", "/v1/chat/completions", json.dumps(body))


@dataclass(frozen=True, kw_only=True)
class LongAnswers:
    """Of three requests at a time: an NDJSON stream, one that is silent until the end, an SSE stream."""

    replies: list[Reply]
    stopped: float
    """When Ollama stood still, by the clock."""


def asked_slowly(gateway: Gateway) -> LongAnswers:
    """Ollama gets so little of a processor that they take longer than a minute, and for a while it stands still."""
    asked = [question(gateway, TOKENS, stream=True), question(gateway, TOKENS), chat(gateway, TOKENS)]
    with ThreadPoolExecutor() as pool:
        _throttle(gateway, 0.1)
        try:
            replies = pool.submit(gateway.ask, asked, clients=3)
            time.sleep(3)
            _throttle(gateway, 0.01)
            time.sleep(LONGEST / 2)
            with _standing_still(gateway):
                stopped = time.time()
                time.sleep(STANDSTILL)
            time.sleep(LONGEST / 2 - STANDSTILL)
        finally:
            _throttle(gateway, 2)
        return LongAnswers(replies=replies.result(), stopped=stopped)


def _throttle(gateway: Gateway, processors: float) -> None:
    """Give each instance so much of them."""
    gateway.site.lab.docker("update", "--cpus", str(processors), *gateway.containers.values())


@contextmanager
def _standing_still(gateway: Gateway) -> Iterator[None]:
    """What computes stands still, what sends does not."""
    lab = gateway.site.lab
    lines = "".join(lab.docker("top", one, "-eo", "pid,args") for one in gateway.containers.values()).splitlines()
    runners = [line.split()[0] for line in lines if "runner" in line.split()[1:3]]
    assert runners, lines
    lab.must("kill", "-STOP", *runners)
    try:
        yield
    finally:
        lab.must("kill", "-CONT", *runners)


def around_the_standstill(stream: Reply) -> tuple[float, list[float], list[float]]:
    """How long the longest pause was, and when the tokens that came before and after it were made."""
    pauses = [later - sooner for sooner, later in pairwise(stream.times)] or [0.0]
    longest = max(range(len(pauses)), key=pauses.__getitem__)
    arrived = sum(stream.sizes[: longest + 1])
    made = [(found.start(), _moment(found)) for found in MADE.finditer(stream.text)]
    before = [moment for start, moment in made if start < arrived]
    return pauses[longest], before, [moment for start, moment in made if start >= arrived]


def _moment(found: re.Match[str]) -> float:
    """Whole seconds in SSE."""
    return float(found[2]) if found[2] else datetime.fromisoformat(f"{found[1]}+00:00").timestamp()


def is_whole(reply: Reply) -> bool:
    ended = reply.text.endswith("\r\n0\r\n\r\n") or "Content-Length" in reply.text.partition("\r\n\r\n")[0]
    return ended and ('"done":true' in reply.text or "data: [DONE]" in reply.text)
