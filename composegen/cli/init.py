"""`composegen init`: a first topology to start from."""

from __future__ import annotations

import shlex
from pathlib import Path, PurePosixPath

import click

from composegen.artifacts import Entry
from composegen.changes import compare
from composegen.cli import candidates, options, streams
from composegen.errors import ComposegenError
from composegen.io import disk, resources
from composegen.io.exclusive import exclusive

SCHEMA = "topology.schema.json"
MODELINES = f"# yaml-language-server: $schema=./{SCHEMA}\n# $schema: ./{SCHEMA}\n"
"""What editors look for: the first line VS Code, Neovim and Helix, the second JetBrains."""


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option(
    "--sample",
    default="minimal",
    show_default=True,
    metavar="NAME",
    shell_complete=candidates.samples,
    help="Start from this shipped sample.",
)
@options.colour
def command(folder: str, sample: str) -> None:
    """Write a commented topology.yaml into DIR (default: here), and the schema that editors complete it by.

    Nothing that exists is overwritten; files that are there already with the same content are left alone.
    """
    root = Path(folder)
    planned = {PurePosixPath(path): Entry(data=data) for path, data in sorted(_files(sample).items())}
    with exclusive(root):
        present = disk.read(root, planned)
        other = [path for path, entry in present.items() if entry.data != planned[path].data]
        if other:
            raise ComposegenError(f"{root / other[0]} exists already, and is another one; nothing was written")
        missing = {path: entry for path, entry in planned.items() if path not in present}
        disk.apply(root, compare(missing, {}, {}))
    for path in planned:
        streams.say(f"  {'+' if path in missing else ' '} {root / path}")
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
