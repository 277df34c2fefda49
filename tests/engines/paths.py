"""Paths and requests for a gateway before Ollama: what uses models, what changes them, and what is neither."""

from __future__ import annotations

from collections.abc import Iterator

from tests.engines.gateway import Gateway

USING = (
    *("GET /", "GET /api/version", "GET /api/status", "GET /api/tags", "GET /api/ps", "POST /api/show"),
    *("POST /api/generate", "POST /api/chat", "POST /api/embed", "POST /api/embeddings"),
    *("POST /v1/chat/completions", "POST /v1/completions", "POST /v1/responses", "POST /v1/messages"),
    *("POST /v1/embeddings", "POST /v1/audio/transcriptions", "POST /v1/images/generations", "POST /v1/images/edits"),
    *("GET /v1/models", "GET /v1/models/mistral:7b", "GET /v1/models/registry.example:5000/team/coder:7b"),
)
CHANGING = ("/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete", "/api/blobs/")

ELSEWHERE = (
    *("/api", "/v1", "/api/", "/v1/", "/v1/models/", "/api/pullx", "/api/generatex", "/api/generate/", "/nothing"),
    *("/api/pull/", "/api/pull//", "/api/blobs", "/api/blobsx/sha256:1", "/api/me", "/api/signout", "/metrics"),
    *("/dashboard/", "/api/http/routers", "/api/rawdata", "/ping", "/debug/pprof/", "/API/PULL", "/Api/pull"),
    *("/api/Delete", "/API/generate", "/api%2fpull", "/%2fapi%2fpull", "/%2Fapi/pull", "/%2561pi/pull"),
    *("/api/pull%20", "/api/pull%00", "/api/pull;x", "/api/pull;/api/tags", "/api/pull%3f", "/api/pull%23"),
    *("/api/tags/..%2fpull", "/api/tags%2f..%2fpull", "/api\\pull", "/%5capi%5cpull", "/api/pull/.."),
    "http://other.example/api/pull",
)
"""Nobody's: Traefik itself answers 404, whatever the method."""

TRICKS = (
    *("//api/pull", "/api//pull", "/api/../api/pull", "/api/./pull", "/./api/pull", "/../api/pull", "/%61pi/pull"),
    *("/api/pul%6c", "/api/pull/.", "/api/pull?x=/api/tags", "/api/pull?/../tags", "/api/tags/../pull"),
    *("/api/tags/%2e%2e/pull", "/api/generate/../delete", "/v1/models/../../api/pull", "/v1/models//../../api/pull"),
    *("/v1/models/x/../../../api/delete", "/v1/models/%2e%2e/%2e%2e/api/create", "/api/blobs/../pull"),
    *("/api/blobs/../../api/copy", "http://ollama.local/api/pull", "http://ollama.local//api/push"),
)
"""Other ways to write what changes models."""

NOWHERE = (
    *("/v1/models/..%2f..%2fapi%2fpull", "/v1/models/x/..%2f..%2f..%2fapi/delete", "/v1/models/..\\..\\api\\pull"),
    *("/v1/models/%2e%2e%2f%2e%2e%2fapi%2fpull", "/api/tags?/api/pull", "/api/tags?x=/../pull", "/api/blobs/../tags"),
)
"""Look like changes to some, and are none to any instance."""


def smuggled(gateway: Gateway, inner: str) -> Iterator[str]:
    """A change inside of a request that may be made, for whoever finds the end of that one elsewhere."""
    inner = inner.replace("Connection: close\r\n", "")
    head = f"POST /api/show HTTP/1.1\r\nHost: {gateway.name}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    chunked = f"0\r\n\r\n{inner}"
    yield f"{head}Content-Length: {len(chunked)}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"
    yield f"{head}Content-Length: {len(chunked)}\r\nTransfer-Encoding : chunked\r\n\r\n{chunked}"
    yield f"{head}Content-Length: 4\r\nTransfer-Encoding: xchunked\r\n\r\n{len(inner):x}\r\n{inner}\r\n0\r\n\r\n"
    yield f"{head}Content-Length: 0\r\nContent-Length: {len(inner)}\r\n\r\n{inner}"
    yield f"{head}Content-Length: {len(inner)}\r\n\r\n{inner}"
    yield f"{head}X-Original-URL: /api/pull\r\nX-Rewrite-URL: /api/pull\r\nX-HTTP-Method-Override: DELETE\r\n\r\n"
    upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
    last = inner.replace("Content-Type", "Connection: close\r\nContent-Type")
    yield f"GET /api/tags HTTP/1.1\r\nHost: {gateway.name}\r\n{upgrade}\r\n{last}"
