"""`composegen init`: a first topology to start from, a sample or what runs already."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import click

from composegen.artifacts import Entry
from composegen.changes import compare
from composegen.cli import candidates, options, streams
from composegen.errors import ComposegenError
from composegen.io import disk, resources
from composegen.io.exclusive import exclusive

SCHEMA = "topology.schema.json"
TOPOLOGY = "topology.yaml"
MODELINES = f"# yaml-language-server: $schema=./{SCHEMA}\n# $schema: ./{SCHEMA}\n"
"""What editors look for: the first line VS Code, Neovim and Helix, the second JetBrains."""


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option(
    "--sample",
    metavar="NAME",
    shell_complete=candidates.samples,
    help="Start from this shipped sample.  [default: minimal]",
)
@click.option(
    "--from",
    "imports",
    envvar="COMPOSEGEN_INIT_FROM",
    multiple=True,
    metavar="[HOST=]FILE",
    shell_complete=candidates.files,
    help="Start from what runs: a Compose file of one host, or a dynamic file of Traefik. Repeat it for further hosts; "
    "files with the same HOST are merged as by `docker compose -f`. HOST may be NAME@ADDRESS.",
)
@click.option("--profile", multiple=True, metavar="NAME", help="With --from: a profile that is in use.")
@options.colour
def command(folder: str, sample: str | None, imports: tuple[str, ...], profile: tuple[str, ...]) -> None:
    """Write a commented topology.yaml into DIR (default: here), and the schema that editors complete it by.

    Nothing that exists is overwritten; files that are there already with the same content are left alone. With --from
    the report of the import goes to standard output.
    """
    if imports and sample is not None:
        raise click.UsageError("--sample and --from exclude each other: start from a sample or from what runs")
    if profile and not imports:
        raise click.UsageError("--profile goes with --from: it says which services of a Compose file are in use")
    root = Path(folder)
    if imports:
        from composegen.cli import importing

        _refuse_existing(root)
        converted = importing.converted(imports, profile)
        _write(root, _with_schema({TOPOLOGY: converted.text.encode()}))
        streams.result(importing.report(converted))
        streams.say(importing.ending(converted))
    else:
        _write(root, _with_schema(resources.sample(sample or "minimal")))
    topology = root / TOPOLOGY
    streams.say(f"Next: composegen render {shlex.quote(str(topology)) if root != Path() else ''}".rstrip())


def _refuse_existing(root: Path) -> None:
    """Raise ComposegenError before any work is done for a folder that has a topology."""
    if (root / TOPOLOGY).exists():
        raise ComposegenError(
            f"{root / TOPOLOGY} exists already; nothing was written; name another folder for the import"
        )


def _write(root: Path, files: Mapping[str, bytes]) -> None:
    """Write what is missing, or nothing where another file is in the way."""
    planned = {PurePosixPath(path): Entry(data=data) for path, data in sorted(files.items())}
    with exclusive(root):
        present = disk.read(root, planned)
        other = [path for path, entry in present.items() if entry.data != planned[path].data]
        if other:
            raise ComposegenError(f"{root / other[0]} exists already, and is another one; nothing was written")
        missing = {path: entry for path, entry in planned.items() if path not in present}
        disk.apply(root, compare(missing, {}, {}))
    for path in planned:
        streams.say(f"  {'+' if path in missing else ' '} {root / path}")


def _with_schema(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What a new folder holds: the input, its schema named at the top."""
    text = files[TOPOLOGY].decode()
    lines = [line for line in text.splitlines(keepends=True) if "$schema" not in line]
    return {**files, TOPOLOGY: (MODELINES + "".join(lines)).encode(), SCHEMA: resources.schema_text().encode()}
