"""A registry in a space, and the models in it.

Ollama takes a blob only from a redirect to another host name, so the registry sends its clients to a file server at a
second address. Models get there as users bring theirs: `ollama create`, `ollama cp`, `ollama push`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.engines import binaries, versions
from tests.engines.programs import run
from tests.engines.space import Running, Space, wait_until
from tests.engines.stored import content_hash, stored

ADDRESS = "10.77.0.1"
BLOBS_ADDRESS = "10.77.0.2"
PORT = 5000
PUSHING = "127.0.0.1:11999"
TINY_MODEL = Path(__file__).with_name("tiny_model.py")


@cache
def tiny_model(seed: int = 1) -> Path:
    """A GGUF file of about 480 kB; another seed has other weights, so other digests."""

    def package(folder: Path) -> None:
        run([sys.executable, "-m", "pip", "install", "-q", "--target", folder, f"gguf=={versions.GGUF}"])

    def make(folder: Path) -> None:
        path = {"PYTHONPATH": str(stored("gguf", versions.GGUF, package))}
        run([sys.executable, TINY_MODEL, folder / "tiny.gguf", str(seed)], environment=path)

    return stored(f"tiny-model-{seed}", content_hash(TINY_MODEL), make) / "tiny.gguf"


@dataclass(kw_only=True)
class ModelRegistry:
    """A registry that runs; `host` is how its models' names begin."""

    space: Space
    folder: Path
    host: str = f"{ADDRESS}:{PORT}"
    _programs: dict[str, Running] = field(default_factory=dict)
    _built: set[int] = field(default_factory=set)
    _pushed: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Start it, or start it again: what was pushed is still there."""
        data = self.folder / "registry"
        data.mkdir(exist_ok=True)
        (self.folder / "registry.yaml").write_text(
            "version: 0.1\n"
            f"storage: {{filesystem: {{rootdirectory: {data}}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '{self.host}', secret: lab}}\n"
            f"middleware: {{storage: [{{name: redirect, options: {{baseurl: 'http://{BLOBS_ADDRESS}:{PORT}/'}}}}]}}\n"
        )
        serve: list[str | Path] = [
            sys.executable,
            Path(__file__).with_name("serving_files.py"),
            data,
            BLOBS_ADDRESS,
            str(PORT),
        ]
        registry: list[str | Path] = [binaries.registry(), "serve", self.folder / "registry.yaml"]
        for name, command in (("files", serve), ("registry", registry)):
            log = self.folder / f"{name}.log"
            environment = {"OTEL_TRACES_EXPORTER": "none"}
            self._programs[name] = self.space.start(*command, log=log, environment=environment)
        wait_until(self.answers, "the registry answers")

    def stop(self) -> None:
        """Take it away, as when it is down; `start` brings it back."""
        for running in self._programs.values():
            running.stop()
        self._programs.clear()

    def answers(self) -> bool:
        """Whether it can be reached."""
        probe = f"exec 3<>/dev/tcp/{ADDRESS}/{PORT} && exec 4<>/dev/tcp/{BLOBS_ADDRESS}/{PORT}"
        return self.space.run("bash", "-c", probe).returncode == 0

    @property
    def asked(self) -> list[str]:
        """The models whose manifest clients fetched, in order, as `team/tiny:1`."""
        log = (self.folder / "registry.log").read_text(errors="replace")
        found = re.findall(r'"GET /v2/(\S+)/manifests/(\S+) HTTP[^"]*" 200', log)
        return [f"{name}:{tag}" for name, tag in found]

    def push(self, name: str, seed: int = 1) -> str:
        """Put a tiny model into the registry as `name`, such as `team/tiny:1`; its whole name for `ollama pull`."""
        whole = f"{self.host}/{name}"
        if whole not in self._pushed:
            self._server()
            if seed not in self._built:
                self._build(seed)
            self._ollama("cp", f"tiny{seed}", whole)
            self._ollama("push", "--insecure", whole)
            self._pushed.add(whole)
        return whole

    def _build(self, seed: int) -> None:
        modelfile = self.folder / f"Modelfile{seed}"
        modelfile.write_text(
            f"FROM {tiny_model(seed)}\nPARAMETER num_ctx 512\nPARAMETER num_thread 1\nPARAMETER temperature 0\n"
        )
        self._ollama("create", f"tiny{seed}", "-f", str(modelfile))
        self._built.add(seed)

    def _server(self) -> None:
        if "pushing" not in self._programs:
            home = self.folder / "pushing"
            home.mkdir(exist_ok=True)
            environment = {"HOME": str(home), "OLLAMA_HOST": PUSHING}
            log = self.folder / "pushing.log"
            self._programs["pushing"] = self.space.start(binaries.ollama(), "serve", log=log, environment=environment)
            wait_until(lambda: self._run("ps").returncode == 0, "the Ollama that pushes answers")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        home = {"HOME": str(self.folder / "pushing"), "OLLAMA_HOST": PUSHING}
        return self.space.run(binaries.ollama(), *arguments, environment=home)

    def _ollama(self, *arguments: str) -> None:
        done = self._run(*arguments)
        assert done.returncode == 0, f"ollama {' '.join(arguments)}\n{done.stdout}{done.stderr}"
