"""`composegen doctor`: what is installed on this machine, in which versions, and what follows."""

from __future__ import annotations

import json
import os
import platform
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from composegen import __version__
from composegen.cli import options, streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from composegen.diagnosis import Line

VERSION = 1
WIDTH = 100


@click.command("doctor")
@options.topology
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the outcome is printed.",
)
@options.env_file
@options.colour
def command(topology: str | None, format: str, env_file: tuple[str, ...]) -> None:  # noqa: A002 - the option's name
    """Look at what this machine has: Python, Docker, its Engine and Compose, git, shellcheck, Traefik.

    With TOPOLOGY (default: topology.yaml, if it is there) also say whether the versions that it states fit. composegen
    itself needs none of these programs, so nothing that is missing makes this fail.
    """
    from composegen import diagnosis
    from composegen.io import programs

    here = diagnosis.diagnose(programs.ask(diagnosis.QUESTIONS), programs.engine())
    lines = (*_self(), *_settings(), *here)
    stated = tuple(_stated(topology, env_file, here))
    if format == "json":
        streams.result(_json(lines, stated))
    else:
        streams.result(_text(lines, stated))


def _self() -> Iterator[Line]:
    """What runs this: composegen and its Python."""
    from composegen.diagnosis import Line, State

    folder = str(Path(__file__).resolve().parent.parent)
    yield Line(subject="composegen", state=State.OK, version=__version__, follows=folder)
    yield Line(subject="python", state=State.OK, version=platform.python_version(), follows=sys.executable)


def _settings() -> Iterator[Line]:
    """Each variable that sets something, and each that looks as if it did."""
    from composegen.diagnosis import Line, State

    known = _variables()
    for name in sorted(name for name in os.environ if name.startswith("COMPOSEGEN_")):
        if name in known:
            yield Line(subject=name, state=State.OK, follows=f"sets {known[name]} to {os.environ[name]!r}")
        else:
            yield Line(subject=name, state=State.PROBLEM, follows="nothing reads a variable of that name")


def _variables() -> dict[str, str]:
    """The variables that are read, and what each sets."""
    from composegen.cli import group

    found = {"COMPOSEGEN_COLOR": "--color", "COMPOSEGEN_CACHE_DIR": "the cache folder"}
    context = click.Context(group, info_name="composegen", **group.context_settings)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        for parameter in command.params if command is not None else ():
            if isinstance(parameter, click.Option):
                variable = f"COMPOSEGEN_{name}_{parameter.name}".upper()
                found[variable] = f"--{parameter.name} of {name}".replace("_", "-")
    return found


def _stated(topology: str | None, env_file: tuple[str, ...], here: tuple[Line, ...]) -> Iterator[Line]:
    """What the topology takes the machines for; it may have errors, as long as it can be understood."""
    from composegen import diagnosis, pipeline
    from composegen.cli.request import Request
    from composegen.diagnosis import Line, State
    from composegen.io.source import DEFAULT, open_topology

    if topology is None and not Path(DEFAULT).exists():
        return
    opened = open_topology(topology, env_file)
    compiled = pipeline.compile(opened.source, opened.world)
    if compiled.topology is None:
        follows = f"has errors; see them: {Request(topology, env_file=env_file).line('validate')}"
        yield Line(subject=opened.source.name, state=State.PROBLEM, follows=follows)
        return
    yield from diagnosis.compare(compiled.topology, here)


def _text(lines: tuple[Line, ...], stated: tuple[Line, ...]) -> str:
    """Three columns, and what follows wrapped beside them; the topology's lines below."""
    first = max(len(line.subject) for line in (*lines, *stated))
    second = max(len(_second(line)) for line in (*lines, *stated))
    blocks = ["".join(_row(line, first, second) for line in block) for block in (lines, stated) if block]
    return "\n".join(blocks)


def _row(line: Line, first: int, second: int) -> str:
    """One line, wrapped."""
    from composegen.diagnosis import State
    from composegen.report.excerpt import visible
    from composegen.report.text import Paint, Style

    styles = {State.PROBLEM: Style.ERROR, State.MISSING: Style.WARNING}
    paint = Paint(colour=streams.colour(sys.stdout))
    indent = " " * (first + second + 6)
    wrapped = textwrap.wrap(visible(line.follows), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    shown = _second(line).ljust(second)
    style = styles.get(line.state)
    middle = paint(style, shown) if style else shown
    return f"  {visible(line.subject).ljust(first)}  {middle}  {f'{chr(10)}{indent}'.join(wrapped)}".rstrip() + "\n"


def _second(line: Line) -> str:
    """Version and state: a version that is all right needs no word."""
    from composegen.diagnosis import State

    if line.state is State.OK:
        return line.version or "ok"
    return f"{line.version} {line.state.value}".strip()


def _json(lines: tuple[Line, ...], stated: tuple[Line, ...]) -> str:
    """The same for programs; described by `schemas/doctor.schema.json`."""
    document = {
        "version": VERSION,
        "tool": {"name": "composegen", "version": __version__},
        "machine": [_object(line) for line in lines],
        "topology": [_object(line) for line in stated],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _object(line: Line) -> dict[str, str]:
    return {
        "subject": line.subject,
        "state": line.state.value,
        "version": line.version,
        "follows": line.follows,
    }
