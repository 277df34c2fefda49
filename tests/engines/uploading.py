"""A program, run inside a space: uploads a large blob of zeros as `ollama create` does, and prints the answer as JSON.

Arguments: address, port, host name, user:password, bytes, and "right" or "wrong" for the digest that it states.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import sys
from collections.abc import Iterator

PIECE = bytes(1 << 20)


def pieces(size: int) -> Iterator[bytes]:
    """Zeros, never more than a piece of them at once."""
    yield from (PIECE for _ in range(size // len(PIECE)))
    yield PIECE[: size % len(PIECE)] or PIECE[:0]


def main(address: str, port: str, host: str, credentials: str, size: str, digest: str) -> None:
    """Send it in chunks, without saying how long it is: so does Ollama's client."""
    summed = hashlib.sha256()
    for piece in pieces(int(size) if digest == "right" else 1):
        summed.update(piece)
    said = f"sha256:{summed.hexdigest()}"
    connection = http.client.HTTPConnection(address, int(port), timeout=300)
    sent = {
        "Host": host,
        "Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}",
        "Transfer-Encoding": "chunked",
    }
    connection.request("POST", f"/api/blobs/{said}", pieces(int(size)), sent, encode_chunked=True)
    came = connection.getresponse()
    json.dump({"status": came.status, "text": came.read().decode(errors="replace"), "digest": said}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
