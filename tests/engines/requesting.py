"""A program, run inside a space: sends one HTTP request and prints what came back as JSON.

Reads a JSON object with url, method, headers and body from its standard input. Uses nothing but the standard library.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import urllib.error
import urllib.request


def answer(wanted: dict[str, object]) -> dict[str, object]:
    """Status, headers, text, and the seconds after which each line of the text came; status 0: there was no answer."""
    body = wanted["body"]
    request = urllib.request.Request(  # noqa: S310
        str(wanted["url"]),
        data=None if body is None else str(body).encode(),
        headers=dict(wanted["headers"]),  # type: ignore[call-overload]
        method=str(wanted["method"]),
    )
    unchecked = ssl._create_unverified_context()  # noqa: S323
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=unchecked), _NoRedirect())
    begun = time.monotonic()
    try:
        came = opener.open(request, timeout=float(str(wanted["seconds"])))
    except urllib.error.HTTPError as error:
        came = error
    except OSError as error:
        return {"status": 0, "headers": {}, "text": str(error), "times": []}
    lines, times = [], []
    for line in came:
        lines.append(line.decode(errors="replace"))
        times.append(time.monotonic() - begun)
    return {"status": came.status, "headers": dict(came.headers), "text": "".join(lines), "times": times}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))
