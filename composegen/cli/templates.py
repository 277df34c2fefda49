"""`composegen templates`: the shipped templates, and those of the user's that take their place."""

from __future__ import annotations

import difflib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from composegen.cli import options, streams
from composegen.errors import ComposegenError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from composegen.owntemplates import OwnTemplates

FOLDER = "templates"
"""Where an ejected template goes unless another folder is named."""


def _names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """The shipped templates, for a shell."""
    from composegen.io import resources

    return [CompletionItem(name) for name in resources.templates() if name.startswith(incomplete)]


@click.group("templates")
@options.colour
def command() -> None:
    """List, print and copy the templates from which files are made, and compare your own with them.

    A template of yours takes the place of the shipped one of the same path: in the folder that `templates:` of the
    topology names, or --templates. docs/templates.md says what templates are given.
    """


@command.command("list")
@options.topology
@options.templates
@options.colour
def list_(topology: str | None, templates: str | None) -> None:
    """List the shipped templates, and which of them have one of yours in their place.

    Yours are those of --templates, else of TOPOLOGY (default: topology.yaml, if it is there).
    """
    from composegen import owntemplates
    from composegen.io import resources

    shipped, own = resources.templates(), _own(topology, templates)
    texts = own.texts if own else {}
    width = max(map(len, (*shipped, *texts)))
    for name in sorted({*shipped, *texts}):
        state = _state(name, texts, shipped)
        streams.result(f"{name.ljust(width)}  {state}".rstrip() + "\n")
    replaced = len(texts.keys() & shipped.keys())
    streams.say(f"\nOf {len(shipped)} shipped templates {replaced} have one of yours in their place.")
    if not texts:
        streams.say("Next: composegen templates eject NAME, and `templates: templates` in the topology")
    elif any(owntemplates.has_moved(texts[name], shipped[name]) for name in texts.keys() & shipped.keys()):
        streams.say("Next: composegen templates diff")


@command.command("show")
@click.argument("name", shell_complete=_names)
@options.colour
def show(name: str) -> None:
    """Print the shipped template NAME."""
    streams.result(_shipped(name))


@command.command("eject")
@click.argument("name", shell_complete=_names)
@click.option("--to", metavar="DIR", default=FOLDER, show_default=True, help="Folder for templates of yours.")
@options.colour
def eject(name: str, to: str) -> None:
    """Copy the shipped template NAME to change it. Nothing that exists is overwritten.

    The copy remembers in its first line what it was taken from, so that `templates diff` can tell when the shipped one
    moves on.
    """
    from composegen import owntemplates

    text = owntemplates.ejected(name, _shipped(name))
    path = Path(to) / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise ComposegenError(f"{path} exists already; nothing was written") from error
    except OSError as error:
        raise ComposegenError(f"cannot write {path}: {error.strerror or error}") from error
    streams.say(f"{path}: written. It is used {_where_used(to)}.")


def _where_used(to: str) -> str:
    """How templates in that folder are chosen: a topology can only name a folder below its own."""
    option = f"with --templates {shlex.quote(to)}"
    outside = Path(to).is_absolute() or ".." in Path(to).parts
    return option if outside else f"where the topology says `templates: {to}`, or {option}"


@command.command("diff")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=_names)
@click.option("--topology", metavar="FILE", help="Topology whose `templates:` is meant. Default: topology.yaml.")
@options.templates
@click.option("--exit-code", is_flag=True, help="Exit 1 when a shipped template is not as it was when it was copied.")
@options.colour
def diff(name: str | None, topology: str | None, templates: str | None, *, exit_code: bool) -> None:
    """Show how your templates (or NAME alone) differ from the shipped ones, and which of these moved since."""
    from composegen import owntemplates
    from composegen.io import resources

    own, shipped = _own(topology, templates), resources.templates()
    if own is None:
        raise ComposegenError("there are no templates of yours: name their folder with --templates DIR")
    if name is not None and name not in own.texts:
        raise ComposegenError(f"there is no `{name}` in {own.folder}{_near(name, own.texts)}")
    moved = False
    for one in [name] if name is not None else own.texts:
        streams.result("".join(_compared(own, one, shipped.get(one))))
        moved = moved or (one in shipped and owntemplates.has_moved(own.texts[one], shipped[one]))
    if moved and exit_code:
        options.end(ExitCode.FINDINGS)


def _state(name: str, own: Mapping[str, str], shipped: Mapping[str, str]) -> str:
    from composegen import owntemplates

    if name not in own:
        return ""
    if name not in shipped:
        return "yours alone"
    if owntemplates.body(own[name]) == shipped[name]:
        return "yours, as shipped"
    return "yours; the shipped one has moved since" if owntemplates.has_moved(own[name], shipped[name]) else "yours"


def _compared(own: OwnTemplates, name: str, shipped: str | None) -> Iterator[str]:
    """What there is to say of one template."""
    from composegen import owntemplates

    text = own.texts[name]
    if shipped is None:
        yield f"{own.file(name)}: yours alone; no shipped template has this path.\n"
        return
    taken = owntemplates.stamp(text)
    if taken is None and owntemplates.takes_along(name, text):
        yield f"{own.file(name)}: takes the shipped one along, as it is in each version; the rest is yours.\n"
        return
    if owntemplates.has_moved(text, shipped) and taken is not None:
        now = owntemplates.digest(shipped)
        yield f"{own.file(name)}: the shipped one has moved since you took it ({taken.digest} then, {now} now).\n"
    elif taken is None:
        yield f"{own.file(name)}: no first line says what it was taken from, so nobody knows whether that has moved.\n"
    if taken is not None and taken.context != owntemplates.CONTEXT:
        yield f"{own.file(name)}: templates are given other things now (version {owntemplates.CONTEXT}).\n"
    lines = difflib.unified_diff(
        shipped.splitlines(keepends=True),
        owntemplates.body(text).splitlines(keepends=True),
        f"shipped/{name}",
        own.file(name),
    )
    changes = [line if line.endswith("\n") else f"{line}\n" for line in lines]
    yield from changes or [f"{own.file(name)}: as shipped.\n"]


def _own(topology: str | None, templates: str | None) -> OwnTemplates | None:
    """The templates of the user's; None when there are none. Raises ComposegenError when these cannot be read."""
    from composegen import document, owntemplates
    from composegen.io.source import DEFAULT, open_topology
    from composegen.io.templates import named

    if templates is not None:
        return named(templates)
    if topology is None and not Path(DEFAULT).is_file():
        return None
    opened = open_topology(topology)
    parsed, _ = document.parse(opened.source.name, opened.source.data)
    stated = parsed.data.get("templates") if parsed is not None and isinstance(parsed.data, dict) else None
    if stated is None:
        return None
    files = opened.world.folder(stated) if isinstance(stated, str) else None
    if files is None:
        raise ComposegenError(f"{opened.source.name}: `templates: {stated}` is no folder beside it")
    return owntemplates.OwnTemplates(folder=str(opened.folder / stated), files=files)


def _shipped(name: str) -> str:
    """The text of a shipped template. Raises ComposegenError when there is none of that name."""
    from composegen.io import resources

    known = resources.templates()
    if name not in known:
        raise ComposegenError(f"there is no template {name!r}{_near(name, known)}; see: composegen templates list")
    return known[name]


def _near(name: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
