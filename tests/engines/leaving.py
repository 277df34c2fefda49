"""A program, run inside a space: sends a request, reads the first byte of the answer and goes away; several at a time.

Reads a JSON object from its standard input: address, port, text of the request, how many times, how many at a time.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

SECONDS = 5
"""After which nothing more is waited for."""


def leave(address: str, port: int, text: str) -> None:
    """One request; an answer that does not come is left, too."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), SECONDS) as connection:
        connection.sendall(text.encode())
        connection.recv(1)


def main() -> None:
    """As many as wanted."""
    wanted = json.load(sys.stdin)
    with ThreadPoolExecutor(wanted["at_a_time"]) as pool:
        list(pool.map(lambda _: leave(wanted["address"], wanted["port"], wanted["text"]), range(wanted["times"])))


if __name__ == "__main__":
    main()
