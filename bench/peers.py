"""The peers: how each is installed, what it is given, and how it is run.

Each gets its own environment, outside the checkout, with the versions of `requirements/`. Each is given the work in the
form that suits it best: ready-made templates, and hosts spelled out where it could not derive them itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import notation
from bench.measure import OUT
from bench.pattern import Node
from bench.workload import SETTINGS, Size, address, host

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
REQUIREMENTS = HERE / "requirements"
Templates = Mapping[str, Sequence[Node]]


class MissingPeerError(Exception):
    """A peer cannot be installed here; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a peer is to do: write the tree of a size."""

    size: Size
    topology: Path
    templates: Templates

    @property
    def hosts(self) -> list[dict[str, object]]:
        """The hosts, spelled out."""
        return [
            {"name": host(number), "address": address(number), "number": number}
            for number in range(1, self.size.hosts + 1)
        ]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A program that can do the same work, or a part of it."""

    name: str
    prepare: Callable[[Path, Path, Work], tuple[str, ...]]
    """From its environment and an empty folder of its own to the command; makes what it reads."""
    note: str = ""
    largest: Mapping[str, str] = field(default_factory=dict)
    """Sizes that are left out, with the reason."""


def cache() -> Path:
    """Where the environments of the peers stay from run to run."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "composegen-bench"


def install(peer: Peer) -> Path:
    """The environment of a peer, made when it is not there yet. Raises MissingPeerError."""
    wanted = REQUIREMENTS / f"{peer.name}.txt"
    stamp = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:12]
    place = cache() / f"{peer.name}-{stamp}"
    if (place / "complete").exists():
        return place
    shutil.rmtree(place, ignore_errors=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", str(place)], [*pip, "--requirement", str(wanted)]):
        try:
            ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MissingPeerError(f"{error}") from error
        if ended.returncode:
            lines = [line for line in ended.stderr.splitlines() if "ERROR" in line] or ended.stderr.splitlines()
            raise MissingPeerError(f"pip: {''.join(lines[-1:])[:200]}")
    (place / "complete").touch()
    return place


def _python(place: Path) -> str:
    return str(place / "bin" / "python")


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def script(place: Path, folder: Path, work: Work) -> tuple[str, ...]:
    """The hand-written script: reads the topology itself."""
    _write(folder, {name: notation.jinja(nodes) for name, nodes in work.templates.items()})
    return (_python(place), str(PROGRAMS / "script.py"), str(work.topology), str(folder), OUT)


def _jsonnet(module: str) -> Callable[[Path, Path, Work], tuple[str, ...]]:
    def prepare(place: Path, folder: Path, work: Work) -> tuple[str, ...]:
        once = [
            f"{json.dumps(name)}: {notation.jsonnet(nodes)}"
            for name, nodes in work.templates.items()
            if not name.startswith("HOST/")
        ]
        each = [
            f"{{[host.name + {json.dumps(name[4:])}]: {notation.jsonnet(nodes)} for host in hosts[1:]}}"
            for name, nodes in work.templates.items()
            if name.startswith("HOST/")
        ]
        head = (
            f"local hosts = import 'hosts.json';\nlocal instances = {work.size.instances};\n"
            f"local settings = {json.dumps(SETTINGS)};\n"
        )
        main = head + "{" + ",\n".join(once) + "}" + "".join(f" +\n{one}" for one in each) + "\n"
        _write(folder, {"hosts.json": json.dumps(work.hosts), "main.jsonnet": main})
        return (_python(place), str(PROGRAMS / "jsonnet.py"), module, str(folder / "main.jsonnet"), OUT)

    return prepare


def helm(place: Path, folder: Path, work: Work) -> tuple[str, ...]:
    """Helm: a chart whose every file is a ConfigMap, as Helm writes nothing but documents of YAML."""
    values = {"hosts": work.hosts, "instances": work.size.instances, "settings": SETTINGS}
    files = {
        "Chart.yaml": "apiVersion: v2\nname: bench\nversion: 0.1.0\n",
        "values.yaml": "".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items()),
    }
    head = "{{- $hosts := .Values.hosts }}{{- $instances := .Values.instances }}{{- $settings := .Values.settings }}"
    for name, nodes in work.templates.items():
        # The text of a file is a block scalar, four columns in.
        text = "    " + notation.golang(nodes).replace("\n", "\n    ")
        if name.startswith("HOST/"):
            document = _config_map("{{ $host.name }}" + _slug(name.removeprefix("HOST")), name.rpartition("/")[2], text)
            body = f"{{{{ range $host := slice $hosts 1 }}}}{document}{{{{ end }}}}"
        else:
            body = _config_map("all-" + _slug(name), name.rpartition("/")[2], text)
        files[f"templates/{_slug(name)}.yaml"] = head + body
    _write(folder, files)
    return (str(place / "bin" / "helm"), "template", "bench", str(folder), "--output-dir", OUT)


def _slug(path: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in path).lower()


def _config_map(name: str, key: str, text: str) -> str:
    return f"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  {key}: |\n{text}\n"


def kapitan(place: Path, folder: Path, work: Work) -> tuple[str, ...]:
    """Kapitan: a target per host, templates in Jinja; the first host's target also has what is there once."""
    head = "".join(f"{{% set {name} = inventory.parameters.{name} %}}" for name in ("host", "instances", "settings"))
    once = "{% set hosts = inventory.parameters.hosts %}" + head
    common = {"parameters": {"instances": work.size.instances, "settings": SETTINGS}}
    files = {"inventory/classes/common.yml": json.dumps(common)}
    for name, nodes in work.templates.items():
        if name.startswith("HOST/"):
            files[f"templates/each/{name.removeprefix('HOST/')}"] = head + notation.jinja(nodes)
        else:
            files[f"templates/once/{name}"] = once + notation.jinja(nodes)
    for one in work.hosts:
        first = one["number"] == 1
        compile_ = {
            "input_type": "jinja2",
            "input_paths": [f"templates/{'once' if first else 'each'}"],
            "output_path": ".",
        }
        parameters = {"host": one, "kapitan": {"vars": {"target": one["name"]}, "compile": [compile_]}}
        if first:
            parameters["hosts"] = work.hosts
        files[f"inventory/targets/{one['name']}.yml"] = json.dumps({"classes": ["common"], "parameters": parameters})
    _write(folder, files)
    command = (str(place / "bin" / "kapitan"), "compile", "-p", "2", "--quiet")
    return (*command, "--inventory-path", str(folder / "inventory"), "-J", str(folder), "--output-path", OUT)


def templer(place: Path, folder: Path, work: Work) -> tuple[str, ...]:
    """docker-compose-templer: only the Compose files, as it writes nothing but YAML."""
    files = {
        "each.yaml": notation.jinja(work.templates["HOST/compose.yaml"]),
        "first.yaml": notation.jinja(work.templates[f"{host(1)}/compose.yaml"]),
    }
    definitions = [
        {
            "src": str(folder / ("first.yaml" if one["number"] == 1 else "each.yaml")),
            "dest": "{out}" + f"/{one['name']}/compose.yaml",
            "vars": {"host": one, "instances": work.size.instances, "settings": SETTINGS},
        }
        for one in work.hosts
    ]
    files["definition.json"] = json.dumps({"templates": definitions})
    _write(folder, files)
    return (_python(place), str(PROGRAMS / "templer.py"), str(folder / "definition.json"), OUT)


PEERS = (
    Peer(name="script", prepare=script, note="PyYAML + jsonschema + Jinja2, by hand: bench/programs/script.py"),
    Peer(name="rjsonnet", prepare=_jsonnet("rjsonnet"), note="hosts spelled out, nothing checked"),
    Peer(name="gojsonnet", prepare=_jsonnet("gojsonnet"), note="hosts spelled out, nothing checked"),
    Peer(name="helm", prepare=helm, note="hosts spelled out; one file per template, each text in a ConfigMap"),
    Peer(name="kapitan", prepare=kapitan, note="hosts spelled out, a target per host, -p 2"),
    Peer(name="docker-compose-templer", prepare=templer, note="the Compose files alone"),
)
