"""The hand-written generator: what a good engineer has after an afternoon, in PyYAML, jsonschema and Jinja.

It reads the same topology as composegen, checks its shape, works out hosts and ports, and writes the same files. It has
no rules about what goes together, no positions in its messages, no lock file, and it replaces whatever is there.

usage: script.py TOPOLOGY TEMPLATES OUTPUT
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import yaml

NAME = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"}
PLACEMENT = {
    "type": "object",
    "properties": {
        "instances": {"type": "integer", "minimum": 1},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "weight": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}
SERVICE = {
    "type": "object",
    "properties": {
        "image": {"type": "string"},
        "store": {"type": "string"},
        "memory": {"type": "string"},
        "environment": {"type": "object"},
        "models": {"type": "array", "items": {"type": "string"}},
        "init": {"type": "object"},
        "hosts": {"type": "object", "propertyNames": NAME, "additionalProperties": PLACEMENT},
    },
    "required": ["image", "hosts"],
    "additionalProperties": False,
}
HOST = {
    "type": "object",
    "properties": {"address": {"type": "string"}, "ssh": {"type": "string"}},
    "required": ["address"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "hosts": {"type": "object", "propertyNames": NAME, "additionalProperties": HOST},
        "stores": {"type": "object"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "gateway": {"type": "object"},
    },
    "required": ["name", "hosts", "services"],
    "additionalProperties": False,
}


def main(topology: str, templates: str, output: str) -> int:
    """Write all files; 1 when the topology is not right."""
    with Path(topology).open(encoding="utf-8") as stream:
        data = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    errors = list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(data))
    for error in errors:
        print(f"{error.json_path}: {error.message}", file=sys.stderr)
    if errors:
        return 1
    placements = data["services"]["ollama"]["hosts"]
    missing = [name for name in placements if name not in data["hosts"]]
    if missing:
        print(f"unknown hosts: {', '.join(missing)}", file=sys.stderr)
        return 1
    write(data, Path(templates), Path(output))
    return 0


def write(data: dict[str, Any], templates: Path, output: Path) -> None:
    """Render the templates: those below HOST once for each host but the first."""
    hosts = [
        {"name": name, "address": data["hosts"][name]["address"], "number": number}
        for number, name in enumerate(data["services"]["ollama"]["hosts"], start=1)
    ]
    instances = next(iter(data["services"]["ollama"]["hosts"].values()))["instances"]
    service = data["services"]["ollama"]
    settings = {
        "image": service["image"],
        "memory": service["memory"],
        "keep_alive": service["environment"]["OLLAMA_KEEP_ALIVE"],
        "path": data["stores"][service["store"]]["path"],
    }
    environment = jinja2.Environment(  # noqa: S701 - no HTML is made here
        loader=jinja2.FileSystemLoader(templates), keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    if output.exists():
        shutil.rmtree(output)
    for name in environment.list_templates():
        template = environment.get_template(name)
        for host in hosts[1:] if name.startswith("HOST/") else [None]:
            path = output / (name.replace("HOST", host["name"], 1) if host else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = template.render(host=host, hosts=hosts, instances=instances, settings=settings)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755 if path.suffix == ".sh" else 0o644)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
