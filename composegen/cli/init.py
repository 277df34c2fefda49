"""`composegen init`: a first topology to start from."""

from __future__ import annotations

import shlex
from pathlib import Path, PurePosixPath

import click

from composegen.artifacts import Entry
from composegen.changes import compare
from composegen.cli import options, streams
from composegen.errors import ComposegenError
from composegen.io import disk, resources

SCHEMA = "topology.schema.json"
MODELINES = f"# yaml-language-server: $schema=./{SCHEMA}\n# $schema: ./{SCHEMA}\n"
"""What editors look for: the first line VS Code, Neovim and Helix, the second JetBrains."""


@click.command("init", short_help="Write a commented topology to start from.")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--sample", default="minimal", show_default=True, metavar="NAME", help="Start from this shipped sample.")
@options.colour
def command(folder: str, sample: str) -> None:
    """Write a commented topology.yaml into DIR (default: here), and the schema that editors complete it by.

    Nothing that exists is overwritten.
    """
    root = Path(folder)
    planned = {PurePosixPath(path): Entry(data=data) for path, data in sorted(_files(sample).items())}
    present = disk.read(root, planned)
    if present:
        raise ComposegenError(f"{root / next(iter(present))} exists already; nothing was written")
    disk.apply(root, compare(planned, {}, {}))
    for path in planned:
        streams.say(f"  + {root / path}")
    topology = root / "topology.yaml"
    streams.say(f"Next: composegen render {shlex.quote(str(topology)) if root != Path() else ''}".rstrip())


def _files(sample: str) -> dict[str, bytes]:
    """What a new folder holds: the sample's input, its schema named at the top."""
    files = dict(resources.sample(sample))
    text = files["topology.yaml"].decode()
    lines = [line for line in text.splitlines(keepends=True) if "$schema" not in line]
    files["topology.yaml"] = (MODELINES + "".join(lines)).encode()
    files[SCHEMA] = resources.schema_text().encode()
    return files
