"""What is timed: limits, composegen and peers, in groups whose members are run in turn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import pattern, peers
from bench.measure import OUT, Case, environment
from bench.workload import HUGE, LARGE, Size, topology

BIN = Path(sys.executable).parent
PYTHON = str(BIN / "python")
COMPOSEGEN = str(BIN / "composegen")
ERRORS = 100
IMPORT_CLICK = "python -c 'import click'"
IMPORT_ALL = "python -c 'import click, jinja2, ruamel.yaml'"


@dataclass(kw_only=True)
class Workshop:
    """Where everything that is measured is made ready; `templates` are read once per number of instances."""

    folder: Path
    with_peers: bool
    absent: dict[str, str] = field(default_factory=dict)
    """Peers that cannot be had here, with the reason."""
    _templates: dict[int, peers.Templates] = field(default_factory=dict)

    def render(self, size: Size, name: str, **changes: object) -> tuple[Path, Path]:
        """A topology and its finished tree."""
        file = self.topology(size, name, **changes)
        tree = self.folder / f"{name}-tree"
        if not tree.exists():
            run(COMPOSEGEN, "render", str(file), "-o", str(tree))
        return file, tree

    def topology(self, size: Size, name: str, **changes: object) -> Path:
        """A topology in a file."""
        file = self.folder / f"{name}.yaml"
        file.write_text(topology(size, **changes), encoding="utf-8")  # type: ignore[arg-type] # passed on as they are
        return file

    def templates(self, instances: int) -> peers.Templates:
        """What peers get as templates, for so many instances per host."""
        if instances not in self._templates:
            name = f"pattern-{instances}"
            _, tree = self.render(Size(name=name, hosts=pattern.HOSTS, instances=instances), name)
            self._templates[instances] = pattern.read(tree, instances)
        return self._templates[instances]


def run(*command: str) -> str:
    """Run a program that must succeed, and return what it printed."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if ended.returncode:
        raise SystemExit(f"bench: {' '.join(command)} ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
    return ended.stdout


def start() -> Iterator[Case]:
    """How long it takes until anything happens."""
    for name, command in {
        "python -c pass": (PYTHON, "-c", "pass"),
        IMPORT_CLICK: (PYTHON, "-c", "import click"),
        "composegen --version": (COMPOSEGEN, "--version"),
        "composegen --help": (COMPOSEGEN, "--help"),
    }.items():
        yield Case(group="start", name=name, commands=(command,))


def of_size(size: Size, shop: Workshop) -> Iterator[Case]:
    """Everything that is timed at one size."""
    file, tree = shop.render(size, size.name)
    yield Case(group=size.name, name="cp -r", commands=(("cp", "-r", str(tree), OUT),), note="of the finished tree")
    yield Case(group=size.name, name=IMPORT_CLICK, commands=((PYTHON, "-c", "import click"),))
    yield Case(group=size.name, name=IMPORT_ALL, commands=((PYTHON, "-c", "import click, jinja2, ruamel.yaml"),))
    render = (COMPOSEGEN, "render", str(file), "-o")
    yield Case(group=size.name, name="composegen render", commands=((*render, OUT),), note="to a new folder")
    if size is HUGE:
        return
    yield Case(group=size.name, name="composegen render, nothing changed", commands=((*render, str(tree)),))
    if size is LARGE:
        yield from _of_large(shop)
    if shop.with_peers:
        yield from _peers(size, shop, file)


def _of_large(shop: Workshop) -> Iterator[Case]:
    wrong = shop.topology(LARGE, "wrong", mistakes=ERRORS)
    yield Case(
        group="large",
        name=f"composegen validate, {ERRORS} errors",
        commands=((COMPOSEGEN, "validate", str(wrong)),),
        exit_code=1,
        note="all printed",
    )
    one, tree = shop.render(LARGE, "one-line")
    other = shop.topology(LARGE, "one-line-changed", changed=True)
    yield Case(
        group="large",
        name="composegen render, one line changed",
        commands=tuple((COMPOSEGEN, "render", str(file), "-o", str(tree)) for file in (other, one)),
        note="an instance less, and more again",
    )
    if "diff" in commands():
        old = shop.render(LARGE, "diff")[1]
        command = (COMPOSEGEN, "diff", str(other), "-o", str(old))
        code = subprocess.run(command, capture_output=True, check=False, env=environment()).returncode
        yield Case(group="large", name="composegen diff, one line changed", commands=(command,), exit_code=code)


def commands() -> Sequence[str]:
    """The commands that this composegen has."""
    listed = run(COMPOSEGEN, "--help").partition("Commands:\n")[2]
    return [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2:3].isalpha()]


def _peers(size: Size, shop: Workshop, file: Path) -> Iterator[Case]:
    work = peers.Work(size=size, topology=file, templates=shop.templates(size.instances))
    for peer in peers.PEERS:
        if peer.name in shop.absent:
            continue
        try:
            place = peers.install(peer)
        except peers.MissingPeerError as reason:
            shop.absent[peer.name] = str(reason)
            continue
        folder = shop.folder / f"{size.name}-{peer.name}"
        command = peer.prepare(place, folder, work)
        yield Case(group=size.name, name=peer.name, commands=(command,), note=peer.note)
