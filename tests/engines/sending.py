"""A program, run inside a space: sends requests byte for byte as they are given, and prints what came back as JSON.

Reads a JSON object from its standard input: address, port, how many at a time, and a list of requests, each with its
text (Latin-1) and the address that it is sent from ("" for any). No library touches a path or a header on the way.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n(.*?)\r\n\r\n", re.DOTALL)
SECONDS = 180
"""After which silence is the end."""


def answer(address: str, port: int, text: str, source: str) -> dict[str, object]:
    """Status (0: no answer), all that came (Latin-1), and the seconds and sizes in which its pieces came."""
    pieces, times = [], []
    begun = time.monotonic()
    try:
        with socket.create_connection((address, port), SECONDS, (source, 0) if source else None) as connection:
            connection.sendall(text.encode("latin-1"))
            while piece := connection.recv(65536):
                pieces.append(piece)
                times.append(time.monotonic() - begun)
    except OSError as error:
        pieces.append(f"\n{type(error).__name__}: {error}".encode())
    came = b"".join(pieces)
    head = HEAD.match(came)
    text, sizes = came.decode("latin-1"), [len(piece) for piece in pieces]
    return {"status": int(head[1]) if head else 0, "text": text, "times": times, "sizes": sizes}


def main() -> None:
    """Every request, in order, as many at a time as wanted."""
    wanted = json.load(sys.stdin)
    with ThreadPoolExecutor(wanted["at_a_time"]) as pool:
        came = pool.map(
            lambda one: answer(wanted["address"], wanted["port"], one["text"], one["source"]), wanted["requests"]
        )
    json.dump(list(came), sys.stdout)


if __name__ == "__main__":
    main()
