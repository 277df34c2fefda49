"""A program, run inside a space: asks a model steadily until a file appears, and prints how that went as JSON.

Arguments: host, port, model, clients, the file that ends it, the seconds after which it ends anyway, and the seconds
that a client waits for more of an answer. Half of the clients ask for streams. Head and body go out in one packet: a
server in Go may cut an answer that begins before it has seen the end of the body (golang/go#40747), which would be
counted here as a loss that nobody caused.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TOKENS = (4, 60)
"""Of a short answer, and of a stream."""

PAUSE = 0.05
"""Seconds between an answer and the next request of a client, so that processors are left for what else goes on."""


@dataclass(kw_only=True)
class Tally:
    """What the clients have seen together."""

    sent: int = 0
    streams: int = 0
    slowest: float = 0
    lost: list[dict[str, object]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, *, stream: bool, begun: float, fault: str) -> None:
        with self.lock:
            self.sent += 1
            self.streams += stream
            if not fault:
                self.slowest = max(self.slowest, time.time() - begun)
            else:
                self.lost.append({"begun": begun, "ended": time.time(), "stream": stream, "fault": fault})


def question(host: str, port: int, model: str, *, stream: bool) -> bytes:
    """A whole request."""
    options = {"num_thread": 1, "num_ctx": 512, "num_predict": TOKENS[stream]}
    body = json.dumps({"model": model, "prompt": "Hi", "stream": stream, "options": options}).encode()
    head = f"POST /api/generate HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def fault_of(host: str, port: int, request: bytes, patience: float) -> str:
    """What was wrong with the answer to a request; "" for a whole one."""
    try:
        with socket.create_connection((host, port), timeout=patience) as connection:
            connection.sendall(request)
            came = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    if not came.startswith(b"HTTP/1.1 200 "):
        return came.decode(errors="replace")[:200] or "no answer"
    return "" if b'"done":true' in came else f"cut after {len(came)} bytes"


def ask(
    tally: Tally,
    address: tuple[str, int],
    request: bytes,
    *,
    stream: bool,
    goes_on: Callable[[], bool],
    patience: float,
) -> None:
    """One client: a request after the other."""
    while goes_on():
        begun = time.time()
        fault = fault_of(*address, request, patience)
        tally.count(stream=stream, begun=begun, fault=fault)
        time.sleep(PAUSE)


def main(host: str, port: str, model: str, clients: str, ends: str, seconds: str, patience: str) -> None:
    """All clients, until the end; then what they have seen."""
    tally = Tally()
    deadline = time.monotonic() + float(seconds)
    address = (host, int(port))

    def goes_on() -> bool:
        return not Path(ends).exists() and time.monotonic() < deadline

    def client(number: int) -> None:
        stream = bool(number % 2)
        request = question(*address, model, stream=stream)
        ask(tally, address, request, stream=stream, goes_on=goes_on, patience=float(patience))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(int(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {"sent": tally.sent, "streams": tally.streams, "slowest": tally.slowest, "lost": tally.lost}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
