"""A stand-in for the comments of GitHub's and GitLab's API, on this machine alone. It knows one pull request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(kw_only=True)
class Api:
    """What the server has, and what it was asked. `refuses` is the status that every writing request gets."""

    many: str
    """Path below which the comments are, as a regular expression."""
    one: str
    """Path of one comment, its number in a group."""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refuses: int = 0
    address: str = ""

    @property
    def written(self) -> list[str]:
        """The writing requests, by method."""
        return [method for method, _ in self.asked if method != "GET"]

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], content: Any) -> tuple[int, object]:
        """Status and document."""
        self.asked.append((method, path))
        if method == "GET" and re.fullmatch(self.many, path):
            size, page = (int(query.get(name, ["20"])[0]) for name in ("per_page", "page"))
            return 200, self.comments[size * (page - 1) : size * page]
        if method == "GET":
            return 404, {}
        if self.refuses:
            return self.refuses, {"message": "refused"}
        if method == "POST" and re.fullmatch(self.many, path):
            self.comments.append({"id": 1000 + len(self.comments), **content})
            return 201, self.comments[-1]
        found = re.fullmatch(self.one, path)
        for comment in self.comments:
            if found and method in {"PATCH", "PUT"} and comment["id"] == int(found[1]):
                comment.update(content)
                return 200, comment
        return 404, {}


@contextmanager
def serving(api: Api) -> Iterator[Api]:
    """The API on a free port of the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else None
            api.tokens.add(self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or "")
            status, document = api.answer(self.command, parts.path, parse_qs(parts.query), content)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - the names are the library's

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
