"""`composegen diff`: what rolling out would do, per host and service, with effect and cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from composegen.cli import candidates, options, streams, views
from composegen.cli.progress import Bar
from composegen.cli.request import Request
from composegen.errors import ComposegenError, ExitCode

if TYPE_CHECKING:
    from composegen.cli.difference import Difference
    from composegen.report.review import About

CHANGED = 2
"""What `--detailed-exitcode` ends with when something changes."""

BUDGET = 60_000
"""Bytes of Markdown; GitHub takes 65,536 characters, and the rest is for who puts it there."""

LEAST = 1_000
"""Bytes below which not even the counts would fit."""


class Asked(Struct, frozen=True, kw_only=True):
    """The options, as they stand on the command line."""

    topology: str | None
    output: str | None
    against: str | None
    format: str
    host: str | None
    env_file: tuple[str, ...]
    templates: str | None
    out: str | None
    context: int
    budget: int
    patch: bool
    summary: bool
    exit_code: bool
    detailed_exitcode: bool
    strict: bool

    @property
    def wish(self) -> views.Wish:
        """What is asked of a view."""
        return views.Wish(summary=self.summary, context=self.context, budget=self.budget)

    def render(self, *, force: bool) -> str:
        """The command that makes the change."""
        request = Request(self.topology, self.output, self.env_file, self.templates)
        return request.render(*(["--plan", self.out] if self.out else []), *(["--force"] if force else []))


class _Command(click.Command):
    """Ends with 1 instead of 2 when the command line is wrong, where 2 is to mean that something changes."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Click's, but for the exit code of a wrong command line."""
        detailed = "--detailed-exitcode" in args
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            if not detailed:
                raise
            error.show()
            raise click.exceptions.Exit(ExitCode.FINDINGS) from error


@click.command("diff", cls=_Command)
@options.topology
@options.output
@options.against
@click.option(
    "--format",
    type=click.Choice(tuple(views.VIEWS)),
    default="text",
    show_default=True,
    help="How the plan is printed: for people, for programs, or for a pull request.",
)
@click.option("--patch", is_flag=True, help="Print a unified diff of the files instead, for `git apply`.")
@click.option("--summary", is_flag=True, help="Print only what must not be missed, and the counts.")
@click.option("--host", metavar="NAME", shell_complete=candidates.hosts, help="Only what concerns this host.")
@click.option(
    "--out", metavar="FILE", type=click.Path(dir_okay=False), help="Save the plan, for `composegen render --plan FILE`."
)
@click.option(
    "--context", metavar="N", type=click.IntRange(0), default=3, show_default=True, help="Lines around a --patch."
)
@click.option(
    "--budget",
    metavar="BYTES",
    type=click.IntRange(LEAST),
    default=BUDGET,
    show_default=True,
    help="How long --format markdown may become; what does not fit is left out, and that is said.",
)
@click.option("--exit-code", is_flag=True, help="Exit 1 when something changes.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 0 when nothing changes, 2 when something does, 1 on errors."
)
@options.strict
@options.env_file
@options.templates
@options.colour
def command(**given: Any) -> None:
    """Say what rolling out TOPOLOGY would do: per host and service the effect, what differs, and which line caused it.

    What render would write is compared with what is in the output folder. No file of it is written, and no Docker is
    asked.
    """
    asked = Asked(**given)
    try:
        code = _diff(asked)
    except (ComposegenError, OSError) as error:
        if not asked.detailed_exitcode:
            raise
        streams.say(f"composegen: {error}")
        code = ExitCode.FINDINGS
    click.get_current_context().exit(code)


def _diff(asked: Asked) -> int:
    """Compare and print; the exit code."""
    if asked.out is not None and (asked.host or asked.against):
        raise ComposegenError(
            "--out saves a plan of the whole output folder: it goes with neither --host nor --against"
        )
    if asked.out == "-":
        raise ComposegenError("--out - is no file, and a plan is applied from one; programs read --format json")
    found = _compare(asked)
    if found is None:
        return ExitCode.FINDINGS
    about = _about(asked, found)
    if asked.out is not None:
        views.save(found, about, asked.out)
    if asked.patch:
        views.print_patch(found, asked.wish, whole=asked.host is None)
    else:
        streams.result(views.VIEWS[asked.format](found, about, asked.wish))
    if not found.changes.effective:
        return ExitCode.DONE
    if asked.detailed_exitcode:
        return CHANGED
    return ExitCode.FINDINGS if asked.exit_code else ExitCode.DONE


def _compare(asked: Asked) -> Difference | None:
    """Both sides; None when findings of the topology forbid to go on. All findings are printed."""
    from composegen import pipeline
    from composegen.cli.difference import difference
    from composegen.io.source import open_topology

    opened = open_topology(asked.topology, asked.env_file, asked.templates)
    with Bar() as bar:
        compiled = pipeline.compile(opened.source, opened.world, bar.steps("rendering"))
    if compiled.findings:
        from composegen.cli import reporting  # most runs find nothing

        if reporting.tell(opened, compiled, "nothing was compared", strict=asked.strict).blocks:
            return None
    found = difference(opened, compiled, asked.output, asked.against)
    return found if asked.host is None or found is None else found.of_host(asked.host)


def _about(asked: Asked, found: Difference) -> About:
    """What was compared, in words."""
    from composegen.report.review import About

    assert found.compiled.document is not None  # for the type checker: what has a tree was read
    return About(
        name=found.opened.source.name,
        after=found.before.name,
        locate=found.compiled.document.locate,
        next="" if asked.against and found.is_rendered() else asked.render(force=bool(found.changes.conflicts)),
        before_name=found.before.topology,
        locate_before=found.before.locate,
    )
